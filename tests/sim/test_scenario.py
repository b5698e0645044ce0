"""Scenario: one definition an input, closed, frozen, readable errors, round trips."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.inputs.base import InputError
from sim.inputs.register import register, unverified
from sim.inputs.scenario import Scenario, json_schema, scenario_from_dict, scenario_from_json
from study.presets import presets


def problems(tree):
    with pytest.raises(InputError) as caught:
        scenario_from_dict(tree)
    return "\n".join(caught.value.problems)


def test_round_trip_of_every_preset():
    for preset in presets().values():
        assert scenario_from_json(preset.scenario.to_json()) == preset.scenario


@settings(max_examples=40, deadline=None)
@given(
    st.floats(0, 1e5),
    st.floats(1, 1e5),
    st.floats(0, 100),
    st.integers(1, 360),
    st.sampled_from([15, 30, 60]),
    st.text(max_size=50),
)
def test_round_trip_of_any_variant(energy_kwh, power_kw, diesel_per_l, term_months, step_minutes, name):
    variant = Scenario().with_(
        {
            "storage.energy_kwh": energy_kwh,
            "storage.power_kw": power_kw,
            "finance.diesel_per_l": diesel_per_l,
            "site.term_months": term_months,
            "site.step_minutes": step_minutes,
            "site.name": name,
        }
    )
    again = scenario_from_json(variant.to_json())
    assert again == variant
    assert again.fingerprint == variant.fingerprint


def test_a_scenario_is_frozen():
    with pytest.raises(ValidationError):
        Scenario().storage.energy_kwh = 5


def test_unknown_key_is_refused_with_a_near_name():
    assert problems({"storage": {"enery_kwh": 3}}) == (
        "storage.enery_kwh: there is no such input; did you mean 'energy_kwh'?"
    )
    assert "stroage: there is no such input; did you mean 'storage'?" in problems({"stroage": {}})


def test_negative_size_and_wrong_unit_name_the_field():
    assert "storage.energy_kwh: -3 is out of range; it must be at least 0" in problems({"storage": {"energy_kwh": -3}})
    assert problems({"storage": {"energy_kwh": "5 MWh"}}).startswith("storage.energy_kwh: '5 MWh' cannot be used")
    assert "finance.discount_rate: 8 is out of range; it must be at most 1" in problems(
        {"finance": {"discount_rate": 8}}
    )


def test_tariff_gap_at_two_oclock_is_named():
    windows = [{"start_hour": 0, "end_hour": 2, "period": "a"}, {"start_hour": 3, "end_hour": 24, "period": "a"}]
    season = {"name": "winter", "months": list(range(1, 13)), "prices_per_kwh": {"a": 1}}
    season |= {"weekday": windows, "saturday": windows, "sunday_holiday": windows}
    sentence = problems({"tariff": {"name_en": "x", "currency": "CNY", "seasons": [season]}})
    assert "season 'winter', weekday: no price period from 02:00 to 03:00; add a window" in sentence


def test_conflicts_between_sections_are_named():
    assert "the tariff is in MYR but the site in CNY" in problems({"tariff": {"library_id": "my_tnb_mv_tou"}})
    assert "dispatch.reserve_fraction" in problems({"dispatch": {"reserve_fraction": 0.99}})
    assert "grid.import_limit_kw" in problems({"grid": {"existing_kw": 9, "import_limit_kw": 5}})
    assert "a battery with energy needs power" in problems({"storage": {"energy_kwh": 5, "power_kw": 0}})


def test_outage_statistics_and_renewal_that_cannot_be_followed_are_named():
    assert "SAIDI is given without SAIFI" in problems({"grid": {"saidi_h_per_year": 3}})
    assert "give both grid.saifi_per_year and grid.saidi_h_per_year" in problems(
        {"grid": {"outage_source": "statistics"}}
    )
    assert "SAIFI is 0 but SAIDI is not" in problems({"grid": {"saifi_per_year": 0, "saidi_h_per_year": 2}})
    years = {"renewal": "augment", "augment_by": "years"}
    assert "no year is listed in which cells are added" in problems({"storage": years})
    smaller = {"min_load_fraction": 0.7, "max_load_fraction": 0.5}
    assert "a set would be smaller than its own minimum load" in problems({"genset": smaller})


def test_not_json_and_not_an_object():
    for text in ("{", "[1, 2]", b"\xff\xfe\x00bad", "null"):
        with pytest.raises(InputError, match="this is not a scenario file"):
            scenario_from_json(text)


def test_infinity_and_nan_are_refused():
    with pytest.raises(InputError, match="finance.diesel_per_l"):
        scenario_from_json('{"finance": {"diesel_per_l": NaN}}')


def test_finance_and_names_leave_the_simulation_alone():
    base = Scenario()
    for path, value in (("finance.diesel_per_l", 9.9), ("site.name", "x"), ("finance.baseline", "grid")):
        changed = base.with_({path: value})
        assert changed.dispatch_key == base.dispatch_key
        assert changed.fingerprint != base.fingerprint
    assert base.with_({"storage.energy_kwh": 1.0}).dispatch_key != base.dispatch_key


def test_a_changed_value_loses_its_provenance():
    case = presets()["case_a"].scenario
    changed = case.with_({"load.peak_kw": 3000})
    assert "load.peak_kw" in case.provenance
    assert "load.peak_kw" not in changed.provenance
    assert changed.provenance.keys() == case.provenance.keys() - {"load.peak_kw"}


def test_every_provenance_note_belongs_to_an_input():
    for preset in presets().values():
        assert preset.scenario.provenance.keys() <= register().keys(), preset.id


def test_register_lists_every_number_with_unit_limits_and_help():
    unitless = {"load.pue", "load.seed", "pv.dc_ac_ratio", "genset.fuel_factor", "finance.energy_price_factor"}
    unitless |= {"finance.loan_dscr", "grid.power_factor", "finance.shown_rate"}
    sums = {"finance.ems_cost", "finance.tax_grant"}
    for path, entry in register().items():
        assert entry.label and entry.help_text, path
        assert entry.label != entry.name, path
        if entry.kind == "number":
            assert entry.unit or path in unitless | sums, path
            assert entry.minimum is not None and entry.maximum is not None, path
            if entry.default is not None:
                assert entry.minimum <= entry.default <= entry.maximum, path
        if entry.low is not None and isinstance(entry.default, (int, float)):
            assert entry.low <= entry.default <= entry.high, path


def test_every_default_with_a_confidence_has_a_source():
    for path, entry in register().items():
        assert (entry.confidence is None) == (entry.source == ""), path


def test_unverified_counts_only_what_is_used_and_still_default():
    base = Scenario()
    assert "finance.diesel_per_l" in unverified(base)
    assert "finance.diesel_per_l" not in unverified(base.with_({"finance.diesel_per_l": 7.4}))
    assert "finance.pv_capex_per_kwp" not in unverified(base)
    assert "finance.pv_capex_per_kwp" in unverified(base.with_({"pv.dc_kwp": 100}))
    assert "finance.storage_rent_per_kwh_month" not in unverified(base)
    assert not register()["load.gpu_count"].when(base)


def test_json_schema_names_title_and_limits():
    schema = json_schema()
    entry = schema["$defs"]["Storage"]["properties"]["energy_kwh"]
    assert entry["title"] == "Battery energy" and entry["unit"] == "kWh" and entry["minimum"] == 0
    json.dumps(schema)
