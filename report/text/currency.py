"""The currency amounts are shown in: the rate of a scenario, and the sentence that states it."""

from __future__ import annotations

from math import floor, log10

from i18n import Words
from i18n.words import Exchange, words
from sim.inputs import library
from sim.inputs.scenario import Scenario


def exchange(scenario: Scenario) -> Exchange | None:
    """From the site's currency to the shown one; None where they are the same. The scenario's own rate goes before the
    table's."""
    site, shown = scenario.site.currency, scenario.finance.shown_currency
    if shown in ("", site):
        return None
    rate = scenario.finance.shown_rate
    return Exchange(site, shown, library.table_rate(site, shown) if rate is None else rate)


def shown_currency(scenario: Scenario) -> str:
    """Code of the currency amounts are shown in."""
    return scenario.finance.shown_currency or scenario.site.currency


def words_for(scenario: Scenario, language: str) -> Words:
    """The words of a language that show amounts in the scenario's shown currency."""
    return words(language).showing(exchange(scenario))


def rate_note(scenario: Scenario, texts: Words) -> str:
    """Rate, date and where it comes from; empty where nothing is converted."""
    found = exchange(scenario)
    if found is None:
        return ""
    amount = texts.number(found.rate, texts.currency(found.shown), decimals=rate_decimals(found.rate))
    key = "currency.note_table" if scenario.finance.shown_rate is None else "currency.note_own"
    date = rate_date(scenario) or texts.t("currency.no_date")
    return texts.t(key, site=texts.currency(found.site), amount=amount, date=date)


def rate_date(scenario: Scenario) -> str:
    """The date of the rate in use: the scenario's own, else the older of the table's two; empty where none is given."""
    finance = scenario.finance
    if finance.shown_rate is not None:
        return finance.shown_rate_as_of
    records = (library.units_per_usd(code) for code in (scenario.site.currency, finance.shown_currency))
    return min(record.as_of for record in records if record)


def rate_decimals(rate: float) -> int:
    """Digits after the point that leave five significant ones, so that a reader can check an amount."""
    return max(0, 4 - floor(log10(rate)))
