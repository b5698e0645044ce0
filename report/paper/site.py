"""Chapters about the site as it is: its bill, or what its diesel costs, and its load."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from report import sentences, views
from report.palette import LIGHT
from report.paper import charts as paper_charts
from report.paper.blocks import Block, Draft, chapter, chart, heading, pair, prose, small, table, table_scale
from report.screen import cost as charts_cost
from report.text import bills as real_bills_text
from report.text import inputs as register_text
from report.text import say
from report.text.amounts import month_name
from sim.arrays import sum_of
from study.real_bills import compare, verdict
from study.site_year import full_year, under

MOST_PERIODS = 6


def bill(draft: Draft) -> Block:
    """What the client pays without the project: the baseline's utility bill, or its costs where it has no grid."""
    study = draft.study
    parts = views.bill_parts(study, study.baseline, 1)
    return _bill_of_grid(draft, parts) if parts else _cost_of_diesel(draft)


def _bill_of_grid(draft: Draft, parts: dict) -> Block:
    study, words = draft.study, draft.words
    total = sum(values.sum() for values in parts.values())
    legend = [(views.bill_label(key, words), colour) for key, colour in charts_cost.bill_colours(parts, LIGHT).items()]
    return chapter(
        draft,
        "bill",
        sentences.bill_title(parts, words),
        [
            prose(
                draft.t(
                    "bill.intro",
                    baseline=draft.name(study.baseline),
                    tariff=say.own_name(study.scenario.tariff, words),
                    total=draft.money(total),
                )
            ),
            chart(
                paper_charts.bill_stack(study, study.baseline, words),
                draft.t("bill.alt", baseline=draft.baseline, total=draft.money(total)),
                caption=draft.t("bill.chart", baseline=draft.baseline),
                legend=legend,
            ),
            _bill_table(draft, parts),
            small(say.joined(_not_billed(draft), words)) if _not_billed(draft) else None,
            small(draft.t("bill.contract_note"))
            if study.scenario.tariff.demand_basis == "max_demand" and study.scenario.site.country == "CN"
            else None,
            *_real_bills(draft),
        ],
    )


def _bill_table(draft: Draft, parts: dict) -> Block:
    """Energy and cost of each month of the first year, with their sums."""
    study, words = draft.study, draft.words
    scale = table_scale(draft, float(sum_of(np.abs(values) for values in parts.values()).max()))
    months = views.bill_months(study, 1, words)
    taken_mwh = _energy_columns(draft, study.dispatch.import_kwh[draft.base_row, : len(months)] / 1000)
    head = [
        draft.t("bill.month"),
        *taken_mwh,
        *(views.bill_label(key, words) for key in parts),
        words.t("answers.money.total"),
    ]
    rows = [
        [name, *(words.number(float(mwh[m]), decimals=1) for mwh in taken_mwh.values())]
        + [scale.text(values[m]) for values in parts.values()]
        + [scale.text(sum(values[m] for values in parts.values()))]
        for m, name in enumerate(months)
    ]
    sums = [words.t("answers.money.total")]
    sums += [words.number(float(mwh.sum()), decimals=1) for mwh in taken_mwh.values()]
    total = sum(values.sum() for values in parts.values())
    rows.append([*sums, *(scale.text(values.sum()) for values in parts.values()), scale.text(total)])
    return table(head, rows, caption=draft.t("bill.table", unit=scale.unit), strong=[len(rows) - 1])


def _not_billed(draft: Draft) -> list[str]:
    """What the modelled bill cannot hold as given."""
    scenario = draft.study.scenario
    found = [] if scenario.bills else [draft.t("bill.not_given")]
    return found if scenario.grid.power_factor is not None else [*found, draft.words.t("paper.no_factor")]


def _energy_columns(draft: Draft, mwh: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Energy (months,) by price period, by heading; in one column where a price curve has many periods."""
    names, words = draft.study.dispatch.classes.names, draft.words
    used = [k for k in range(mwh.shape[1]) if mwh[:, k].sum() > 0]
    if len(used) > MOST_PERIODS:
        return {words.t("bills.paper.energy"): mwh.sum(axis=1)}
    return {f"{register_text.period(names[k], words)}, MWh": mwh[:, k] for k in used}


def _real_bills(draft: Draft) -> list[Block]:
    """The client's own bills beside the modelled ones, where the scenario has some."""
    scenario, words = draft.study.scenario, draft.words
    if not scenario.bills:
        return []
    found = compare(scenario.bills, under(full_year(scenario), scenario.tariff))
    said = verdict(found)
    if said is None:
        return []
    head = [words.t(f"bills.column.{name}") for name in real_bills_text.COLUMNS]
    vat = words.t(f"bills.vat_{scenario.finance.vat_basis}")
    caption = words.t("bills.paper.caption", vat=vat, currency=draft.currency)
    return [
        heading(real_bills_text.title(said, words)),
        prose(real_bills_text.because(said, words)),
        table(head, real_bills_text.rows(found, words), caption=caption),
    ]


def _cost_of_diesel(draft: Draft) -> Block:
    """The baseline's costs by period, for a plan that has no utility bill."""
    study, words = draft.study, draft.words
    parts = views.period_parts(study, study.baseline)
    own = study.kpis[study.baseline]
    labels = views.period_labels(study, words)
    scale = table_scale(draft, float(sum_of(np.abs(values) for values in parts.values()).max()))
    head = [draft.t("bill.period"), *(words.t(f"charts.part.{key}") for key in parts), words.t("answers.money.total")]
    rows = [
        [
            label,
            *(scale.text(values[k]) for values in parts.values()),
            scale.text(sum(values[k] for values in parts.values())),
        ]
        for k, label in enumerate(labels)
    ]
    sums = [scale.text(values.sum()) for values in parts.values()]
    rows.append([words.t("answers.money.total"), *sums, scale.text(own.total_cost)])
    return chapter(
        draft,
        "bill",
        sentences.lines_title(study, study.baseline, words),
        [
            prose(
                draft.t(
                    "bill.intro_diesel",
                    baseline=draft.baseline,
                    total=draft.money(own.total_cost),
                    fuel=words.number(own.diesel_l, "L"),
                )
            ),
            chart(
                paper_charts.cost_by_month(study, study.baseline, words),
                draft.t("bill.alt_diesel", baseline=draft.baseline, total=draft.money(own.total_cost)),
                caption=draft.t("bill.chart_diesel", baseline=draft.baseline),
                legend=charts_cost.part_legend(parts, words, False),
            ),
            table(head, rows, caption=draft.t("bill.table_diesel", unit=scale.unit), strong=[len(rows) - 1]),
            *_real_bills(draft),
        ],
    )


def load(draft: Draft) -> Block:
    """Size, shape and quality of the load."""
    study, words, kw = draft.study, draft.words, draft.study.dispatch.series.load_kw
    peak, mean = say.power(float(kw.max()), words), say.power(float(kw.mean()), words)
    factor = _load_factor(draft)
    limit = say.power(study.scenario.grid.import_limit_kw, words)
    return chapter(
        draft,
        "load",
        words.t("inputs.load.preview", peak=peak, mean=mean, percent=words.percent(factor)),
        [
            table([draft.t("load.quantity"), draft.t("load.value")], _load_rows(draft), align="ll", widths=[1, 2.2]),
            pair(
                [chart(paper_charts.load_map(study, words), draft.t("load.map_alt"), caption=_map_caption(draft))],
                [
                    chart(
                        paper_charts.duration_curve(study, words),
                        draft.t("load.curve_alt", limit=limit),
                        caption=draft.t("load.curve", limit=limit),
                    )
                ],
            ),
            small(draft.t("load.flat")) if factor > 0.85 else None,
        ],
    )


def _load_factor(draft: Draft) -> float:
    """Mean over peak of the load, 0 without load."""
    kw = draft.study.dispatch.series.load_kw
    peak = float(kw.max())
    return float(kw.mean()) / peak if peak else 0.0


def _load_rows(draft: Draft) -> list[tuple[str, str]]:
    """(what, how much) of the load: peak and when, mean, load factor, energy, steepest step, growth, quality."""
    words, given = draft.words, draft.study.scenario.load
    clock, kw = draft.study.dispatch.clock, draft.study.dispatch.series.load_kw
    at = int(kw.argmax())
    when = draft.t(
        "load.when",
        day=int(clock.day[at]),
        month=month_name(words, int(clock.calendar_month[at])),
        hour=f"{int(clock.minute_of_day[at]) // 60:02d}:{int(clock.minute_of_day[at]) % 60:02d}",
    )
    steepest = float(np.abs(np.diff(kw)).max()) if kw.size > 1 else 0.0
    return [
        (draft.t("load.peak"), f"{say.power(float(kw.max()), words)}{words.t('control.comma')}{when}"),
        (draft.t("load.mean"), say.power(float(kw.mean()), words)),
        (draft.t("load.factor"), words.percent(_load_factor(draft))),
        (draft.t("load.energy"), say.energy(float(kw.sum()) * clock.step_h, words)),
        (
            draft.t("load.ramp"),
            draft.t("load.ramp_value", power=say.power(steepest, words), minutes=clock.step_minutes),
        ),
        (draft.t("load.growth"), words.percent(given.growth_per_year)),
        (draft.t("load.steps"), _ramp_text(draft)),
        (
            draft.t("load.quality"),
            draft.t("load.measured", name=given.meter.file_name, year=given.meter.year)
            if given.kind == "meter" and given.meter
            else draft.t("load.modelled", kind=words.t(f"inputs.choice.load.kind.{given.kind}")),
        ),
    ]


def _map_caption(draft: Draft) -> str:
    values = paper_charts.mean_load_mw(draft.study) * 1000
    low, high = (say.power(float(value), draft.words) for value in (values.min(), values.max()))
    return draft.t("load.map", low=low, high=high)


def _ramp_text(draft: Draft) -> str:
    steps = draft.study.scenario.load.ramp
    if not steps:
        return draft.t("load.no_ramp")
    texts = [draft.t("load.ramp_step", month=step.month, share=say.share(step.fraction, draft.words)) for step in steps]
    return say.listed(texts, draft.words)
