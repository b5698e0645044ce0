"""The single-line diagram of the hybrid as SVG, drawn from the scenario: sources above, two buses, loads below.

What the scenario does not have is not drawn. The transfer switch and the UPS stand for the usual arrangement; they are
no inputs. Colours are those of every chart: blue grid, orange PV, green battery, brown diesel.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import ceil

from i18n import Words
from report.palette import Palette, palette
from report.text import say
from sim.inputs.scenario import Scenario
from sim.inputs.storage import Storage
from sim.plant.load import peak_kw

FONT = "Source Sans, Noto Sans SC, sans-serif"
WIDTH, HEIGHT, BUS_Y, LOAD_Y = 760, 400, 218, 268
MOST_CABINETS, MOST_SETS, MOST_HALLS, HALL_KW = 12, 6, 4, 4000.0
TEXT_PV, TEXT_BATTERY = "#9A5300", "#02705F"


@dataclass(frozen=True)
class Unit:
    """A number of equal parts: `count` of `kwh` each, whose product is the battery."""

    count: int
    kwh: float


@dataclass(frozen=True)
class Pen:
    """Colours and words of one drawing."""

    colours: Palette
    words: Words
    is_dark: bool

    def ink(self, name: str) -> str:
        """A colour for text: darker shades of PV and battery on white."""
        on_white = {"pv": TEXT_PV, "battery": TEXT_BATTERY}
        return on_white[name] if name in on_white and not self.is_dark else getattr(self.colours, name)

    def t(self, key: str, **values: object) -> str:
        return self.words.t(f"proposal.diagram.{key}", **values)


def cabinets(storage: Storage) -> Unit:
    """The equal containers or cabinets of a battery."""
    return Unit(storage.cabinets, storage.energy_kwh / storage.cabinets)


def sources(scenario: Scenario) -> tuple[str, ...]:
    """The hybrid's sources from left to right; those of size zero are left out."""
    has = {
        "grid": scenario.grid.greatest_kw > 0,
        "pv": scenario.pv.exists,
        "battery": scenario.storage.exists,
        "diesel": scenario.genset.last_resort_sets > 0,
    }
    return tuple(name for name, there in has.items() if there)


def single_line(scenario: Scenario, words: Words, dark: bool = False) -> str:
    """The diagram as SVG text, 760 x 400."""
    pen = Pen(palette(dark), words, dark)
    found = sources(scenario)
    places = _places(found)
    parts = [_buses(pen, places)]
    drawers = {"grid": _grid, "pv": _pv, "battery": _battery, "diesel": _diesel}
    parts += [drawers[name](pen, scenario, places[name]) for name in found]
    parts.append(_loads(pen, scenario))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
    return head + "".join(parts) + "</svg>"


def describe(scenario: Scenario, words: Words) -> str:
    """The diagram in words, for readers who do not see it."""
    pen = Pen(palette(False), words, False)
    texts = [" ".join(_label(pen, scenario, name)) for name in sources(scenario)]
    return pen.t("alt", list=say.enumerated(texts, words), load=say.power(peak_kw(scenario.load), words))


def _places(found: tuple[str, ...]) -> dict[str, float]:
    """Middle of each source; grid and PV hang on the site bus, battery and sets on the critical one."""
    at = {"grid": 95.0, "pv": 235.0, "battery": 430.0, "diesel": 640.0}
    if "pv" not in found:
        at["grid"] = 150.0
    if "diesel" not in found:
        at["battery"] = 530.0
    return {name: at[name] for name in found}


def _label(pen: Pen, scenario: Scenario, name: str) -> tuple[str, str]:
    """(title, line below it) of a source."""
    words = pen.words
    if name == "grid":
        voltage = scenario.tariff.voltage_kv
        below = words.number(voltage, "kV", 0 if voltage == round(voltage) else None) if voltage else ""
        return pen.t("grid", power=say.power(scenario.grid.greatest_kw, words)), below
    if name == "pv":
        size = scenario.pv.dc_kwp
        power = words.number(size / 1000, "MWp") if size >= 999.5 else words.number(size, "kWp")
        return pen.t("pv", power=power), pen.t("pv_area", area=words.number(scenario.pv.hectares, pen.t("hectare")))
    if name == "battery":
        unit = cabinets(scenario.storage)
        below = pen.t("cabinets", n=unit.count, energy=say.energy(unit.kwh, words))
        return pen.t("battery", energy=say.energy(scenario.storage.energy_kwh, words)), below
    genset = scenario.genset
    sets = pen.t("sets", n=genset.last_resort_sets, power=say.power(genset.set_kw, words))
    return sets, pen.t("last_resort")


def _title(pen: Pen, x: float, name: str, scenario: Scenario) -> str:
    colour = {"grid": "grid", "pv": "pv", "battery": "battery", "diesel": "fuel"}[name]
    first, second = _label(pen, scenario, name)
    return _text(x, 26, first, 15, pen.ink(colour), bold=True) + _text(x, 44, second, 11.5, pen.colours.muted)


def _grid(pen: Pen, scenario: Scenario, x: float) -> str:
    colour = pen.colours.grid
    kva = pen.words.number(scenario.grid.transformer_kva / 1000, "MVA")
    if scenario.grid.transformer_kva < 999.5:
        kva = pen.words.number(scenario.grid.transformer_kva, "kVA")
    parts = [_title(pen, x, "grid", scenario), _line(x, 56, x, 84, colour), _breaker(x, 70, colour, pen)]
    parts += [_circle(x, 95, 11, colour), _circle(x, 110, 11, colour)]
    parts.append(
        _text(x + 20, 107, kva, 11.5, pen.colours.muted, anchor="start") if scenario.grid.transformer_kva else ""
    )
    return "".join([*parts, _line(x, 121, x, BUS_Y, colour), _breaker(x, 180, colour, pen)])


def _pv(pen: Pen, scenario: Scenario, x: float) -> str:
    colour = pen.colours.pv
    parts = [_title(pen, x, "pv", scenario), _rect(x - 22, 58, 44, 24, colour, 2)]
    parts += [_line(x - 22 + 11 * k, 58, x - 22 + 11 * k, 82, colour, 1) for k in (1, 2, 3)]
    parts += [_line(x - 22, 70, x + 22, 70, colour, 1), _line(x, 82, x, 106, colour), _converter(x, 106, colour)]
    return "".join([*parts, _line(x, 130, x, BUS_Y, colour), _breaker(x, 180, colour, pen)])


def _battery(pen: Pen, scenario: Scenario, x: float) -> str:
    colour, unit = pen.colours.battery, cabinets(scenario.storage)
    shown = min(unit.count, MOST_CABINETS)
    width = min(26.0, 150.0 / shown)
    left = x - shown * width / 2
    parts = [_title(pen, x, "battery", scenario)]
    for k in range(shown):
        at = left + k * width
        parts += [
            _rect(at + 2, 58, width - 4, 26, colour, 1.5, rounded=2),
            _line(at + width / 2, 84, at + width / 2, 92, colour, 1),
        ]
        parts += [_line(at + 5, 58 + 7 * n, at + width - 5, 58 + 7 * n, colour, 1) for n in (1, 2, 3)]
    parts += [_line(left + width / 2, 92, left + (shown - 0.5) * width, 92, colour), _line(x, 92, x, 106, colour)]
    parts.append(_converter(x, 106, colour))
    text = pen.t("pcs", power=say.power(scenario.storage.power_kw, pen.words))
    parts.append(_text(x + 20, 122, text, 11.5, pen.colours.muted, anchor="start"))
    return "".join([*parts, _line(x, 130, x, BUS_Y, colour), _breaker(x, 180, colour, pen)])


def _diesel(pen: Pen, scenario: Scenario, x: float) -> str:
    colour, shown = pen.colours.fuel, min(scenario.genset.last_resort_sets, MOST_SETS)
    step = 32.0
    left = x - (shown - 1) * step / 2
    parts = [_title(pen, x, "diesel", scenario)]
    for k in range(shown):
        at = left + k * step
        parts += [_circle(at, 70, 12, colour), _text(at, 75, "G", 12, pen.ink("fuel"), bold=True)]
        parts += [_line(at, 82, at, 108, colour), _breaker(at, 94, colour, pen)]
    parts.append(_line(left - 8, 108, left + (shown - 1) * step + 8, 108, colour, 3))
    return "".join([*parts, _line(x, 108, x, BUS_Y, colour), _breaker(x, 180, colour, pen)])


def _buses(pen: Pen, places: dict[str, float]) -> str:
    """Site bus and critical bus with the transfer switch between; one bus where all sources are on one side."""
    ink, muted = pen.colours.text, pen.colours.muted
    parts = [_line(40, BUS_Y, 318, BUS_Y, ink, 4), _line(362, BUS_Y, 720, BUS_Y, ink, 4)]
    parts += [_line(318, BUS_Y, 362, BUS_Y, ink, 2), _box(pen, 340, BUS_Y, 44, 30, "STS", 12)]
    parts.append(_text(340, BUS_Y - 24, pen.t("transfer"), 11.5, muted))
    parts.append(
        _text(40, BUS_Y - 10, pen.t("site_bus"), 11.5, muted, anchor="start") if places.get("grid", 200) > 120 else ""
    )
    return "".join([*parts, _text(720, BUS_Y + 18, pen.t("critical_bus"), 11.5, muted, anchor="end")])


def _loads(pen: Pen, scenario: Scenario) -> str:
    """Cooling on the site bus, the load behind the UPS on the critical one."""
    ink, load = pen.colours.text, scenario.load
    by_gpus = load.size_by == "gpus" and load.kind not in ("meter", "flat")
    peak = peak_kw(load)
    cooling = peak * (1 - 1 / load.pue) if by_gpus else None
    value = say.power(cooling, pen.words) if cooling is not None else pen.t("in_peak")
    parts = [_line(150, BUS_Y, 150, LOAD_Y, ink), _breaker(150, 244, ink, pen)]
    parts += [
        _rect(85, LOAD_Y, 130, 44, ink, 1.5, rounded=4),
        _text(150, LOAD_Y + 19, pen.t("cooling"), 12.5, ink, bold=True),
    ]
    parts.append(_text(150, LOAD_Y + 35, value, 11.5, pen.colours.muted))
    x, it_kw = 540, peak - (cooling or 0.0)
    parts += [_line(x, BUS_Y, x, 262, ink), _breaker(x, 240, ink, pen), _box(pen, x, 273, 52, 22, "UPS", 12)]
    return "".join(
        [*parts, _line(x, 284, x, 298, ink), _halls(pen, x, it_kw, is_cluster=load.kind not in ("meter", "flat"))]
    )


def _halls(pen: Pen, x: float, it_kw: float, is_cluster: bool) -> str:
    ink, count = pen.colours.text, max(1, min(MOST_HALLS, ceil(it_kw / HALL_KW)))
    step, left = 78.0, x - (count - 1) * 39.0
    parts = [_line(left, 298, left + (count - 1) * step, 298, ink)] if count > 1 else []
    for k in range(count):
        at = left + k * step
        parts += [_line(at, 298, at, 308, ink), _rect(at - 34, 308, 68, 52, ink, 1.5, pen.colours.fill, 4)]
        parts += [_rect(at - 25 + 14 * n, 316, 8, 18, ink, 0, ink) for n in range(4)] if is_cluster else []
        parts.append(_text(at, 352 if is_cluster else 339, say.power(it_kw / count, pen.words), 12, ink, bold=True))
    text = pen.t("halls" if is_cluster else "load", power=say.power(it_kw, pen.words))
    return "".join([*parts, _text(x, 380, text, 12, pen.colours.muted)])


def _converter(x: float, y: float, colour: str) -> str:
    """A square with a diagonal: direct current above, alternating below."""
    marks = _line(x - 8, y + 7, x - 2, y + 7, colour, 1.5) + _line(x - 8, y + 10, x - 2, y + 10, colour, 1)
    wave = f'<path d="M{x + 1} {y + 18}q2.5 -5 4.5 0q2 5 4.5 0" fill="none" stroke="{colour}" stroke-width="1.3"/>'
    return _rect(x - 12, y, 24, 24, colour, 2) + _line(x - 12, y + 24, x + 12, y, colour, 1.2) + marks + wave


def _breaker(x: float, y: float, colour: str, pen: Pen) -> str:
    return _rect(x - 4.5, y - 4.5, 9, 9, colour, 1.6, pen.colours.page)


def _box(pen: Pen, x: float, y: float, width: float, height: float, label: str, size: float) -> str:
    box = _rect(x - width / 2, y - height / 2, width, height, pen.colours.text, 2, pen.colours.page, 4)
    return box + _text(x, y + size * 0.36, label, size, pen.colours.text, bold=True)


def _text(
    x: float, y: float, label: str, size: float, colour: str, *, bold: bool = False, anchor: str = "middle"
) -> str:
    weight = ' font-weight="700"' if bold else ""
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size:g}"'
    return f'<text {place} font-family="{FONT}" fill="{colour}"{weight}>{escape(label)}</text>'


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, width: float = 2) -> str:
    return f'<line x1="{x0:g}" y1="{y0:g}" x2="{x1:g}" y2="{y1:g}" stroke="{colour}" stroke-width="{width:g}"/>'


def _circle(x: float, y: float, radius: float, colour: str) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _rect(x, y, width, height, colour: str, stroke: float, fill: str = "none", rounded: float = 0) -> str:
    shape = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{rounded:g}"'
    return f'<rect {shape} fill="{fill}" stroke="{colour}" stroke-width="{stroke:g}"/>'
