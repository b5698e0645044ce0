"""A site of one's own from six answers: the place's world, a plant in whole containers and sets, and back again."""

from dataclasses import replace

import pytest

from sim.inputs.base import InputError
from sim.problem import Refusal
from study.alerts import alerts
from study.answer import headline
from study.decision import decision
from study.evaluate import evaluate
from study.own_site import Start, checked, diesel_at, moved, scenario_of, start_of

WAITS = Start("guangzhou", "2027-01", 36, 12_000.0, ready_month=9)
STARTS = {
    "Guangdong, 12 MW, grid after 9 months": WAITS,
    "Johor, 15 MW for 15 years": Start("johor_bahru", "2027-01", 180, 15_000.0),
    "Virginia by GPUs, part of the grid there": Start(
        "ashburn", "2027-01", 36, gpus=8000, gpu_model="dgx_h100", existing_kw=5000.0, ready_month=18
    ),
    "no grid at all": Start("ashburn", "2027-01", 24, 20_000.0, ready_month=None, otherwise="own_sets"),
    "four months": Start("shanghai", "2027-01", 4, 3_200.0, otherwise="rented_sets"),
    "the grid is there": Start("johor_bahru", "2027-01", 60, 5_000.0, existing_kw=6_000.0, otherwise="grid"),
    "small": Start("guangzhou", "2027-01", 36, 300.0, otherwise="grid_backup"),
}


@pytest.mark.parametrize("name", STARTS)
def test_the_answers_can_be_read_off_again(name: str) -> None:
    assert start_of(scenario_of(STARTS[name])) == STARTS[name]


def test_sizes_by_hand() -> None:
    """12 MW: 12.6 MW of import; 12.6/0.95 = 13.3 MVA, next size 16; five containers of 2.5 MW; sets of 1.5 MW: eight
    carry it, nine with one to spare, at 70 % it takes 11.4, so twelve and one to spare."""
    s = scenario_of(WAITS)
    assert (s.grid.import_limit_kw, s.grid.transformer_kva) == (12_600, 16_000)
    assert (s.storage.energy_kwh, s.storage.power_kw) == (5 * 5016, 5 * 2500)
    assert (s.genset.set_kw, s.genset.sets, s.genset.backup_sets, s.genset.last_resort_sets) == (1500, 13, 9, 8)
    assert (s.finance.genset_ownership, s.finance.storage_ownership) == ("buy", "buy")
    assert "by rule" in s.provenance["storage.energy_kwh"].source
    short = scenario_of(STARTS["four months"])
    assert (short.finance.genset_ownership, short.finance.storage_ownership) == ("rent", "rent")
    assert (short.storage.energy_kwh, short.storage.power_kw) == (4 * 1600, 4 * 800)
    small = scenario_of(STARTS["small"])
    assert small.finance.crew_per_month == pytest.approx(0.3 * 60_000)
    assert small.genset.set_kw == 100 and small.finance.genset_rent_per_set_month == pytest.approx(170_000 * 100 / 1500)


@pytest.mark.parametrize("name", list(STARTS)[:4])
def test_the_answer_is_sane(name: str) -> None:
    """Hybrid and rival serve the load, no warning is grave, and the hybrid lies within half of the rival's cost."""
    study = evaluate(scenario_of(STARTS[name]))
    found = decision(study)
    assert found.serves["hybrid"] and found.serves[found.rival]
    assert [alert.code for alert in alerts(study) if alert.severity == "high"] == []
    assert abs(found.margin_fraction) < 0.5
    assert headline(study).key.removeprefix("answers.headline.") in ("yes", "no", "tie")


def test_waiting_for_the_grid_on_diesel_keeps_tanks_and_rating() -> None:
    """Eight sets at full load let the tanks of 12 h run dry for 4,824 h of the first year."""
    codes = {alert.code for alert in alerts(evaluate(scenario_of(WAITS)))}
    assert not codes & {"tanks_dry", "rating_mean_load", "rating_power", "rating_hours"}


def test_what_the_user_changed_follows_to_another_place_and_size() -> None:
    own = scenario_of(WAITS).with_({"pv.dc_kwp": 3000, "finance.diesel_per_l": 8.0, "storage.energy_kwh": 10_032})
    bigger = moved(own, peak_kw=24_000.0)
    assert bigger == scenario_of(replace(WAITS, peak_kw=24_000.0)).with_(
        {"pv.dc_kwp": 3000, "finance.diesel_per_l": 8.0, "storage.energy_kwh": 10_032}
    )
    johor = moved(own, place="johor_bahru")
    assert (johor.tariff.library_id, johor.grid.co2_kg_per_kwh) == ("my_tnb_mv_tou", 0.758)
    assert (johor.pv.dc_kwp, johor.storage.energy_kwh) == (3000, 10_032)
    assert johor.finance.diesel_per_l == pytest.approx(8 * 4.2 / 7.1, rel=2e-3)
    assert johor.finance.delivery_per_l == 0.15
    assert moved(scenario_of(WAITS), place="johor_bahru") == scenario_of(replace(WAITS, place="johor_bahru"))
    other_tariff = scenario_of(WAITS).with_({"tariff": {"library_id": "cn_guangdong_prd_10kv"}})
    assert moved(other_tariff, months=60).tariff.library_id == "cn_guangdong_prd_10kv"


def test_a_delivered_price_of_diesel() -> None:
    s = scenario_of(WAITS)
    assert diesel_at(s, 8.1) == {"finance.diesel_per_l": 7.8}
    assert diesel_at(s, 0.2) == {"finance.diesel_per_l": 0.2, "finance.delivery_per_l": 0.0}


@pytest.mark.parametrize(
    "answer, field",
    [
        ({"peak_kw": -1.0}, "load.peak_kw"),
        ({"peak_kw": 50.0}, "load.peak_kw"),
        ({"months": 0}, "site.term_months"),
        ({"start": "2027-13"}, "site.start"),
        ({"existing_kw": -5.0}, "grid.existing_kw"),
        ({"ready_month": 999}, "grid.ready_month"),
        ({"place": "nowhere"}, "place 'nowhere'"),
    ],
)
def test_a_bad_answer_names_its_field(answer: dict, field: str) -> None:
    with pytest.raises((InputError, Refusal), match=field):
        checked(scenario_of(replace(WAITS, **answer)))
