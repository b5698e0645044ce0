"""The sentence rules: what the study says, and that they can say the opposite."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from finance.ledger import Ledger
from finance.lines import LINES
from i18n import words
from report.text import say
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.scenario import Scenario
from study import answer
from study.answer import Finding, Quantity
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study

EN = words("en")


@cache
def preset_study(name: str) -> Study:
    return evaluate(presets()[name].scenario)


def short(**changes: object) -> Study:
    """Case A for one month with inputs changed (dots written as two underscores)."""
    paths = {path.replace("__", "."): value for path, value in changes.items()}
    return evaluate(presets()["case_a"].scenario.with_({"site.term_months": 1, **paths}))


def with_flows(study: Study, flows: dict[str, dict[str, list[float]]]) -> Study:
    """The same study with given ledger lines: {alternative: {line: flow of the start and each month}}."""
    columns = study.dispatch.months + 1
    lines = {name: np.zeros((len(ALTERNATIVES), columns)) for name in LINES}
    for alternative, given in flows.items():
        for name, values in given.items():
            lines[name][ALTERNATIVES.index(alternative)] = values
    book = Ledger(lines, study.ledger.co2_kg, *np.zeros((2, len(ALTERNATIVES), columns)))
    paid = -book.total.sum(axis=1)
    kpis = {name: replace(study.kpis[name], total_cost=float(paid[k])) for k, name in enumerate(ALTERNATIVES)}
    base = kpis[study.baseline].total_cost
    savings = {
        name: replace(saving, total=base - kpis[name].total_cost, fraction=(base - kpis[name].total_cost) / base)
        for name, saving in study.savings.items()
    }
    return replace(study, ledger=book, kpis=kpis, savings=savings)


def test_headline_holds_the_numbers_of_the_study():
    study = preset_study("case_a")
    finding = answer.headline(study)
    assert finding.key == "answers.headline.cheaper" and finding.good
    assert finding.values["own"].value == study.kpis["hybrid"].total_cost
    assert finding.values["base"].value == study.kpis["diesel"].total_cost
    change = finding.values["change"].value
    assert change == pytest.approx(study.kpis["hybrid"].total_cost / study.kpis["diesel"].total_cost - 1)


def test_headline_says_when_the_hybrid_is_dearer():
    study = short(finance__grid_works_share=1.0, finance__ems_cost=5e7)
    finding = answer.headline(study)
    assert finding.key == "answers.headline.dearer" and finding.good is False
    assert finding.values["change"].value > 0
    assert "+" in say.say(finding, EN, "CNY")


def test_headline_says_when_costs_are_equal():
    study = with_flows(short(), {name: {"fuel": [0.0, -100.0]} for name in ("diesel", "hybrid")})
    assert answer.headline(study).key == "answers.headline.same"


def test_headline_without_load():
    study = short(load__kind="flat", load__peak_kw=0)
    assert answer.headline(study).key == "answers.headline.no_load"


def test_headline_where_the_baseline_supplies_nothing():
    study = short(genset__sets=0)
    assert answer.headline(study).key == "answers.headline.baseline_serves_nothing"


def test_cheaper_alternative_is_always_named_with_what_it_leaves_unserved():
    study = preset_study("case_a")
    assert study.ranking[0] == "grid"
    cheaper = next(f for f in answer.remarks(study) if f.key.startswith("answers.remark.cheaper"))
    assert cheaper.key == "answers.remark.cheaper_unserved_counted"
    assert cheaper.values["unserved"].value == study.kpis["grid"].unserved_kwh
    uncounted = evaluate(study.scenario.with_({"finance.count_unserved": False}), study.dispatch)
    assert "answers.remark.cheaper_unserved_not_counted" in [f.key for f in answer.remarks(uncounted)]


def test_no_cheaper_remark_where_the_hybrid_is_cheapest():
    study = preset_study("case_d")
    assert study.ranking[0] == "hybrid"
    assert not [f for f in answer.remarks(study) if "cheaper" in f.key]


def test_unserved_load_of_hybrid_and_baseline_is_named():
    study = preset_study("case_b")
    unserved = [f for f in answer.remarks(study) if f.key == "answers.remark.unserved"]
    assert {f.values["first_name"].value for f in unserved} == {"hybrid", "grid"}
    share = unserved[0].values["share"].value
    own = study.kpis["hybrid"]
    assert share == pytest.approx(own.unserved_kwh / (own.unserved_kwh + own.energy_served_kwh))


def test_no_battery_and_no_pv_is_said():
    study = short(storage__energy_kwh=0, storage__power_kw=0)
    assert "answers.remark.no_equipment" in [f.key for f in answer.remarks(study)]
    assert answer.ride_through_h(study).reason == "no_battery"


def test_a_battery_that_can_do_nothing_is_said():
    """Case A's own battery works; switched off it only waits for an outage."""
    own, idle = short(), short(dispatch__arbitrage="off", grid__outages=[], dispatch__peak_shave_kw=None)
    assert "answers.remark.idle_battery" not in [f.key for f in answer.remarks(own)]
    assert "answers.remark.idle_battery" in [f.key for f in answer.remarks(idle)]


def test_negative_npv_beside_a_saving_is_said():
    """Case C saves over the term, but less than a discount rate of 20 % asks for."""
    study = evaluate(presets()["case_c"].scenario.with_({"finance.discount_rate": 0.20}))
    assert study.savings["hybrid"].total > 0 > study.kpis["hybrid"].npv.value
    assert "answers.remark.worth_negative" in [f.key for f in answer.remarks(study)]


def test_stack_title_follows_the_ranking():
    assert answer.stack_title(preset_study("case_d")).key.startswith("answers.stack.hybrid_cheapest")
    dear = short(finance__ems_cost=5e7)
    title = answer.stack_title(dear)
    assert title.key.startswith("answers.stack.other_cheapest")
    assert title.values["place"].value == f"place_{dear.ranking.index('hybrid') + 1}"


def test_chips_count_unverified_inputs_and_unserved_energy():
    study = preset_study("case_b")
    served, _, weak = answer.chips(study, 3)
    assert served.good is False and served.values["unserved"].value == study.kpis["hybrid"].unserved_kwh
    assert weak.values["n"].value == 3
    assert answer.chips(preset_study("case_a"), 0)[0].key == "answers.chip.all_served"


def test_crossing_by_hand():
    """Hybrid spends 20 at the start and 5 a month, diesel 10 a month: even after 4 months."""
    study = evaluate(presets()["case_a"].scenario.with_({"site.term_months": 6}))
    flows = {"diesel": {"fuel": [0.0, *[-10.0] * 6]}, "hybrid": {"grid_works": [-20.0, *[-5.0] * 6]}}
    given = with_flows(study, flows)
    cross = answer.crossing(given)
    assert cross.kind == "at" and cross.month == pytest.approx(4.0)
    assert answer.spending_title(given).key == "answers.spending.at"


def test_a_grid_that_comes_after_the_term_is_named_and_not_paid_for():
    """Works of month 4 in a term of 4 months are too late, those of month 3 are not; a later stage is named."""
    case = presets()["case_a"].scenario
    late, early = (evaluate(case.with_({"grid.ready_month": month})) for month in (4, 3))
    assert not late.ledger.lines["grid_works"].any() and early.ledger.lines["grid_works"].any()
    said = {finding.key: finding for finding in answer.remarks(late)}
    assert said["answers.remark.grid_late"].values["late"].value == 3900
    assert "answers.remark.grid_late" not in {finding.key for finding in answer.remarks(early)}
    staged = evaluate(case.with_({"grid.stages": [{"month": 9, "import_limit_kw": 5000}]}))
    found = next(finding for finding in answer.remarks(staged) if finding.key == "answers.remark.grid_late")
    assert found.values["late"].value == pytest.approx(1100)


def test_crossing_never_from_the_start_and_by_resale():
    study = evaluate(presets()["case_a"].scenario.with_({"site.term_months": 2}))
    diesel = {"fuel": [0.0, -10.0, -10.0]}
    never = with_flows(study, {"diesel": diesel, "hybrid": {"grid_works": [-50.0, 0.0, 0.0]}})
    ahead = with_flows(study, {"diesel": diesel, "hybrid": {"fuel": [0.0, -5.0, -5.0]}})
    resale = {"storage_capex": [-50.0, 0.0, 0.0], "storage_residual": [0.0, 0.0, 40.0]}
    sold = with_flows(study, {"diesel": diesel, "hybrid": resale})
    assert [answer.crossing(s).kind for s in (never, ahead, sold)] == ["never", "from_start", "by_resale"]
    assert answer.spending(sold).resale[ALTERNATIVES.index("hybrid")] == 40.0


@pytest.mark.parametrize("name", ["case_b", "case_c", "case_d"])
def test_crossing_is_the_payback(name: str):
    """The same rule as the payback, unless resale inside the last year decides."""
    study = preset_study(name)
    payback = study.kpis["hybrid"].payback_years
    assert answer.crossing(study).month == pytest.approx(12 * payback.value, rel=1e-9)


def test_ride_through_by_hand():
    """1,000 kWh from 100 % to 10 % at 0.9 one way over 300 kW: 2.7 h; from 40 %: 0.9 h."""
    scenario = Scenario().with_(
        {
            "load.kind": "flat",
            "load.peak_kw": 300,
            "storage.energy_kwh": 1000,
            "storage.power_kw": 500,
            "storage.soc_max_fraction": 1.0,
            "storage.soc_min_fraction": 0.1,
            "storage.discharge_efficiency": 0.9,
            "storage.auxiliary_kw_per_mwh": 0,
            "site.term_months": 1,
        }
    )
    study = evaluate(scenario)
    assert answer.ride_through_h(study).value == pytest.approx(2.7)
    assert answer.ride_through_h(study, 0.4).value == pytest.approx(0.9)
    weak = evaluate(scenario.with_({"storage.power_kw": 299}))
    assert answer.ride_through_h(weak).reason == "too_little_power"


def test_clash_names_two_ways_out_that_work():
    study = preset_study("case_b")
    finding = answer.clash(study)
    assert finding.key == "answers.clash.outage_reserve"
    kept = evaluate(study.scenario.with_({"genset.last_resort_sets": int(finding.values["sets_needed"].value)}))
    assert kept.kpis["hybrid"].unserved_kwh < 1
    reserve = round(finding.values["reserve"].value + 0.01, 2)
    longer = evaluate(study.scenario.with_({"dispatch.reserve_fraction": reserve, "site.term_months": 12}))
    assert longer.kpis["hybrid"].unserved_kwh < 1


def test_clash_of_a_supply_below_the_load():
    study = short(grid__import_limit_kw=1000, genset__last_resort_sets=1)
    finding = answer.clash(study)
    assert finding.key == "answers.clash.supply_too_small"
    wider = short(grid__import_limit_kw=finding.values["limit_needed"].value + 1, genset__last_resort_sets=1)
    assert wider.kpis["hybrid"].unserved_kwh < 1
    assert answer.clash(preset_study("blank")) is None


def test_a_grid_below_the_mean_load_makes_diesel_a_main_source():
    study = short(grid__import_limit_kw=1500, genset__last_resort_sets=3)
    finding = answer.clash(study)
    assert finding.key == "answers.clash.diesel_main"
    assert finding.values["share"].value > 0.2


@pytest.mark.parametrize("name", list(presets()))
def test_every_finding_has_words_and_no_empty_value(name: str):
    study = preset_study(name)
    found: list[Finding] = [
        answer.headline(study),
        *answer.remarks(study),
        *answer.chips(study, 2),
        answer.stack_title(study),
        answer.mix_title(study),
        answer.spending_title(study),
    ]
    for finding in found:
        text = say.say(finding, EN, study.scenario.site.currency)
        assert EN.lookup(finding.key) and "answers." not in text and "{" not in text and "nan" not in text


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (Quantity("change", -0.4804), "−48.0\u00a0%"),
        (Quantity("change", 0.0321), "+3.2\u00a0%"),
        (Quantity("percent", 0.99987), "99.9\u00a0%"),
        (Quantity("percent", 0.0013), "0.13\u00a0%"),
        (Quantity("power", 3200.0), "3.20\u00a0MW"),
        (Quantity("energy", 8946.0), "8.95\u00a0MWh"),
        (Quantity("duration", 0.85), "51\u00a0min"),
        (Quantity("duration", 3.0), "3\u00a0h"),
        (Quantity("when", 0.56), "17\u00a0days"),
        (Quantity("when", 9.84), "9.8\u00a0months"),
        (Quantity("when", 48.1), "4.0\u00a0years"),
        (Quantity("term", 4), "4 months"),
        (Quantity("term", 180), "15 years"),
        (Quantity("money", 9_104_649.0), "9.10\u00a0M\u00a0CNY"),
        (Quantity("number", 7.0), "7"),
        (Quantity("first_name", "grid_diesel"), "Grid + diesel"),
    ],
)
def test_quantities_in_words(quantity: Quantity, text: str):
    assert say.quantity(quantity, EN, "CNY") == text


def test_failing_cabinets_shorten_the_ride_on_the_battery():
    """Half of the cabinets work: half of the energy; half of the power no longer carries the load alone."""
    case = presets()["blank"].scenario.with_({"load.peak_kw": 4_000, "site.term_months": 1})
    half = case.with_({"storage.cabinet_mtbf_h": 1000, "storage.cabinet_repair_h": 1000})
    whole, part = (answer.ride_through_h(evaluate(one)).value for one in (case, half))
    assert part == pytest.approx(whole / 2)
    assert answer.ride_through_h(evaluate(half.with_({"load.peak_kw": 6_000}))).reason == "too_little_power"


def test_the_full_load_holds_what_the_battery_takes_at_the_sites_temperatures():
    study = preset_study("case_b")
    assert study.scenario.storage.auxiliary_by_temperature
    assert answer.full_load_kw(study) == pytest.approx(study.dispatch.trace("hybrid").load_kw.max())
