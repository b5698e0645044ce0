"""In every step the reasons explain the flows: the grid's limit is told where imports reach it and nowhere else, ..."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from i18n import words
from sim.inputs.tariff import library_ids, library_tariff
from study.controls import PLAIN
from study.evaluate import evaluate
from study.foresight import bound
from study.presets import presets
from study.why import reasons, terms, told, worth
from tests.project.shares import PEAK_KW, scenario

FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
TARIFFS = tuple(name for name in library_ids() if library_tariff(name).demand_charges)
OFF = {"dispatch.arbitrage": "off"}
WINDOWS = {
    "dispatch.arbitrage": "windows",
    "dispatch.windows": [
        {"start_hour": 0, "end_hour": 6, "action": "charge"},
        {"start_hour": 17, "end_hour": 21, "action": "discharge"},
    ],
}
EXTRA = {
    "case_a with a late grid": ("case_a", {"grid.ready_month": 1}),
    "blank held low": ("blank", {"dispatch.peak_shave_kw": 9000, "grid.import_limit_kw": 9500}),
    "case_c drawn": (
        "case_c",
        {
            "grid.outage_source": "statistics",
            "grid.saifi_per_year": 20,
            "grid.saidi_h_per_year": 60,
            "load.critical_fraction": 0.7,
        },
    ),
    "case_c held by month": ("case_c", {"dispatch.shave_limits": [{"threshold_kw": 10_900}]}),
    "case_d by windows": (
        "case_d",
        {
            **PLAIN,
            "dispatch.arbitrage": "windows",
            "dispatch.windows": [{"start_hour": 17, "end_hour": 22, "action": "discharge", "power_fraction": 0.3}],
        },
    ),
}


def count(flags, prefix):
    return np.sum([holds for key, holds in flags.items() if key.startswith(prefix)], axis=0)


# What a sentence names, as it stands in its braces, and the flow that must be there then.
FLOWS = {
    "give": "discharge_kw",
    "take": "grid_charge_kw",
    "pv": "pv_charge_kw",
    "sets": "genset_kw",
    "lost": "unserved_kw",
    "export": "export_kw",
    "spilt": "curtailed_kw",
}
# What a sentence says the hybrid does, by the beginning of its key: a word of it in each language.
WORDS = {
    "discharge_": (r"gives|carries", "放电|供电"),
    "charge_price": ("charges", "充电"),
    "charge_peak": ("charges", "充电"),
    "charge_window": ("charges", "充电"),
    "charge_announced": ("charges", "充电"),
    "charge_pv": ("charges", "充电"),
    "charge_refill": ("refills", "补足"),
    "held_": ("gives no more|full power", "不再放电|最大放电功率"),
    "idle_": ("rests", "不动作"),
    "pv_costs": ("curtailed", "弃光"),
    "pv_curtailed": ("nowhere", "弃光"),
    "pv_sold": ("sold", "上网"),
    "pv_export": ("sold", "上网"),
    "sets_": ("sets give", "柴发出力"),
    "unserved": ("not served", "未供电"),
}


def assert_one_reason_each(trace, flags, at):
    """One for the grid in every step; one for the battery where it gives, where it rests, and one at least where it
    takes; the others exactly where their flow is."""
    near = at.near_kw
    takes = trace.pv_charge_kw + trace.grid_charge_kw > near
    told_takes = sum(count(flags, f"charge_{why}") for why in ("pv", "window", "price", "peak", "refill", "announced"))
    assert (count(flags, "grid_") == 1).all()
    np.testing.assert_array_equal(count(flags, "discharge_"), trace.discharge_kw > near)
    np.testing.assert_array_equal(told_takes > 0, takes)
    np.testing.assert_array_equal(count(flags, "idle_"), (trace.discharge_kw <= near) & (trace.charge_kw <= near))
    np.testing.assert_array_equal(count(flags, "sets_") == 1, trace.genset_kw > near)
    np.testing.assert_array_equal(flags["unserved"], trace.unserved_kw > near)
    np.testing.assert_array_equal(flags["pv_sold"] | flags["pv_export"], trace.export_kw > near)
    np.testing.assert_array_equal(flags["pv_costs"] | flags["pv_curtailed"], trace.curtailed_kw > near)
    np.testing.assert_array_equal(flags["grid_down"] | flags["grid_not_yet"], at.limit_kw <= 0)


def assert_the_limit_is_told_where_it_is_reached(trace, flags, at):
    reached = (at.limit_kw > 0) & (np.abs(trace.import_kw - at.limit_kw) <= at.near_kw)
    np.testing.assert_array_equal(flags["grid_limit"], reached)
    held = (at.limit_kw > 0) & ~reached & (np.abs(trace.import_kw - at.threshold_kw) <= at.near_kw)
    names = ("threshold", "ceiling", "declared", "ratchet", "billed")
    np.testing.assert_array_equal(np.any([flags[f"grid_{name}"] for name in names], axis=0), held)


def assert_what_is_said_is_so(trace, flags, at):
    """Of every reason that claims a state of battery or grid."""
    near, kwh = at.near_kw, 2 * at.near_kw * at.kwh_per_kw
    room_kw, left_kw = (at.full_kwh - at.stored_kwh) / at.kwh_per_kw, (at.stored_kwh - at.floor_kwh) * at.kw_per_kwh
    headroom, up = at.threshold_kw - at.need_kw, at.limit_kw > 0
    no_power = np.minimum(np.where(at.wish_kw > near, at.give_kw, at.take_kw), at.give_kw + at.take_kw)
    truths = {
        "held_power": np.abs(trace.discharge_kw - at.give_kw) <= 2 * near,
        "held_reserve": np.abs(trace.energy_kwh - at.reserve_kwh) <= 2 * kwh + 1e-5 * at.reserve_kwh,
        "held_later": np.abs(trace.energy_kwh - at.kept_kwh) <= 2 * kwh + 1e-5 * at.kept_kwh,
        "charge_full": np.abs(trace.energy_kwh - at.full_kwh) <= 2 * kwh + 1e-5 * at.full_kwh,
        "charge_held_limit": np.abs(trace.import_kw - at.limit_kw) <= 2 * near,
        "charge_held_threshold": np.abs(trace.import_kw - at.threshold_kw) <= 2 * near,
        "charge_refill": at.stored_kwh < at.reserve_kwh,
        "idle_absent": at.full_kwh <= 0,
        "idle_floor": left_kw <= 2 * near,
        "idle_full": room_kw <= 2 * near,
        "idle_no_power": no_power <= 2 * near,
        "idle_no_room": headroom <= 2 * near,
        "idle_no_need": at.need_kw <= 2 * near,
        "idle_sets": trace.genset_kw > near,
        "idle_later": (at.stored_kwh > at.reserve_kwh) & up,
        "idle_nothing_pays": (at.stored_kwh <= at.reserve_kwh * (1 + 1e-5)) & up,
        "idle_off": (at.stored_kwh <= at.reserve_kwh * (1 + 1e-5)) & up,
        "discharge_outage": ~up & at.connected,
        "discharge_island": ~at.connected,
        "grid_above": trace.import_kw > at.threshold_kw,
    }
    wrong = [key for key, truth in truths.items() if (flags[key] & ~truth).any()]
    assert wrong == [], wrong


def assert_words_agree(trace, flags, near):
    """What is told says what was done, and names no flow that is not there, in both languages."""
    for key in (name for name, holds in flags.items() if holds.any()):
        texts = [words(language).t(f"control.why.{key}") for language in ("en", "zh")]
        names = [set(re.findall(r"\{(\w+)\}", text)) for text in texts]
        assert names[0] == names[1], key
        for name in names[0] & set(FLOWS):
            assert getattr(trace, FLOWS[name])[flags[key]].min() > near, (key, name)
        said = next((found for start, found in WORDS.items() if key.startswith(start)), ("", ""))
        assert all(re.search(word, text) for word, text in zip(said, texts, strict=True)), key


def assert_explained(study):
    trace = study.dispatch.trace("hybrid", 1)
    flags, at = reasons(study, 1, trace), terms(study, 1, trace)
    assert_one_reason_each(trace, flags, at)
    assert_the_limit_is_told_where_it_is_reached(trace, flags, at)
    assert_what_is_said_is_so(trace, flags, at)
    assert_words_agree(trace, flags, at.near_kw)
    return flags


@pytest.mark.parametrize("name", [*presets(), *EXTRA])
def test_every_step_of_a_case_is_explained(name):
    start, changes = EXTRA.get(name, (name, {}))
    scenario = presets()[start].scenario
    assert_explained(evaluate(scenario.with_(changes) if changes else scenario))


def _plants(draw):
    """Battery, PV, grid and sets, a part of it late."""
    power_kw, peak = draw(st.sampled_from((300, 1000, 3000))), PEAK_KW
    limit = peak * draw(st.sampled_from((0.9, 2)))
    late = draw(st.sampled_from(("no", "no", "grid", "battery", "added cells")))
    changes = {
        "storage.power_kw": power_kw,
        "storage.energy_kwh": power_kw * draw(st.sampled_from((1, 2, 4))) / 0.8,
        "storage.soc_start_fraction": draw(st.sampled_from((0.1, 0.5))),
        "storage.cell_temperature": draw(st.sampled_from(("held", "ambient"))),
        "dispatch.reserve_fraction": draw(st.sampled_from((0.1, 0.4))),
        "pv.dc_kwp": peak * draw(st.sampled_from((0, 0.5, 2.5))),
        "grid.export_limit_kw": draw(st.sampled_from((0, 400))),
        "grid.import_limit_kw": limit,
        "grid.existing_kw": limit,
        "genset.last_resort_sets": draw(st.sampled_from((0, 2, 6))),
    }
    if late == "grid":
        changes |= {"grid.ready_month": 1, "grid.existing_kw": 0}
    if late == "battery":
        changes |= {"storage.stages": ({"month": 2, "energy_kwh": changes["storage.energy_kwh"]},)}
    if late == "added cells":
        half = changes["storage.energy_kwh"] / 2
        changes |= {"storage.stages": tuple({"month": month, "energy_kwh": half} for month in (1, 2))}
    return changes


def _bills(draw, months):
    """What is billed, and whether exporting costs money."""
    asks, ratchet = draw(st.booleans()), draw(st.booleans())
    given_tariff = scenario(draw(st.sampled_from(TARIFFS)), "flat", "demand").tariff
    declared = asks and any(charge.is_all_hours for charge in given_tariff.demand_charges)
    tariff = given_tariff.model_dump()
    tariff |= {"export_credit_per_kwh": draw(st.sampled_from((0.0, 0.05, 2.0, -0.1)))}
    if ratchet and months > 1:
        tariff |= {"ratchet_fraction": 0.9, "ratchet_months": 11}
    if declared:
        tariff |= {"demand_basis": "contract_demand"}
    window, step = draw(st.sampled_from(((60, 60), (15, 60), (30, 30), (60, 15))))
    tariff |= {"demand_window_minutes": window}
    declared_kw = PEAK_KW * draw(st.sampled_from((0.8, 0.95, 1.1))) if declared else None
    site = {"tariff": tariff, "site.currency": given_tariff.currency, "grid.hybrid_redeclares": False}
    return site | {"grid.declared_kw": declared_kw, "site.step_minutes": step}


@st.composite
def sites(draw):
    """The bench of the shares with whatever the control has a duty for."""
    months = draw(st.sampled_from((1, 2, 3)))
    outage = {"month": draw(st.integers(1, 12)), "day": draw(st.integers(2, 27)), "hour": 17, "duration_h": 3}
    how = draw(st.sampled_from(({}, {}, {"dispatch.peak_shave_kw": 0.85 * PEAK_KW}, OFF, WINDOWS)))
    changes = {
        "site.term_months": months,
        "site.start": f"2026-{draw(st.integers(1, 12)):02d}",
        "site.place": draw(st.sampled_from(("zhangjiakou", "johor_bahru"))),
        "load.kind": draw(st.sampled_from(("flat", "mixed", "inference"))),
        "load.seed": draw(st.integers(1, 999)),
        "load.critical_fraction": draw(st.sampled_from((1.0, 0.5))),
        "pv.seed": draw(st.integers(1, 999)),
        "grid.outages": ({**outage, "announced": draw(st.booleans())},),
    }
    base = scenario(TARIFFS[0], "flat", "demand")
    return base.with_(changes | _plants(draw) | _bills(draw, months) | how)


@FEW
@given(sites())
def test_every_step_of_any_site_is_explained(site):
    assert_explained(evaluate(site))


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_every_step_of_a_thousand_sites_is_explained():
    @settings(FEW, max_examples=1000)
    @given(sites())
    def holds(site):
        assert_explained(evaluate(site))

    holds()


def test_a_declared_demand_and_a_ratchet_are_told_as_that():
    """Declared 1,900 of a peak of 2,000 kW: imports are held there, in later years too; a ratchet of 95 % holds what an
    earlier month set."""
    base = scenario("de_mv_industrial_proxy", "mixed", "demand")
    tariff = base.tariff.model_dump()
    more = {"site.term_months": 24, "load.growth_per_year": 0.03}
    more |= {"grid.declared_kw": 1900.0, "grid.hybrid_redeclares": False}
    declared = base.with_(more | {"tariff": tariff | {"demand_basis": "contract_demand"}})
    study = evaluate(declared)
    told_declared = [reasons(study, year, study.dispatch.trace("hybrid", year))["grid_declared"] for year in (1, 2)]
    held_kw = declared.tariff.contract.tolerance * 1900
    for year, where in enumerate(told_declared, 1):
        assert where.any()
        assert study.dispatch.trace("hybrid", year).import_kw[where] == pytest.approx(held_kw, rel=1e-5)
    held = evaluate(base.with_({"tariff": tariff | {"ratchet_fraction": 0.98, "ratchet_months": 11}}))
    assert reasons(held, 1, held.dispatch.trace("hybrid", 1))["grid_ratchet"].any()


def test_the_worth_of_a_kwh_and_what_the_optimum_does_agree():
    """Where the optimum gives from the battery and nothing holds it, a stored kWh saves what the load's kWh costs."""
    study = evaluate(presets()["case_b"].scenario)
    found = bound(study)
    give = [step for step in range(200) if worth(found, step).best_kw > 0]
    assert give
    efficiency = found.programme.discharge_efficiency
    for step in give:
        here = worth(found, step)
        assert here.load * efficiency >= here.stored - 1e-9
        assert here.price == pytest.approx(found.programme.buy_per_kwh[step])


def test_a_told_step_is_read_in_order():
    flags = {"grid_rest": np.array([True, False]), "idle_full": np.array([True, True])}
    assert told(flags, 0) == ("grid_rest", "idle_full") and told(flags, 1) == ("idle_full",)


def test_pv_that_is_sold_though_the_battery_has_room_is_told_as_that():
    """At a credit of ten times the energy price nothing is worth storing."""
    site = presets()["case_d"].scenario
    tariff = site.tariff.model_dump() | {
        "export_credit_per_kwh": 10 * max(site.tariff.seasons[0].prices_per_kwh.values())
    }
    study = evaluate(site.with_({"tariff": tariff, "grid.export_limit_kw": 1000, "pv.dc_kwp": 2 * site.pv.dc_kwp}))
    trace = study.dispatch.trace("hybrid", 1)
    flags = reasons(study, 1, trace)
    sold = flags["pv_sold"]
    assert sold.any() and not (sold & flags["pv_export"]).any()
    np.testing.assert_array_equal(sold | flags["pv_export"], trace.export_kw > terms(study, 1, trace).near_kw)
    assert (trace.energy_kwh < terms(study, 1, trace).full_kwh)[sold].all()
