"""Parts that wear out before the plant does: when they are renewed and what that costs, worked by hand."""

import numpy as np
import pytest

from finance.ledger import ledger
from finance.lives import left_in_new, renewals, share_left
from finance.metrics import npv
from sim.inputs.storage import Storage
from sim.plant.battery import battery_life
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
    lives |= {"finance.storage_life_years": 20.0, "finance.pv_life_years": 30.0, "finance.genset_life_years": 25.0}
    study = study_of("case_c")
    batch = flows(study, {path: np.array([study.scenario.get(path), life]) for path, life in lives.items()})
    other = evaluate(study.scenario.with_(lives), study.dispatch)
    for found, one in zip(batch.saving, (study, other), strict=True):
        total = one.ledger.total.sum(axis=1)
        assert found == pytest.approx(total[one.dispatch.row("hybrid")] - total[one.dispatch.row(one.baseline)])
    assert batch.saving[0] != pytest.approx(batch.saving[1])


# --- resale -----------------------------------------------------------------------------------------------------------


def end_of(study, line: str) -> float:
    """What a line brings the hybrid at the term's end."""
    return float(study.ledger.lines[line][study.dispatch.row("hybrid"), -1])


def test_case_d_is_worth_what_is_left_of_its_lives():
    """Ten years of PV that lives 25 leave 60 % of 20 kWp x 4,500, of a battery that lives 15 a third of 60 kWh x 1,600;
    of two sets at 15 kW x 2,500 that live 20 a half."""
    study = study_of("case_d")
    assert end_of(study, "pv_residual") == pytest.approx(0.6 * 90_000)
    assert end_of(study, "storage_residual") == pytest.approx(96_000 / 3)
    assert end_of(study, "genset_residual") == pytest.approx(0.5 * study.dispatch.sets[3].max() * 37_500)


def test_a_fraction_that_is_typed_is_the_whole_worth():
    typed = {f"finance.{name}_residual_fraction": 0.05 for name in ("storage", "pv", "genset")}
    study = evaluate(study_of("case_c").scenario.with_(typed), study_of("case_c").dispatch)
    assert end_of(study, "storage_residual") == pytest.approx(0.05 * 30_000 * 882)
    assert end_of(study, "pv_residual") == pytest.approx(0.05 * 15_000 * 2772)
    assert end_of(study, "storage_converter_residual") == end_of(study, "pv_inverter_residual") == 0


def test_renewed_parts_count_their_own_years():
    """Case C, 15 years: converters of month 144 have 9 of 12 years left where the battery has none; inverters of month
    156 have 11 of 13 where the 40 % of the PV are in its own resale already."""
    study = study_of("case_c")
    assert end_of(study, "storage_converter_residual") == pytest.approx(1_425_000 * 9 / 12)
    assert end_of(study, "pv_inverter_residual") == pytest.approx(1_125_000 * (11 / 13 - 0.4))


def test_cells_that_came_near_the_end_keep_their_value():
    """Term of 12 years, all cells exchanged in year 11 at 0.6 of today's price: 13 of their 15 years are left, in place
    of the 3 of 15 of the first. Added ones count beside the first."""
    added, price = np.zeros(12), np.full(12, 0.6)
    added[[4, 10]] = 1.0, 1.0
    assert left_in_new(added, 15.0, 144, 0.2, price) == pytest.approx(0.6 * 13 / 15 - 0.2)
    both = 0.6 * (7 / 15 + 13 / 15)
    assert left_in_new(added, 15.0, 144, 0.2, price, exchanged=False) == pytest.approx(both)
    assert share_left(15.0, 144) == pytest.approx(0.2) and share_left(10.0, 144) == 0


def test_cells_are_not_bought_for_the_last_project_year():
    """2 % a year from 100 %: year 12 would begin with 78 %, below 80; in a term of 12 years it is the last. Cells that
    are listed for the last year come."""
    worn = {"fade_first_year": 0.0, "fade_per_year": 0.02, "end_of_life_fraction": 0.8}
    assert battery_life(Storage(**worn), 12).replaced_in == ()
    assert battery_life(Storage(**worn), 13).replaced_in == (12,)
    listed = {"renewal": "augment", "augment_by": "years", "augment_years": [{"year": 12}]}
    assert battery_life(Storage(**worn, **listed), 12).added_in == (12,)
    every = {"renewal": "augment", "augment_by": "periodic", "augment_every_years": 11}
    assert battery_life(Storage(**worn, **every), 12).added_in == ()
    assert battery_life(Storage(**worn, **every), 13).added_in == (12,)
