"""A study as one plain object: what the command line prints and what tests read."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from finance.kpis import Kpis
from finance.metrics import Figure
from study.compare import Study


def summary(study: Study) -> dict[str, Any]:
    """All figures of a study, ready for JSON. A figure that does not exist is null, with `<name>_reason` beside it."""
    return {
        "fingerprint": study.fingerprint,
        "scenario": study.scenario.site.name,
        "currency": study.scenario.site.currency,
        "vat_basis": study.scenario.finance.vat_basis,
        "term_months": study.scenario.site.term_months,
        "baseline": study.baseline,
        "cheapest": study.ranking[0],
        "alternatives": {name: _figures(figures) for name, figures in study.kpis.items()},
        "savings": {
            name: {"total": saving.total, "fraction": saving.fraction, "co2_t": saving.co2_t}
            for name, saving in study.savings.items()
        },
    }


def _figures(figures: Kpis) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for field in fields(figures):
        value = getattr(figures, field.name)
        if not isinstance(value, Figure):
            plain[field.name] = value
            continue
        plain[field.name] = value.value
        if value.value is None:
            plain[f"{field.name}_reason"] = value.text
    return plain
