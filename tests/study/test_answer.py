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
from study.alerts import alerts
from study.answer import Finding, Quantity
from study.decision import decision, project
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
    """The same study with given ledger lines: {alternative: {line: flow of the start and each month}}. What is given
    for diesel alone goes for every rival."""
    columns = study.dispatch.months + 1
    lines = {name: np.zeros((len(ALTERNATIVES), columns)) for name in LINES}
    rivals = {name: flows["diesel"] for name in ("grid", "grid_diesel") if "diesel" in flows}
    for alternative, given in {**rivals, **flows}.items():
        for name, values in given.items():
            lines[name][ALTERNATIVES.index(alternative)] = values
    book = Ledger(lines, study.ledger.co2_kg, *np.zeros((2, len(ALTERNATIVES), columns)))
    paid = -book.total.sum(axis=1)
    kpis = {name: replace(study.kpis[name], total_cost=float(paid[k])) for k, name in enumerate(ALTERNATIVES)}
    base = kpis[study.baseline].total_cost
    savings = {name: replace(saving, total=base - kpis[name].total_cost) for name, saving in study.savings.items()}
    return replace(study, ledger=book, kpis=kpis, savings=savings)


UNTAXED = {"finance.tax_rules": "none", "finance.discount_rate": 0.0}


def told(margin: float, **changes: object) -> Study:
    """Case A for one month in which every rival costs 1,000 at the start and the hybrid `margin` less."""
    study = evaluate(presets()["case_a"].scenario.with_({"site.term_months": 1, **UNTAXED, **changes}))
    costs = dict.fromkeys(ALTERNATIVES, -1000.0) | {"hybrid": margin - 1000.0}
    return with_flows(study, {name: {"genset_capex": [cost, 0.0]} for name, cost in costs.items()})


@pytest.mark.parametrize(
    ("margin", "verdict", "good"),
    [(200.0, "yes", True), (-200.0, "no", False), (0.5, "tie", None), (-0.5, "tie", None)],
)
def test_headline_title_and_verdict_follow_the_margin(margin: float, verdict: str, good: bool | None):
    study = told(margin)
    finding, title = answer.headline(study), answer.stack_title(study)
    assert decision(study).verdict == verdict and finding.key == f"answers.headline.{verdict}"
    assert finding.good is good and finding.values["margin"].value == pytest.approx(abs(margin))
    assert finding.values["change"].value == pytest.approx(-margin / 1000)
    assert title.key == f"answers.stack.{ {'yes': 'hybrid', 'no': 'other', 'tie': 'tie'}[verdict] }"


def test_the_rival_is_the_cheapest_that_serves_the_load():
    """Case A: the grid alone leaves one outage dark, 0.13 % of the load, which counts in money and is told."""
    study = preset_study("case_a")
    found = decision(study)
    assert found.rival == found.best == "grid" and found.serves["grid"] and found.verdict == "no"
    left = next(f for f in answer.remarks(study) if f.key == "answers.remark.left_dark_counted")
    assert left.values["unserved"].value == study.kpis["grid"].unserved_kwh
    uncounted = evaluate(study.scenario.with_({"finance.count_unserved": False}), study.dispatch)
    assert "answers.remark.left_dark_uncounted" in [f.key for f in answer.remarks(uncounted)]


def test_an_alternative_that_leaves_more_dark_is_named_and_not_ranked():
    """Case D's grid alone leaves 4.8 % of the load dark; with lost compute for nothing it would be cheapest."""
    study = evaluate(presets()["case_d"].scenario.with_({"finance.unserved_per_kwh": 0.0}))
    found = decision(study)
    assert not found.serves["grid"] and found.order[-1] == "grid" and found.rival == "grid_diesel"
    dark = next(f for f in answer.remarks(study) if f.key == "answers.remark.cheaper_but_dark")
    assert dark.values["share"].value == pytest.approx(0.0482, abs=1e-3)


def test_a_hybrid_that_serves_the_load_alone_or_not_at_all_is_told():
    only = short(
        grid__outages=[{"month": 8, "day": 5, "hour": 2, "duration_h": 40}], genset__sets=0, genset__backup_sets=0
    )
    assert answer.headline(only).key in ("answers.headline.only_hybrid", "answers.headline.yes", "answers.headline.no")
    fails = short(grid__import_limit_kw=1000, genset__last_resort_sets=0)
    assert answer.headline(fails).key == "answers.headline.hybrid_fails"
    assert answer.headline(fails).good is False and decision(fails).verdict == "no"


def test_headline_without_load():
    study = short(load__kind="flat", load__peak_kw=0)
    assert answer.headline(study).key == "answers.headline.no_load"


def test_the_chosen_baseline_and_undiscounted_cost_stand_beside_the_headline():
    keys = [f.key for f in answer.remarks(preset_study("case_a"))]
    assert "answers.remark.baseline_chosen" in keys and "answers.remark.undiscounted" in keys
    assert "answers.remark.baseline_by_site" in [f.key for f in answer.remarks(preset_study("blank"))]
    turned = [f.key for f in answer.remarks(preset_study("case_c"))]
    assert "answers.remark.undiscounted_turned" in turned, (
        "undiscounted the hybrid is cheaper, in present value it is not"
    )


def test_what_is_worked_out_and_not_counted_is_told():
    study = preset_study("case_c")
    found = next(f for f in answer.remarks(study) if f.key == "answers.remark.restarts_not_counted")
    assert found.values["base"].value == study.kpis["grid"].interruption_value > 0
    counted = evaluate(study.scenario.with_({"finance.count_interruptions": True}), study.dispatch)
    assert "answers.remark.restarts_not_counted" not in [f.key for f in answer.remarks(counted)]


def test_no_battery_and_no_pv_is_said():
    study = short(storage__energy_kwh=0, storage__power_kw=0)
    assert "answers.remark.no_equipment" in [f.key for f in answer.remarks(study)]
    assert answer.ride_through_h(study).reason == "no_battery"


def test_chips_count_warnings_unverified_inputs_and_unserved_energy():
    study = preset_study("case_b")
    served, warned, weak = answer.chips(study, 2, 3)
    assert served.good is False and served.values["unserved"].value == study.kpis["hybrid"].unserved_kwh
    assert warned.good is False and warned.values["n"].value == 2 and weak.values["n"].value == 3
    assert [f.key.rsplit(".", 1)[1] for f in answer.chips(preset_study("case_a"), 0, 0)] == [
        "all_served",
        "no_warning",
        "verified",
    ]


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
def test_crossing_is_the_payback_before_tax(name: str):
    """The same rule as the payback against the rival, unless resale inside the last month decides."""
    study = preset_study(name)
    payback, month = project(study).project_before_tax.payback_years, answer.crossing(study).month
    assert (month is None and payback.value is None) or month == pytest.approx(12 * payback.value, rel=1e-9)


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
        *answer.chips(study, 2, 2),
        *(alert.finding for alert in alerts(study)),
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
