"""A project given by figures of year 1 and yearly rates, as textbooks and other tools describe one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from finance import metrics
from finance.cashflow import CashFlow, in_year
from sim.arrays import Floats


@dataclass(frozen=True)
class ProjectInputs:
    """What a simple project is described by. Money is nominal; rates are yearly fractions.

    years: operating years N, at most 100. capex: spent in year 0.
    savings_year1, savings_escalation, savings_degradation: year n saves
        savings_year1 (1 + escalation)^(n-1) (1 - degradation)^(n-1).
    opex_year1, opex_escalation: likewise, without degradation.
    replacements: (year, cost in today's money); the cost in year k is x (1 + replacement_escalation)^(k-1), an expense
        of that year. One that falls after year N is not bought.
    salvage_fraction: share of capex that comes back in year N.
    energy_kwh_year1: energy of year 1 for the levelised cost; falls with savings_degradation.
    """

    years: int
    capex: float
    savings_year1: float = 0.0
    savings_escalation: float = 0.0
    savings_degradation: float = 0.0
    opex_year1: float = 0.0
    opex_escalation: float = 0.0
    replacements: tuple[tuple[int, float], ...] = ()
    replacement_escalation: float = 0.0
    salvage_fraction: float = 0.0
    energy_kwh_year1: float = 0.0


def project(inputs: ProjectInputs) -> CashFlow:
    """The lines of a project described by year-1 figures and rates (formulas: `ProjectInputs`)."""
    n = int(inputs.years)
    kept = grown(1.0, -inputs.savings_degradation, n)
    return CashFlow(
        capex=in_year(-inputs.capex, 0, n),
        savings=grown(inputs.savings_year1, inputs.savings_escalation, n) * kept,
        opex=0.0 - grown(inputs.opex_year1, inputs.opex_escalation, n),
        replacement=0.0 - replacement_line(inputs.replacements, inputs.replacement_escalation, n),
        salvage=in_year(inputs.salvage_fraction * inputs.capex, n, n),
        energy_kwh=inputs.energy_kwh_year1 * kept,
    )


def grown(year1: float, rate: float, years: int) -> Floats:
    """(years + 1,): nothing in year 0, then year1 (1 + rate)^(n-1)."""
    return np.append(0.0, year1 * (1.0 + rate) ** np.arange(years))


def replacement_line(replacements: tuple[tuple[int, float], ...], escalation: float, years: int) -> Floats:
    """(years + 1,) cost of replacements given in today's money, in the money of their year; two in a year add up."""
    costs = (in_year(cost * (1.0 + escalation) ** (year - 1), year, years) for year, cost in replacements)
    return sum(costs, start=np.zeros(years + 1))


def cost(cash: CashFlow) -> Floats:
    """Lifetime cost without the savings, as positive outlays: capex, opex, replacement less salvage."""
    return -(cash.capex + cash.opex + cash.replacement + cash.salvage)


def lcoe(cash: CashFlow, rate: float) -> metrics.Figure:
    """Levelised cost per kWh of one project, before tax."""
    return metrics.lcoe(cost(cash), cash.energy_kwh, rate)
