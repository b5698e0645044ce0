"""What screen, paper and files show of a study: parts of a cost stack and of a bill, periods and their labels, tables.

Numbers are raw, keys are columns; pages and files put them into words.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from finance.bill import OVERRUN
from finance.kpis import by_period, shows_years
from finance.lines import LINES, by
from i18n import Words
from report.text import say
from report.text.amounts import Amounts, amounts, month_name, shared_amounts
from sim.arrays import sum_of
from sim.dispatch.result import ALTERNATIVES
from study.decision import decision, present_cost
from study.study import Study


def cost_lines(study: Study, alternative: str) -> pd.DataFrame:
    """Cost lines that occur (index: ledger names and "total") by period (columns 0..n, 0 is the start) and "total".
    Positive = cost, credits negative; undiscounted, on the study's VAT basis."""
    row, term = ALTERNATIVES.index(alternative), study.scenario.site.term_months
    lines = {name: -by_period(study.ledger.lines[name][row], term) for name in LINES}
    table = pd.DataFrame({name: values for name, values in lines.items() if np.abs(values).max() > 0}).T
    if table.empty:
        table = pd.DataFrame(columns=range(by_period(study.ledger.total[row], term).size), dtype=float)
    table.loc["total"] = table.sum(axis=0)
    return table.assign(total=table.sum(axis=1))


def bill_by_month(study: Study, alternative: str, year: int) -> pd.DataFrame:
    """Bill components (index, with "total") by month of one project year (columns 0..n) and "total"."""
    table = pd.DataFrame(bill_parts(study, alternative, year)).T
    if table.empty:
        return pd.DataFrame({"total": [0.0]}, index=["total"])
    table.loc["total"] = table.sum(axis=0)
    return table.assign(total=table.sum(axis=1))


# Parts of a cost stack in drawing order, and the colour of each in the palette. Resale stands with the equipment that
# is sold, so that the parts add up to the total cost.
PARTS = {
    "energy": "grid",
    "demand": "demand",
    "works": "works",
    "pv": "pv",
    "pv_upkeep": "pv_light",
    "battery": "battery",
    "battery_upkeep": "battery_light",
    "fuel": "fuel",
    "sets": "genset",
    "crew": "crew",
    "control": "control",
    "lost_compute": "unserved",
    "restarts": "unserved_light",
}
PRICED = ("lost_compute", "restarts")  # and not paid: hatched


def stack_parts(study: Study) -> dict[str, NDArray[np.float64]]:
    """Present cost of each part that occurs (alternatives,), positive = cost. Their sum is the present cost."""
    lines = study.ledger.lines
    parts = {
        part: present_cost(study, sum_of(lines[line] for line in names)) for part, names in by("part", PARTS).items()
    }
    return {key: values for key, values in parts.items() if np.abs(values).max() > 0}


def lines_of(part: str) -> tuple[str, ...]:
    """The cost lines that a part of the stack is made of."""
    return by("part", PARTS)[part]


def alternatives_in_order(study: Study) -> tuple[str, ...]:
    """Baseline first, hybrid last."""
    others = [name for name in ALTERNATIVES if name not in (study.baseline, "hybrid")]
    return (study.baseline, *others, "hybrid")


def stack_amounts(study: Study, words: Words) -> Amounts:
    """The money scale of the cost stack."""
    return shared_amounts(words, [kpis.present_cost for kpis in study.kpis.values()], study.scenario.site.currency)


def spending_amounts(study: Study, words: Words) -> Amounts:
    """The money scale of the cumulative figure."""
    sums = [study.kpis[name].total_cost for name in (decision(study).rival, "hybrid")]
    return shared_amounts(words, sums, study.scenario.site.currency)


def period_parts(study: Study, alternative: str) -> dict[str, NDArray[np.float64]]:
    """Cost of each part by period (periods + 1,), column 0 the start; resale is a credit of the last period."""
    row, term = ALTERNATIVES.index(alternative), study.scenario.site.term_months
    lines = {name: -by_period(values[row], term) for name, values in study.ledger.lines.items()}
    parts = {part: sum_of(lines[line] for line in names) for part, names in by("part", PARTS).items()}
    return {key: values for key, values in parts.items() if np.abs(values).max() > 0}


def period_labels(study: Study, words: Words) -> list[str]:
    """ "Start", then years or months of the term."""
    site = study.scenario.site
    if shows_years(site.term_months):
        return year_labels(study, words)
    start = int(site.start[5:]) - 1
    months = [
        words.t("charts.period.month", n=n + 1, name=month_name(words, (start + n) % 12 + 1))
        for n in range(site.term_months)
    ]
    return [words.t("charts.period.start"), *months]


def year_labels(study: Study, words: Words) -> list[str]:
    """ "Start", then the project years; a last one that is a part says how many months it has."""
    whole, rest = divmod(study.scenario.site.term_months, 12)
    labels = [words.t("charts.period.start"), *(words.t("charts.period.year", n=n + 1) for n in range(whole))]
    return [*labels, words.t("charts.period.part_year", n=whole + 1, months=rest)] if rest else labels


def parts_reach(parts: dict[str, NDArray[np.float64]]) -> tuple[float, float]:
    """Lowest and highest end of stacked parts (0 and 1 where there are none)."""
    if not parts:
        return 0.0, 1.0
    low = sum(np.clip(values, None, 0) for values in parts.values())
    return float(np.min(low)), float(np.max(sum(np.clip(values, 0, None) for values in parts.values())))


def parts_amounts(study: Study, parts: dict[str, NDArray[np.float64]], words: Words) -> Amounts:
    """The money scale of a stack over time and of the table below it."""
    return amounts(words, max(abs(end) for end in parts_reach(parts)), study.scenario.site.currency)


def bill_parts(study: Study, alternative: str, year: int) -> dict[str, NDArray[np.float64]]:
    """The utility bill of one project year by component and month (months of that year,). Their sum is the bill."""
    row, bill = ALTERNATIVES.index(alternative), study.bill
    months = slice(12 * (year - 1), min(12 * year, study.dispatch.months))
    parts = {
        "energy": bill.energy_charge[row, months],
        "tiers": bill.tiers[row, months],
        "tax": bill.tax[row, months],
        **{f"demand.{name}": values[row, months] for name, values in bill.demand_charges.items()},
        "capacity": bill.capacity_charge[row, months],
        "fixed": bill.fixed[row, months],
        "power_factor": bill.power_factor[row, months],
        "minimum": bill.minimum[row, months],
        "export": -bill.export_credit[row, months],
    }
    return {key: values for key, values in parts.items() if np.abs(values).max(initial=0) > 0}


def bill_label(key: str, words: Words) -> str:
    """A bill component's name; a tariff's own demand charges with theirs."""
    kind, _, name = key.partition(".")
    kind, name = ("overrun", name.removesuffix(OVERRUN)) if name.endswith(OVERRUN) else (kind, name)
    plain = words.t(f"charts.bill.{kind}")
    return f"{plain} ({say.charge(name, words)})" if name and name != "max_demand" else plain


def bill_calendar(study: Study, year: int) -> list[int]:
    """Calendar months (1..12) of one project year."""
    count = min(12 * year, study.dispatch.months) - 12 * (year - 1)
    return list(study.dispatch.clock.calendar_months()[:count])


def bill_months(study: Study, year: int, words: Words) -> list[str]:
    """Names of the months of one project year."""
    return [month_name(words, month) for month in bill_calendar(study, year)]


def monthly_difference(study: Study, alternative: str = "hybrid") -> NDArray[np.float64]:
    """Money the alternative saves (+) or costs (-) against the baseline, by month (months + 1,)."""
    total = study.ledger.total
    return total[ALTERNATIVES.index(alternative)] - total[ALTERNATIVES.index(study.baseline)]


def difference_flows(study: Study, alternative: str = "hybrid") -> NDArray[np.float64]:
    """The same by period (periods + 1,)."""
    return by_period(monthly_difference(study, alternative), study.scenario.site.term_months)
