"""A study as one plain object: what the command line prints and what tests read."""

from __future__ import annotations

from math import isinf
from typing import Any

from finance.figures import FIGURES, OF_FLOWS, Kpis
from finance.metrics import Figure
from study.alerts import alerts
from study.attribution import parts
from study.decision import decision
from study.financing import returns, storage_costs
from study.set_stops import set_stops
from study.study import Study
from study.timeline import plan
from study.turning import nearest


def summary(study: Study) -> dict[str, Any]:
    """All figures of a study, ready for JSON. A figure that does not exist is null, with `<name>_reason` beside it."""
    return {
        "fingerprint": study.fingerprint,
        "scenario": study.scenario.site.name,
        "currency": study.scenario.site.currency,
        "vat_basis": study.scenario.finance.vat_basis,
        "term_months": study.scenario.site.term_months,
        "baseline": study.baseline,
        "answer": answer(study),
        "alternatives": {name: _figures(figures) for name, figures in study.kpis.items()},
        "savings": {
            name: {"total": saving.total, "fraction": saving.fraction, "co2_t": saving.co2_t}
            for name, saving in study.savings.items()
        },
        "returns": _returns(study),
        "timeline": timeline(study),
    }


def timeline(study: Study) -> dict[str, Any]:
    """The plan by lead times, months counted from the start; null is never within the term. `in_use`: whether the
    figures above count them."""
    found = plan(study)
    names = ("p50", "p90")
    return {
        "in_use": found.in_use,
        "worth_per_mw_month": found.worth_per_mw_month,
        "parts": {
            part.part: {
                "first_month": part.first,
                **{f"{name}_first_month": month for name, month in zip(names, part.quantiles, strict=True)},
                "critical": list(part.critical),
                "steps": {
                    step.key: {
                        "done_month": None if isinf(part.dates[step.key]) else part.dates[step.key],
                        "slack_months": part.slack.get(step.key),
                        "confidence": step.confidence,
                    }
                    for step in part.chain
                },
            }
            for part in found.parts
        },
        "set_stops": {
            name: {"expected": one.expected, "with_spare": one.with_spare, "set_hours": one.set_hours}
            | {"exposed_hours": one.exposed_hours, "cost": one.cost, "spare_is_worth": one.spare_is_worth}
            for name, one in set_stops(study).items()
        },
        "alternatives": {
            name: {
                "tenth_first_month": list(power.tenths),
                **{f"{q}_tenth_first_month": list(row) for q, row in zip(names, power.tenths_drawn, strict=True)},
                "unpowered_mw_months": power.waiting_mw_months,
                "waiting_cost": power.waiting_cost,
                "wanted_mw": power.wanted_mw.tolist(),
                "available_mw": power.available_mw.tolist(),
                "powered_mw": power.powered_mw.tolist(),
            }
            for name, power in found.power.items()
        },
    }


def answer(study: Study) -> dict[str, Any]:
    """What the study says, for programs: the same yardstick, points and warnings as every page. Money is in present
    value at the scenario's rate; the margin and the order are after tax where `after_tax` is true."""
    found = decision(study)
    return {
        "best": found.best,
        "runner_up": found.order[1],
        "rival": found.rival,
        "verdict": found.verdict,
        "margin_present": found.margin,
        "margin_fraction": found.margin_fraction,
        "after_tax": found.is_after_tax,
        "baseline": study.baseline,
        "alternatives": {
            name: {"present_cost": found.present_cost[name], "serves_load": found.serves[name]} for name in found.order
        },
        "parts": [{"part": part, "present_value": value} for part, value in parts(study).items()],
        "turning_points": [
            {"path": point.path, "now": point.now, "at": point.at, "holds": point.holds, "distance": point.distance}
            for point in nearest(study)
        ],
        "warnings": [
            {
                "code": alert.code,
                "severity": alert.severity,
                "figure": {"value": alert.figure.value, "kind": alert.figure.kind},
                "remedies": dict(alert.remedies),
            }
            for alert in alerts(study)
        ],
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
