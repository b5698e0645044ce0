"""Figures by their numbers: stacks add up to the totals, bands to the load, arrays stay small, colours stand out."""

import json
from base64 import b64decode
from functools import cache
from itertools import product

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.io import to_json

from finance.lines import by
from i18n import words
from report import views
from report.palette import DARK, LIGHT, ink_on, palette
from report.screen import charts
from report.screen import cost as charts_cost
from report.screen import inputs as charts_inputs
from report.screen import operation as charts_operation
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.tariff import library_tariff
from study import turning, weeks
from study.decision import present_cost
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study
from study.turning import TurningPoint
from ui.figures import Finished

EN = words("en")
PRESETS = list(presets())
MOST_POINTS = 1000


@cache
def study_of(name: str) -> Study:
    return evaluate(presets()[name].scenario)


@cache
def trace_of(name: str, alternative: str = "hybrid", year: int = 1):
    return study_of(name).dispatch.trace(alternative, year)


def bars(figure: dict) -> list[dict]:
    return [trace for trace in figure["data"] if trace["type"] == "bar"]


def all_figures(name: str, dark: bool) -> dict[str, dict]:
    study, trace = study_of(name), trace_of(name)
    clock = study.dispatch.clock
    week = weeks.choose(study, "hybrid", 1, trace, "typical", 7)
    points = turning.nearest(study)[:1] or (TurningPoint("finance.diesel_per_l", 7.5, 0.0, 75.0, 9.0, "below", 0.2),)
    reference, own = weeks.peaks(study, "grid", 1), weeks.peaks(study, "hybrid", 1)
    months = views.bill_calendar(study, 1)
    tariff = study.scenario.tariff
    load = study.dispatch.series.load_kw
    flows = weeks.flows_kwh(trace, clock.step_h)
    start = study.scenario.site.start
    return {
        "stack": charts_cost.cost_stack(study, EN, dark),
        "mix": charts_operation.energy_mix(study, EN, dark),
        "cumulative": charts_cost.cumulative(study, EN, dark),
        "turning": charts_cost.turning_bars(charts_cost.turning_rows(study, points, EN), dark),
        "lines": charts_cost.period_stack(study, "hybrid", EN, dark),
        "bill": charts_cost.bill_stack(study, "hybrid", 1, EN, dark),
        "cash_flow": charts_cost.cash_flow(study, EN, dark),
        "dispatch": charts_operation.dispatch_span(study, "hybrid", trace, week, EN, dark),
        "flows": charts_operation.energy_flows(flows, EN, dark),
        "peaks": charts_operation.billed_peaks(reference.kw, own.kw, months, ("grid", "hybrid"), EN, dark),
        "map": charts_operation.import_map(trace.import_kw, clock.step_minutes, start, EN, dark),
        "tariff": charts_inputs.tariff_heatmap(tariff, "weekday", EN, dark),
        "week": charts_inputs.load_week(load[: 7 * weeks.steps_per_day(clock)], clock.step_minutes, 0, EN, dark, 5e3),
        "year": charts_inputs.load_year(load, clock.step_minutes, 1, EN, dark),
    }


@pytest.mark.parametrize("name", PRESETS)
def test_cost_stack_adds_up_to_the_present_cost(name: str):
    study = study_of(name)
    figure = charts_cost.cost_stack(study, EN, False)
    scale = views.stack_amounts(study, EN)
    order = views.alternatives_in_order(study)
    assert order[0] == study.baseline and order[-1] == "hybrid" and set(order) == set(ALTERNATIVES)
    for k, alternative in enumerate(order):
        drawn = sum(trace["x"][k] or 0.0 for trace in bars(figure)) * scale.divisor
        assert drawn == pytest.approx(study.kpis[alternative].present_cost, rel=1e-9)


@pytest.mark.parametrize("name", PRESETS)
def test_every_ledger_line_is_in_exactly_one_part(name: str):
    study = study_of(name)
    lines = [line for lines in by("part", views.PARTS).values() for line in lines]
    assert sorted(lines) == sorted(study.ledger.lines)
    total = sum(views.stack_parts(study).values())
    assert total == pytest.approx([study.kpis[name].present_cost for name in ALTERNATIVES], rel=1e-9)


def test_lost_compute_that_is_not_counted_stands_outside_the_total():
    scenario = presets()["case_c"].scenario
    study = evaluate(scenario.with_({"finance.count_unserved": False}), study_of("case_c").dispatch)
    figure = charts_cost.cost_stack(study, EN, False)
    outside = [trace for trace in bars(figure) if trace["meta"] == "lost_compute"]
    assert len(outside) == 1 and outside[0]["opacity"] < 1 and outside[0]["marker"]["pattern"]["shape"]
    counted = [trace for trace in bars(figure) if trace["meta"] != "lost_compute"]
    row = views.alternatives_in_order(study).index("grid")
    divisor = views.stack_amounts(study, EN).divisor
    drawn = sum(trace["x"][row] or 0.0 for trace in counted) * divisor
    assert drawn == pytest.approx(study.kpis["grid"].present_cost)
    assert outside[0]["x"][row] * divisor == pytest.approx(
        present_cost(study, study.ledger.unserved_value)[study.dispatch.row("grid")]
    )


@pytest.mark.parametrize(("name", "dark"), list(product(PRESETS, (False, True))))
def test_figures_are_valid_small_and_say_no_number_is_missing(name: str, dark: bool):
    """plotly itself checks every attribute; no trace but an image has more than 1,000 points."""
    for kind, figure in all_figures(name, dark).items():
        assert set(figure) == {"data", "layout"}
        text = go.Figure(figure).to_json()
        assert "template" not in figure["layout"] and "title" not in figure["layout"], kind
        json.loads(text)
        assert "charts." not in text and "answers." not in text, kind
        for trace in figure["data"]:
            if trace["type"] != "heatmap":
                assert len(trace["x"]) <= MOST_POINTS, kind
                assert np.isfinite([value for value in trace["x"] if not isinstance(value, str | None)]).all(), kind


def decoded(part: object) -> object:
    """A figure read from JSON, its binary arrays as lists of numbers."""
    if isinstance(part, dict) and "bdata" in part:
        numbers = np.frombuffer(b64decode(part["bdata"]), part["dtype"])
        shape = [int(size) for size in part["shape"].split(",")] if "shape" in part else -1
        return np.where(np.isnan(numbers), None, numbers).reshape(shape).tolist()
    if isinstance(part, dict):
        return {name: decoded(value) for name, value in part.items()}
    return [decoded(value) for value in part] if isinstance(part, list) else part


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_sent_unchecked_is_what_plotly_would_send(name: str):
    for kind, figure in all_figures(name, False).items():
        sent, checked = (to_json(whole.to_dict(), validate=False) for whole in (Finished(figure), go.Figure(figure)))
        assert decoded(json.loads(sent)) == decoded(json.loads(checked)), kind
        for trace in json.loads(sent)["data"]:
            assert not isinstance(trace.get("base"), dict), kind  # plotly.js reads no binary there


@pytest.mark.parametrize("name", PRESETS)
def test_dispatch_bands_add_up_to_the_load(name: str):
    study, trace = study_of(name), trace_of(name)
    for alternative in ALTERNATIVES:
        trace = trace_of(name, alternative)
        whole = slice(0, trace.load_kw.size)
        bands = charts_operation.bands_kw(trace, whole)
        carried = sum(bands.get(key, 0.0) for key, _ in charts_operation.BANDS[:5])
        assert carried == pytest.approx(trace.load_kw, rel=1e-5, abs=1e-5 * float(trace.load_kw.max()))
    figure = charts_operation.dispatch_span(study, "hybrid", trace_of(name), weeks.Span(0, 7), EN, False)
    charge = next((t for t in figure["data"] if t.get("meta") == "charge"), None)
    if charge is not None:
        assert charge["y"].min() >= 0 and charge["y"].max() <= 100.001


@pytest.mark.parametrize("name", PRESETS)
def test_mix_shares_add_up_to_one(name: str):
    shares = sum(charts_operation.mix_shares(study_of(name)).values())
    assert shares == pytest.approx(np.ones(len(ALTERNATIVES)), abs=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_flows_conserve_energy(name: str):
    """What the sources give is what the sinks take; the battery's in and out differ by the losses shown."""
    trace, step_h = trace_of(name), study_of(name).dispatch.clock.step_h
    flows = weeks.flows_kwh(trace, step_h)
    given = sum(v for (a, _), v in flows.items() if a != "battery")
    taken = sum(v for (_, b), v in flows.items() if b != "battery")
    assert taken == pytest.approx(given, rel=1e-3)
    served = sum(v for (_, b), v in flows.items() if b in ("site", "auxiliary"))
    assert served == pytest.approx(float((trace.load_kw - trace.unserved_kw).sum()) * step_h, rel=1e-6)


@pytest.mark.parametrize(("name", "alternative"), list(product(PRESETS, ALTERNATIVES)))
def test_bill_and_period_stacks_add_up(name: str, alternative: str):
    study, row = study_of(name), ALTERNATIVES.index(alternative)
    bill = sum(views.bill_parts(study, alternative, 1).values(), np.zeros(min(12, study.dispatch.months)))
    assert bill == pytest.approx(study.bill.total[row, :12], rel=1e-9, abs=1e-6)
    periods = sum(views.period_parts(study, alternative).values())
    assert float(np.sum(periods)) == pytest.approx(study.kpis[alternative].total_cost, rel=1e-9)
    lines = views.cost_lines(study, alternative)
    assert lines.loc["total", "total"] == pytest.approx(study.kpis[alternative].total_cost, rel=1e-9)
    assert len(lines.columns) - 1 == len(views.period_labels(study, EN))
    table = views.bill_by_month(study, alternative, 1)
    assert table.loc["total", "total"] == pytest.approx(float(study.bill.total[row, :12].sum()), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_cash_flow_ends_at_the_saving(name: str):
    study = study_of(name)
    assert views.difference_flows(study).sum() == pytest.approx(study.savings["hybrid"].total, rel=1e-9)


def test_import_map_is_hourly_means():
    kw = 100 * np.arange(2 * 96, dtype=float)
    image = charts_operation.import_map(kw, 15, "2026-06", EN, False)["data"][0]
    assert image["z"].shape == (24, 2) and image["z"].dtype == np.int16
    assert image["z"][0, 0] == 150 and image["z"][23, 1] == 18_950
    big = charts_operation.import_map(np.full(24, 90_000.0), 60, "2026-06", EN, False)["data"][0]
    small = charts_operation.import_map(np.full(24, 7.25), 60, "2026-06", EN, False)["data"][0]
    assert small["z"].dtype == np.float32 and small["z"].max() == 7.25
    assert big["z"].dtype == np.int32 and big["z"].max() == 90_000


def test_tariff_prices_are_those_of_the_windows():
    tariff = library_tariff("cn_shanghai_10kv")
    prices = charts_inputs.tariff_prices(tariff, "weekday")
    assert prices.shape == (12, 48)
    season = tariff.season(7)
    expected = season.prices_per_kwh[season.period_at("weekday", 13 * 60)] + tariff.energy_adders_per_kwh
    assert prices[6, 26] == pytest.approx(expected * (1 + tariff.energy_tax_rate))


def test_spans_mean_what_they_say():
    study, trace = study_of("case_c"), trace_of("case_c")
    clock = study.dispatch.clock
    assert weeks.available(study, "hybrid") == weeks.MEANINGS
    assert weeks.available(study, "diesel") == ("typical",)
    outage = weeks.choose(study, "hybrid", 1, trace, "longest_outage", 7).steps(clock)
    longest = max(run.steps for run in weeks.outage_runs(study.dispatch.series.grid_up))
    assert (study.dispatch.series.grid_up[outage] == 0).sum() >= longest
    dull = weeks.choose(study, "hybrid", 1, trace, "cloudiest", 1)
    sun = weeks.by_day(study.dispatch.series.pv_kw_per_kwp, clock)
    assert sun[dull.first_day] == sun.min()
    peak = weeks.choose(study, "hybrid", 1, trace, "peak_bill", 1).steps(clock)
    month = int(study.bill.total[study.dispatch.row("hybrid"), :12].argmax())
    measured = weeks.measured_steps(study) & (clock.month_index == month)
    assert trace.import_kw[peak].max() >= trace.import_kw[measured].max()
    for days in (1, 7):
        for meaning in weeks.MEANINGS:
            span = weeks.choose(study, "hybrid", 1, trace, meaning, days)
            assert span.days == days and 0 <= span.first_day <= weeks.days_in_year(clock) - days
    with pytest.raises(ValueError, match="choose another"):
        weeks.choose(study, "diesel", 1, trace, "cloudiest", 7)


def test_billed_peaks_are_those_of_the_bill():
    study = study_of("case_c")
    peaks = weeks.peaks(study, "hybrid", 2)
    row = study.dispatch.row("hybrid")
    assert peaks.charge in study.bill.billed_kw
    assert peaks.kw == pytest.approx(study.bill.billed_kw[peaks.charge][row, 12:24])
    assert weeks.peaks(study, "diesel", 1).reason == "no_grid"


def test_outage_runs_by_hand():
    runs = weeks.outage_runs(np.array([1.0, 0, 0, 1, 0, 1, 1, 0]))
    assert [(run.first, run.steps) for run in runs] == [(1, 2), (4, 1), (7, 1)]


@pytest.mark.parametrize("low, high", [(0, 17.5), (0, 0.0032), (-50, 37.6), (11, 15.2), (0, 1e6), (3, 3)])
def test_ticks_are_round_and_cover_the_values(low: float, high: float):
    ticks = charts.nice_ticks(low, high)
    assert ticks[0] <= low and (ticks[-1] >= high or low == high)
    assert len(ticks) <= 8


def contrast(colour: str, page: str) -> float:
    light, dark = sorted((luminance(colour), luminance(page)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("colours", "least"), [(LIGHT, 3.0), (DARK, 4.5)])
def test_main_hues_and_text_stand_out_from_the_page(colours, least: float):
    for name in ("grid", "pv", "battery", "fuel", "unserved"):
        assert contrast(getattr(colours, name), colours.page) >= least, name
    assert contrast(colours.text, colours.page) >= 7 and contrast(colours.muted, colours.page) >= 4.5


def test_labels_inside_bars_take_the_better_ink():
    for colours in (LIGHT, DARK):
        for name in views.PARTS.values():
            colour = getattr(colours, name)
            inks = {ink: contrast(ink, colour) for ink in ("#FFFFFF", LIGHT.text)}
            assert inks[ink_on(colour)] == max(inks.values())


def test_blue_is_the_grid_in_both_palettes():
    for dark in (False, True):
        colours = palette(dark)
        blue = [getattr(colours, name) for name in ("grid", "demand", "works")]
        assert all(int(c[5:], 16) > int(c[1:3], 16) for c in blue)
        assert colours.alternatives["grid"] == colours.grid and colours.alternatives["hybrid"] == colours.battery
