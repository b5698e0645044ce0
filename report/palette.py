"""Colours by meaning, light and dark. One hue per cause of cost, shades per cost line: blue is the grid everywhere.

Contrasts of the five main hues against the page are at least 3.0:1 (light) and 4.5:1 (dark); "unserved" is always
hatched as well, because its hue alone lies too near to others for some readers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Palette:
    """Colours as #RRGGBB. `sequential` runs from nothing to most; `sequential_ink` is a neutral scale for prices."""

    grid: str
    demand: str
    works: str
    pv: str
    pv_light: str
    battery: str
    battery_light: str
    fuel: str
    genset: str
    crew: str
    unserved: str
    unserved_light: str
    control: str
    text: str
    muted: str
    page: str
    fill: str
    border: str
    sequential: tuple[str, ...]
    sequential_ink: tuple[str, ...]

    @property
    def alternatives(self) -> dict[str, str]:
        """The colour an alternative as a whole is drawn in: its main source."""
        return {"diesel": self.fuel, "grid": self.grid, "grid_diesel": self.demand, "hybrid": self.battery}


LIGHT = Palette(
    grid="#1460BA",
    demand="#5B93DB",
    works="#A9C6EE",
    pv="#DC7A0A",
    pv_light="#F2BE82",
    battery="#039C86",
    battery_light="#8ED6C9",
    fuel="#45342B",
    genset="#8A6F60",
    crew="#C4B2A6",
    unserved="#B0265A",
    unserved_light="#D0709A",
    control="#6B7785",
    text="#101820",
    muted="#4A5866",
    page="#FFFFFF",
    fill="#F3F5F8",
    border="#D9E0E7",
    sequential=("#F2F7FD", "#CFE0F5", "#A9C6EE", "#7FADE3", "#4A86D0", "#1460BA", "#0B3E80"),
    sequential_ink=("#F3F5F8", "#C9D1D9", "#9AA5B1", "#6B7785", "#4A5866"),
)
DARK = Palette(
    grid="#5A93E6",
    demand="#8FB6F0",
    works="#C6DAF8",
    pv="#FBC96A",
    pv_light="#FDE3B0",
    battery="#58E0CB",
    battery_light="#A9F0E4",
    fuel="#A5735F",
    genset="#C39A89",
    crew="#E0CBC1",
    unserved="#F97195",
    unserved_light="#FDC2D1",
    control="#8C98A6",
    text="#E6EBF0",
    muted="#AEBAC6",
    page="#0F1620",
    fill="#1A2430",
    border="#2C3948",
    sequential=("#16202C", "#1D3A5F", "#2A5690", "#3F74BE", "#5A93E6", "#8FB6F0", "#D3E4FC"),
    sequential_ink=("#1A2430", "#2C3948", "#4A5866", "#8C98A6", "#C3CCD6"),
)


def palette(dark: bool) -> Palette:
    """The colours for a light or a dark page."""
    return DARK if dark else LIGHT


def ink_on(colour: str) -> str:
    """White or near-black, whichever stands out more on `colour` (WCAG relative luminance)."""
    luminance = _luminance(colour)
    return (
        "#FFFFFF" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / (_luminance(LIGHT.text) + 0.05) else LIGHT.text
    )


def faded(colour: str, opacity: float) -> str:
    """`colour` as rgba(), for areas behind a line."""
    red, green, blue = _channels(colour)
    return f"rgba({red},{green},{blue},{opacity:g})"


def scale(colours: tuple[str, ...]) -> list[list[float | str]]:
    """A plotly colour scale with even steps."""
    return [[k / (len(colours) - 1), colour] for k, colour in enumerate(colours)]


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
