"""How an input is declared: one line-pair gives type, default, limits, unit, help text, source and confidence."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from sim.inputs import library

POWER_MAX_KW = 2_000_000
MONEY_MAX = 1e13
Fraction = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=0, le=MONEY_MAX)]
Kw = Annotated[float, Field(ge=0, le=POWER_MAX_KW)]


def given(
    default: Any,
    label: str,
    unit: str,
    help_text: str,
    *,
    source: str = "",
    confidence: library.Confidence | None = None,
    low: float | None = None,
    high: float | None = None,
    **limits: Any,
) -> Any:
    """A field with its own default. `confidence` None means a choice of the user's, which needs no source."""
    extra = {"unit": unit, "source": source, "confidence": confidence, "low": low, "high": high}
    return Field(default, title=label, description=help_text, json_schema_extra=extra, **limits)


def sourced(
    path: str, label: str, unit: str, help_text: str, *, scale: float = 1.0, file: str = "equipment", **limits: Any
) -> Any:
    """A field whose default, range, source and confidence are those of a data record, times `scale` (unit change)."""
    found = library.record(file, path)
    return given(
        _scaled(found.value, scale),
        label,
        unit,
        f"{help_text} {found.note}".strip(),
        source=f"{found.source} ({found.as_of})",
        confidence=found.confidence,
        low=_scaled(found.low, scale),
        high=_scaled(found.high, scale),
        **limits,
    )


def _scaled(value: float | None, scale: float) -> float | None:
    return None if value is None else float(f"{value * scale:.12g}")
