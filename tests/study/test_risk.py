"""Tornado, map, break-even and Monte Carlo: agreement with single studies, laws of the draws, the same digits again."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from sim.inputs.register import is_weak, register, unverified
from study.batch_years import hours_off
from study.evaluate import evaluate
from study.presets import presets
from study.risk import (
    OutageModel,
    Range,
    _draw_outages,
    _quantile,
    asked,
    default_range,
    default_ranges,
    draw,
    heat_map,
    quantiles,
    simulate_draws,
    tornado,
)
from study.varied import FACTORS

DOCS = Path(__file__).resolve().parents[2] / "docs"


def on_a_line(name):
    """A case with cells that fade on a straight line, which no dispatch changes."""
    scenario = presets()[name].scenario
    return evaluate(scenario.with_({"storage.fade_model": "line"}) if "storage.fade_model" in register() else scenario)


@pytest.fixture(scope="module")
def case_a():
    """Against its rival, the grid."""
    return evaluate(on_a_line("case_a").scenario.with_({"finance.baseline": "grid"}))


@pytest.fixture(scope="module")
def case_b():
    return on_a_line("case_b")


def test_a_bar_of_the_tornado_is_two_studies(case_a):
    found = tornado(case_a, measure="saving")
    bar = next(bar for bar in found.bars if bar.path == "finance.diesel_per_l")
    for value, at in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
        other = evaluate(case_a.scenario.with_({"finance.diesel_per_l": value}), case_a.dispatch)
        assert at == pytest.approx(other.savings["hybrid"].total, rel=1e-9)
    assert found.base == pytest.approx(case_a.savings["hybrid"].total, rel=1e-9)
    swings = [bar.swing for bar in found.bars]
    assert swings == sorted(swings, reverse=True)
    assert found.bars[0].swing == max(swings) > 0


def test_ranges_are_in_proportion_to_the_value_in_use():
    """Malaysian diesel at 3.12 a litre with the default's 7.5 (6.6 to 9.5): 2.7 to 4.0."""
    entry, scenario = register()["finance.diesel_per_l"], presets()["case_c"].scenario
    found = default_range(scenario, "finance.diesel_per_l")
    assert found.low == pytest.approx(3.12 * entry.low / entry.default)
    assert found.high == pytest.approx(3.12 * entry.high / entry.default)
    assert all(one.low <= one.mode <= one.high for one in default_ranges(scenario))
    assert "pv.irradiation" not in {one.path for one in default_ranges(presets()["case_a"].scenario)}


def test_a_cell_of_the_map_is_a_study(case_a):
    found = heat_map(case_a, "storage.energy_kwh", [2000, 3200], "finance.diesel_per_l", [6, 7, 8], "saving")
    assert found.values.shape == (3, 2)
    other = evaluate(case_a.scenario.with_({"storage.energy_kwh": 2000, "finance.diesel_per_l": 8}))
    assert found.values[2, 0] == pytest.approx(other.savings["hybrid"].total, rel=1e-4)  # by the levels of 3200 kWh
    other = evaluate(case_a.scenario.with_({"finance.diesel_per_l": 8}))
    assert found.values[2, 1] == pytest.approx(other.savings["hybrid"].total, rel=1e-9)
    with pytest.raises(ValueError, match="two different inputs"):
        heat_map(case_a, "load.level", [1], "load.level", [1])


def test_the_same_seed_gives_the_same_draws_and_digits(case_a):
    one, two, other = draw(case_a, 300, 7), draw(case_a, 300, 7), draw(case_a, 300, 8)
    assert one.digest == two.digest != other.digest
    found = [simulate_draws(case_a, draws, threads=threads) for draws, threads in ((one, 1), (two, 2))]
    for measure in found[0].results:
        np.testing.assert_array_equal(found[0].results[measure], found[1].results[measure])


def test_outage_statistics_are_the_model_of_the_draws():
    statistics = {"grid.saifi_per_year": 6.0, "grid.saidi_h_per_year": 9.0}
    scenario = presets()["blank"].scenario.with_(statistics).with_({"grid.outage_source": "statistics"})
    assert OutageModel.of(scenario) == OutageModel(6.0, 1.5)
    stormy = scenario.with_({"grid.outage_spread": 1.5})
    assert OutageModel.of(stormy) == OutageModel(6.0, 1.5, spread=1.5)


@pytest.mark.parametrize("seed", [1, 2])
def test_draws_and_the_study_draw_outages_by_one_rule(seed):
    """The study's first year and a risk draw, from the same generator, are the same hours.

    Later years of a study begin with what rounding to steps left over from the year before, as each draw of a batch
    does with what the draw before it left; so only firsts are compared, of two seeds.
    """
    stormy = {"grid.saifi_per_year": 40.0, "grid.saidi_h_per_year": 300.0, "grid.outage_source": "statistics"}
    study = evaluate(presets()["blank"].scenario.with_(stormy | {"grid.outage_spread": 1.5, "grid.outage_seed": seed}))
    drawn = _draw_outages(np.random.default_rng([seed, 1]), OutageModel.of(study.scenario), study, 1)
    down = np.zeros(study.dispatch.clock.steps, dtype=bool)
    for start, stop in zip(drawn.start, drawn.stop, strict=True):
        down[start:stop] = True
    np.testing.assert_array_equal(down, study.dispatch.down[0])


def test_the_spread_of_outages_gives_long_tails(case_b):
    """The same mean length with a spread of 1.5: most outages shorter, the longest much longer."""
    plain, stormy = (draw(case_b, 3000, 3, outage_model=OutageModel(6.0, 6.0, spread)) for spread in (0.0, 1.5))
    hours = [np.sort(draws.outages.stop - draws.outages.start) for draws in (plain, stormy)]
    assert np.median(hours[1]) < np.median(hours[0])
    assert hours[1][-100:].mean() > 2 * hours[0][-100:].mean()


def test_every_draw_has_its_own_outages(case_b):
    """Poisson counts, and hours of the model's mean. Rounding to steps keeps the hours of all outages, not the number:
    one too short for a step takes none. So counts are seen where outages are long, hours where they are short too."""
    counts = np.diff(draw(case_b, 4000, 3, outage_model=OutageModel(6.0, 50.0)).outages.first)
    assert counts.mean() == pytest.approx(6.0, rel=0.03) and counts.var() == pytest.approx(6.0, rel=0.1)
    outages = draw(case_b, 4000, 3, outage_model=OutageModel(6.0, 2.0)).outages
    counts, hours = np.diff(outages.first), hours_off(outages, case_b.dispatch.clock)
    assert hours.mean() == pytest.approx(12.0, rel=0.03) and counts.var() == pytest.approx(counts.mean(), rel=0.1)
    no_grid = simulate_draws(case_b, draw(case_b, 60, 3, outage_model=OutageModel(0.0, 1.0)))
    np.testing.assert_allclose(no_grid.results["unserved_kwh"], 0, atol=1e-6)


def test_correlated_inputs_move_together(case_a):
    pair = ("finance.diesel_per_l", "finance.energy_price_factor")
    ranges = [Range(pair[0], 6, 7.5, 9.5), Range(pair[1], 0.8, 1.0, 1.3)]
    found = draw(case_a, 20_000, 1, ranges, {pair: 0.6})
    assert stats.spearmanr(found.values[pair[0]], found.values[pair[1]])[0] == pytest.approx(0.58, abs=0.03)
    alone = draw(case_a, 20_000, 1, ranges, {})
    assert abs(stats.spearmanr(alone.values[pair[0]], alone.values[pair[1]])[0]) < 0.03
    third = Range("finance.delivery_per_l", 0.1, 0.3, 1.0)
    impossible = {pair: 0.9, (pair[0], third.path): 0.9, (pair[1], third.path): -0.9}
    with pytest.raises(ValueError, match="exclude each other"):
        draw(case_a, 10, 1, [*ranges, third], impossible)


@pytest.mark.parametrize("kind", ["triangular", "uniform"])
def test_distributions_are_scipys(kind):
    one, normal = Range("finance.diesel_per_l", 6.0, 7.5, 9.5, kind), np.linspace(-3, 3, 101)
    peer = stats.triang(1.5 / 3.5, 6.0, 3.5) if kind == "triangular" else stats.uniform(6.0, 3.5)
    np.testing.assert_allclose(_quantile(one, normal), peer.ppf(stats.norm.cdf(normal)), rtol=1e-9)


def test_normal_ranges_are_the_10_and_90_percent_values():
    one = Range("finance.diesel_per_l", 6.5, 7.5, 8.5, "normal")
    np.testing.assert_allclose(_quantile(one, stats.norm.ppf([0.1, 0.5, 0.9])), [6.5, 7.5, 8.5], rtol=1e-9)


def test_drivers_are_squared_rank_correlations_scaled_to_one(case_a):
    found = simulate_draws(case_a, draw(case_a, 400, 3), 5.0)
    inputs = {**found.draws.values, "outages": hours_off(found.draws.outages, case_a.dispatch.clock)}
    squared = {path: stats.spearmanr(values, found.results["npv"])[0] ** 2 for path, values in inputs.items()}
    total = sum(squared.values())
    assert found.drivers == pytest.approx({path: value / total for path, value in squared.items()}, rel=1e-9)


def test_a_monte_carlo_study_of_case_b(case_b):
    """Spread decides, the median lies near the study, and shares are shares."""
    found = simulate_draws(case_b, draw(case_b, 600, 1), 5.0)
    q = found.quantiles["saving"]
    assert q.q10 < q.q50 < q.q90
    assert q.q50 == pytest.approx(case_b.savings["hybrid"].total, rel=0.25)
    assert next(iter(found.drivers)) == "tariff.spread"
    assert sum(found.drivers.values()) == pytest.approx(1.0)
    assert 0.5 < found.wins <= 1 and 0 < found.paid_back <= 1


def test_draws_without_spread_give_the_study(case_b):
    """All ranges closed and the listed outages: every draw is the study itself."""
    closed = [Range("finance.diesel_per_l", 7.5, 7.5, 7.5)]
    draws = draw(case_b, 5, 1, closed)
    from dataclasses import replace

    from sim.dispatch.variants import listed_outages

    listed = replace(draws, outages=listed_outages(case_b.dispatch.series.grid_up, 5))
    found = simulate_draws(case_b, listed)
    assert found.results["saving"] == pytest.approx(case_b.savings["hybrid"].total, rel=1e-12)
    assert len(set(found.results["saving"])) == 1


def test_figures_that_do_not_exist_are_counted():
    found = quantiles(np.array([1.0, np.nan, 3.0, np.nan]))
    assert found.exists == 0.5 and found.mean == 2.0
    assert quantiles(np.array([np.nan])).q50 is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Range("load.level", 1.2, 1.0, 1.1), "put them in order"),
        (lambda: Range("load.level", 0.8, 1.0, 1.1, "weibull"), "use triangular"),
        (lambda: OutageModel(-1, 2), "0 or more"),
        (lambda: OutageModel(1, 1, -0.5), "0 or more"),
    ],
)
def test_bad_ranges_say_what_to_do(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_bad_requests_say_what_to_do(case_a):
    with pytest.raises(ValueError, match="between 1 and"):
        draw(case_a, 0)
    with pytest.raises(ValueError, match="use one of"):
        tornado(case_a, measure="luck")


def test_the_method_tells_how_far_off_a_draw_may_be():
    """Case C, the worst of the cases as shipped: ten draws without outages, each against a whole study of its own."""
    scenario = presets()["case_c"].scenario.with_(
        {"grid.outages": (), "grid.outage_source": "list", "finance.baseline": "grid"}
    )
    study = evaluate(scenario)
    inputs = [one for one in default_ranges(scenario) if one.path not in (*FACTORS, "finance.discount_rate")]
    draws = draw(study, 10, 1, inputs, outage_model=OutageModel(0.0, 1.0))
    found = simulate_draws(study, draws, 5.0).results["npv"]
    each = [{path: float(values[k]) for path, values in draws.values.items()} for k in range(10)]
    alone = np.array([evaluate(scenario.with_(one)).kpis["hybrid"].npv.value for one in each])
    share = 100 * np.abs(found - alone).max() / study.savings["hybrid"].total
    for document, words in (("method.md", "at most"), ("method.zh.md", "不超过节省额的")):
        text = re.sub(r"\s+", " ", (DOCS / document).read_text(encoding="utf-8"))
        assert re.search(rf"{words} {share:.1f} ?%", text), share


# Of the ten inputs that move a shipped case most, how many may rest on unverified figures. Case A's connection, rents
# and fuel, and what a remote site of 10 kW pays (case D), have no dated source: they are asked for first.
MOST_UNVERIFIED = {"case_a": 7, "case_b": 5, "case_c": 5, "case_d": 7, "blank": 5}


@pytest.mark.parametrize("name", MOST_UNVERIFIED)
def test_few_of_the_inputs_that_matter_most_are_unverified(name):
    scenario = presets()[name].scenario
    bars = [bar for bar in tornado(evaluate(scenario)).bars if bar.path not in FACTORS]
    weak = [bar.path for bar in bars[:10] if is_weak(scenario, register()[bar.path])]
    assert len(weak) <= MOST_UNVERIFIED[name], weak


def test_what_is_unverified_is_asked_for_by_its_effect():
    """The bars of the tornado that rest on unverified figures, with the same digits, the widest first."""
    study = evaluate(presets()["case_b"].scenario)
    found, weak = asked(study), unverified(study.scenario)
    swings = [bar.swing for bar in found]
    assert swings == sorted(swings, reverse=True) and len(found) > 3
    bars = {bar.path: bar for bar in tornado(study).bars if bar.path in weak}
    assert {bar.path for bar in found} == set(bars)
    assert all(bar.swing == pytest.approx(bars[bar.path].swing, abs=1e-3) for bar in found)
