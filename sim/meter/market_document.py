"""Market documents (IEC 62325, as ENTSO-E's platform answers) -> rows of stamps and figures.

ENTSO-E, Transparency Platform RESTful API user guide: a point stands at start + (position - 1) x resolution; where the
curve type is A03 a point that repeats the one before is left out.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from sim.meter.limits import MAX_ROWS

RESOLUTIONS = {"PT1M": 1, "PT5M": 5, "PT15M": 15, "PT30M": 30, "PT60M": 60, "PT1H": 60}
UNITS = {"MWH": "MWh", "KWH": "kWh", "MAW": "MW", "KWT": "kW"}
FIGURES = ("price.amount", "quantity")
# Which of several auctions of one day a series tells, such as that of quarter hours beside that of hours.
SEQUENCE = "classificationSequence_AttributeInstanceComponent.position"


def is_market_document(root: Element) -> bool:
    return _name(root).endswith("_MarketDocument")


def document_rows(root: Element) -> list[Sequence[object]] | None:
    """Rows below a heading that names UTC and the unit; None where the document holds no points."""
    found: list[tuple[str, str, float]] = []
    unit = ""
    for series in (element for element in root.iter() if _name(element) == "TimeSeries"):
        unit = unit or _unit(series)
        which = _text(series, SEQUENCE)
        for period in (element for element in series.iter() if _name(element) == "Period"):
            found += [(f"{at:%Y-%m-%d %H:%M}", which, value) for at, value in _points(period)]
            if len(found) > MAX_ROWS:
                break
    if not found:
        return None
    several = len({which for _, which, _ in found}) > 1
    head = ["Start (UTC)", f"Price ({unit})" if "/" in unit else f"Load ({unit})", *["Sequence"] * several]
    return [head, *([at, value, *[which] * several] for at, which, value in found[:MAX_ROWS])]


def _points(period: Element) -> Iterator[tuple[datetime, float]]:
    step = RESOLUTIONS.get(_text(period, "resolution"))
    begin, end = (_stamp(_text(period, name)) for name in ("start", "end"))
    if step is None or begin is None or end is None:
        return
    count = min(int((end - begin) / timedelta(minutes=step)), MAX_ROWS)
    told: dict[int, float] = {}
    for point in (element for element in period.iter() if _name(element) == "Point"):
        position, figure = _text(point, "position"), next(filter(None, (_text(point, name) for name in FIGURES)), "")
        if re.fullmatch(r"\d{1,7}", position) and re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", figure):
            told[int(position)] = float(figure)
    last = None
    for place in range(1, count + 1):
        last = told.get(place, last)
        if last is not None:
            yield begin + timedelta(minutes=step * (place - 1)), last


def _unit(series: Element) -> str:
    money, price = _text(series, "currency_Unit.name"), _text(series, "price_Measure_Unit.name")
    if price:
        return f"{money}/{UNITS.get(price, price)}"[:20]
    quantity = _text(series, "quantity_Measure_Unit.name")
    return UNITS.get(quantity, quantity)[:20]


def _stamp(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text[:20].replace("Z", "+00:00"))
    except ValueError:
        return None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _text(element: Element, name: str) -> str:
    return next(((one.text or "").strip() for one in element.iter() if _name(one) == name), "")


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
