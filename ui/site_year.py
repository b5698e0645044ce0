"""The site's full year from bounded caches: under the tariff in use, under a draft, under the library's."""

from __future__ import annotations

import hashlib

from sim.inputs.scenario import Scenario
from sim.inputs.tariff import Tariff, library_tariff
from study.site_year import Elsewhere, SiteYear, elsewhere, full_year, under
from ui import state
from ui.kept import shelf

REFERENCE = "cn_shanghai_35kv"


def of_tariff(tariff: Tariff) -> SiteYear:
    """The year of the scenario on screen under any tariff of its currency."""
    scenario = state.current()
    key = ("year under", scenario.key, _digest(tariff.model_dump_json()))
    return shelf().get(key, lambda: under(_full_year(scenario), tariff))


def of_library(library_ids: tuple[str, ...]) -> list[Elsewhere]:
    """The year under tariffs of the library. The tariff in use plays no part, so choosing one does not work it out
    again."""
    scenario = state.current()
    key = ("years elsewhere", _key_without_tariff(scenario), library_ids)
    return shelf().get(key, lambda: elsewhere(scenario, library_ids))


def _key_without_tariff(scenario: Scenario) -> str:
    reference = library_tariff(REFERENCE)
    site = scenario.site.model_copy(update={"currency": reference.currency})
    same = scenario.model_copy(update={"tariff": reference, "site": site})
    finance = scenario.finance
    return f"{same.dispatch_key} {finance.vat_basis} {finance.energy_price_factor}"


def _full_year(scenario: Scenario) -> Scenario:
    return shelf().get(("full year", scenario.key), lambda: full_year(scenario))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
