"""Parts that wear out before the plant does: when they are renewed and what that costs, worked by hand."""

import numpy as np
import pytest

from finance.ledger import ledger
from finance.lives import renewals
from finance.metrics import npv
from study.evaluate import evaluate
from study.flows import flows
from tests.studies import study_of


def years_of(life_years: float, months: int) -> list[int]:
    """Project years (1, 2, ...) at whose start a part is renewed."""
    return (np.flatnonzero(renewals(life_years, months)) + 1).tolist()


@pytest.mark.parametrize(
    ("life", "months", "years"),
    [
        (12, 180, [13]),
        (12, 300, [13, 25]),
        (12, 156, [13]),  # one whole project year uses them
        (12, 155, []),  # eleven months do not
        (12, 144, []),
        (12, 4, []),
        (1, 36, [2, 3]),
        (10.5, 270, [12]),  # a life that ends in year 11 is served to its end; year 23 is a part of one
    ],
)
def test_a_part_is_renewed_as_the_year_after_its_life_begins(life, months, years):
    assert years_of(life, months) == years


def test_case_c_renews_converters_and_inverters_by_hand():
    """15 MW at 95 MYR in month 145, and 15 MWp / 1.2 = 12.5 MW at 90 MYR in month 157: at 8.5 % they are
    worth 1.425 M / 1.085^(145/12) = 0.532 M and 1.125 M / 1.085^(157/12) = 0.387 M today."""
    study = study_of("case_c")
    hybrid = study.dispatch.row("hybrid")
    for name, month, paid, worth in (
        ("storage_converter_renewal", 145, 1_425_000, 531_748),
        ("pv_inverter_renewal", 157, 1_125_000, 386_913),
    ):
        line = study.ledger.lines[name]
        assert np.flatnonzero(line[hybrid]).tolist() == [month]
        assert line.sum() == pytest.approx(-paid) and not line[:hybrid].any()
        assert npv(0.085, line[hybrid], 12) == pytest.approx(-worth, abs=1)


def test_who_rents_a_battery_or_has_none_renews_no_converters():
    study = study_of("case_c")
    rented = study.scenario.with_({"finance.storage_ownership": "rent"})
    assert not ledger(rented, study.dispatch, study.bill).lines["storage_converter_renewal"].any()
    none = evaluate(study.scenario.with_({"storage.energy_kwh": 0.0}))
    assert not none.ledger.lines["storage_converter_renewal"].any()


def test_batches_renew_as_a_study_of_each_life_does():
    lives = {"finance.storage_converter_life_years": 5.0, "finance.pv_inverter_life_years": 7.5}
    study = study_of("case_c")
    batch = flows(study, {path: np.array([study.scenario.get(path), life]) for path, life in lives.items()})
    other = evaluate(study.scenario.with_(lives), study.dispatch)
    for found, one in zip(batch.saving, (study, other), strict=True):
        total = one.ledger.total.sum(axis=1)
        assert found == pytest.approx(total[one.dispatch.row("hybrid")] - total[one.dispatch.row(one.baseline)])
    assert batch.saving[0] != pytest.approx(batch.saving[1])
