"""The table of shares: what it must reach, that it is what the document shows, and that some rows are as they were."""

import json

import numpy as np
import pytest

from sim.inputs.tariff import library_ids, library_tariff
from tests.project import shares

STORED = json.loads(shares.STORED.read_text(encoding="utf-8"))
BY_FORECAST = json.loads(shares.BY_FORECAST.read_text(encoding="utf-8"))
COLUMNS = tuple(f"{bill}: {site}" for bill in shares.BILLS for site in shares.SITES)
LIVE = (
    ("cn_zhejiang_35kv", "mixed, PV", "demand"),
    ("my_tnb_mv_general", "mixed", "demand"),
    ("us_ca_large_tou_proxy", "mixed", "demand"),
    ("cn_jiangsu_35kv", "flat, PV", "energy"),
    ("de_mv_industrial_proxy", "flat", "energy"),
)


def of(column, chosen=lambda name: True):
    return [row[column] for name, row in STORED.items() if row.get(column) is not None and chosen(name)]


@pytest.mark.parametrize(("name", "site", "bill"), LIVE)
def test_a_row_is_what_a_run_gives(name, site, bill):
    expected = STORED[name][f"{bill}: {site}"]
    found = shares.share(name, site, bill)
    assert found == expected if expected is None else found == pytest.approx(expected, abs=2e-4)


def test_the_document_shows_the_stored_figures():
    assert tuple(STORED) == library_ids()
    assert shares.DOCUMENT.read_text(encoding="utf-8") == shares.document(STORED, BY_FORECAST)


@pytest.mark.parametrize("site", shares.SITES)
def test_energy_prices_alone_are_used_to_the_last(site):
    assert min(of(f"energy: {site}")) >= 0.99


def test_what_demand_charges_leave():
    """Gansu and Ningxia need prices and peaks at once, with clouds."""
    mixed, sunny = "demand: mixed", "demand: mixed, PV"
    chinese = {name for name in STORED if library_tariff(name).currency == "CNY"}
    assert min(of(mixed)) >= 0.75 and min(of(mixed, lambda name: name in chinese)) >= 0.84
    assert np.median(of(mixed)) >= 0.94
    hard = {name for name in chinese if "gansu" in name or "ningxia" in name}
    assert min(of(sunny)) >= 0.60 and min(of(sunny, lambda name: name in chinese - hard)) >= 0.85
    assert min(of(sunny, lambda name: name in hard)) >= 0.65 and np.median(of(sunny)) >= 0.91


@pytest.mark.parametrize("site", ("flat, PV", "mixed"))
def test_a_row_of_the_forecast_is_what_a_run_gives(site):
    found = shares.share("de_mv_industrial_proxy", site, "demand", forecast=True)
    assert found == pytest.approx(BY_FORECAST["de_mv_industrial_proxy"][f"demand: {site}"], abs=2e-3)


def test_the_forecast_never_costs_more_than_it_saves_and_reaches_the_optimum_on_prices_alone():
    every = {column: [row[column] for row in BY_FORECAST.values() if row.get(column) is not None] for column in COLUMNS}
    assert tuple(BY_FORECAST) == library_ids()
    assert min(min(found) for column, found in every.items() if column.startswith("energy")) >= 0.99
    assert min(min(found) for found in every.values()) > 0.4
    assert all(np.median(found) >= 0.95 for found in every.values())
