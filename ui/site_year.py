"""The site's full year from bounded caches: under the tariff in use, under a draft, under the library's."""

from __future__ import annotations

import hashlib

import streamlit as st

from sim.inputs.scenario import Scenario
from sim.inputs.tariff import Tariff, library_tariff
from study.site_year import Elsewhere, SiteYear, elsewhere, full_year, under
from ui import state

YEARS_KEPT, TABLES_KEPT = 8, 16
REFERENCE = "cn_shanghai_35kv"


def of_tariff(tariff: Tariff) -> SiteYear:
    """The year of the scenario on screen under any tariff of its currency."""
    scenario = state.current()
    return _under(scenario.fingerprint, _digest(tariff.model_dump_json()), scenario, tariff)


def of_library(library_ids: tuple[str, ...]) -> list[Elsewhere]:
    """The year under tariffs of the library. The tariff in use plays no part, so choosing one does not work it out
    again."""
    scenario = state.current()
    return _elsewhere(_key_without_tariff(scenario), library_ids, scenario)


def _key_without_tariff(scenario: Scenario) -> str:
    reference = library_tariff(REFERENCE)
    site = scenario.site.model_copy(update={"currency": reference.currency})
    same = scenario.model_copy(update={"tariff": reference, "site": site})
    finance = scenario.finance
    return f"{same.dispatch_key} {finance.vat_basis} {finance.energy_price_factor}"


@st.cache_resource(max_entries=YEARS_KEPT, show_spinner=False)
def _under(fingerprint: str, digest: str, _scenario: Scenario, _tariff: Tariff) -> SiteYear:
    return under(_full_year(fingerprint, _scenario), _tariff)


@st.cache_resource(max_entries=YEARS_KEPT, show_spinner=False)
def _full_year(fingerprint: str, _scenario: Scenario) -> Scenario:
    return full_year(_scenario)


@st.cache_data(max_entries=TABLES_KEPT, show_spinner=False)
def _elsewhere(key: str, library_ids: tuple[str, ...], _scenario: Scenario) -> list[Elsewhere]:
    return elsewhere(_scenario, library_ids)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
