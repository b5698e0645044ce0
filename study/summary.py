"""A study as one plain object: what the command line prints and what tests read."""

from __future__ import annotations

from typing import Any

from finance.figures import FIGURES, OF_FLOWS, Kpis
from finance.metrics import Figure
from study.financing import returns, storage_costs
from study.study import Study


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
        "returns": _returns(study),
    }


def _returns(study: Study) -> dict[str, Any]:
    """The hybrid as a project before and after tax and of the owners, its loan, and the cost of storage."""
    found, cover = returns(study), returns(study).coverage
    views = {
        name: {key: part for row in OF_FLOWS for key, part in _plain(row.key, getattr(view, row.key)).items()}
        for name, view in found.both_bases.items()
    }
    loan = {"amount": float(found.whole.loan.drawdown[0]), "why_none": found.no_loan}
    loan |= _plain("least_dscr", cover.least_dscr) | {"least_dscr_year": cover.least_dscr_year}
    whole = {"tax_rate": found.rules.rate, "loan": loan | _plain("least_icr", cover.least_icr)}
    whole |= _plain("mirr", found.mirr) | _plain("profitability_index", found.profitability_index)
    if study.scenario.storage.exists:
        with_charging, without = storage_costs(study)
        whole |= _plain("lcos_per_kwh", with_charging) | _plain("lcos_without_charging_per_kwh", without)
    return views | whole


def _figures(own: Kpis) -> dict[str, Any]:
    return {key: part for name in FIGURES for key, part in _plain(name, own.figure(name)).items()}


def _plain(name: str, figure: Figure) -> dict[str, Any]:
    return {name: figure.value} | ({f"{name}_reason": figure.text} if figure.value is None else {})
