"""The chapters an engineer reads: bill, load, alternatives, solution, operation, resilience."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from finance.figures import FIGURES, figures_on
from report import sentences, views
from report.palette import LIGHT
from report.paper import charts as paper_charts
from report.paper import control as proposal_control
from report.paper import diagram
from report.paper.blocks import Block, Draft, bullets, chapter, chart, heading, pair, prose, small, table, table_scale
from report.paper.strategy import strategy_blocks
from report.screen import cost as charts_cost
from report.screen import operation as charts_operation
from report.text import bills as real_bills_text
from report.text import inputs as register_text
from report.text import levers as lever_text
from report.text import say
from report.text.amounts import day_of_month, month_name
from report.text.financing import project_figure, rate
from sim.dispatch.lanes import site_set_kw
from sim.dispatch.outages import longest_h
from sim.plant.battery import available, usable_kwh, window_kwh
from study import autonomy, weeks
from study.answer import NOTHING_KWH, clash, full_load_kw, mix_title, remarks, ride_through_h, stack_title
from study.project_figures import PROJECT_FIGURES
from study.real_bills import compare, verdict
from study.site_year import full_year, under

MOST_PERIODS = 6
SAME_WORTH = 1e-4  # of the baseline's cost: NPVs that lie closer are the same


def bill(draft: Draft) -> Block:
    """What the client pays without the project: the baseline's utility bill, or its costs where it has no grid."""
    study = draft.study
    parts = views.bill_parts(study, study.baseline, 1)
    return _bill_of_grid(draft, parts) if parts else _cost_of_diesel(draft)


def _bill_of_grid(draft: Draft, parts: dict) -> Block:
    study, words = draft.study, draft.words
    total = sum(values.sum() for values in parts.values())
    main = max(parts, key=lambda key: parts[key].sum())
    finding = words.t(
        "answers.money.bill_title",
        part=views.bill_label(main, words),
        share=say.share(float(parts[main].sum() / total), words),
    )
    scale = table_scale(draft, float(sum(np.abs(values) for values in parts.values()).max()))
    months, row = views.bill_months(study, 1, words), draft.base_row
    energies = study.dispatch.import_kwh[row, : len(months)]
    taken_mwh = _energy_columns(draft, energies / 1000)
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
    rows.append([*sums, *(scale.text(values.sum()) for values in parts.values()), scale.text(total)])
    legend = [(views.bill_label(key, words), colour) for key, colour in charts_cost.bill_colours(parts, LIGHT).items()]
    return chapter(
        draft,
        "bill",
        finding,
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
            table(head, rows, caption=draft.t("bill.table", unit=scale.unit), strong=[len(rows) - 1]),
            small(say.joined(_not_billed(draft), words)) if _not_billed(draft) else None,
            small(draft.t("bill.contract_note"))
            if study.scenario.tariff.demand_basis == "max_demand" and study.scenario.site.country == "CN"
            else None,
            *_real_bills(draft),
        ],
    )


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
    main = max(parts, key=lambda key: parts[key].sum())
    finding = words.t(
        "answers.money.lines_title",
        name=draft.name(study.baseline),
        part=words.t(f"charts.part.{main}"),
        share=say.share(float(parts[main].sum() / own.total_cost), words),
    )
    labels = views.period_labels(study, words)
    scale = table_scale(draft, float(sum(np.abs(values) for values in parts.values()).max()))
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
        finding,
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
    study, words, scenario = draft.study, draft.words, draft.study.scenario
    clock, kw = study.dispatch.clock, study.dispatch.series.load_kw
    peak, mean = float(kw.max()), float(kw.mean())
    factor = mean / peak if peak else 0.0
    at = int(kw.argmax())
    when = draft.t(
        "load.when",
        day=int(clock.day[at]),
        month=month_name(words, int(clock.calendar_month[at])),
        hour=f"{int(clock.minute_of_day[at]) // 60:02d}:{int(clock.minute_of_day[at]) % 60:02d}",
    )
    steepest = float(np.abs(np.diff(kw)).max()) if kw.size > 1 else 0.0
    rows = [
        (draft.t("load.peak"), f"{say.power(peak, words)}{words.t('control.comma')}{when}"),
        (draft.t("load.mean"), say.power(mean, words)),
        (draft.t("load.factor"), words.percent(factor)),
        (draft.t("load.energy"), say.energy(float(kw.sum()) * clock.step_h, words)),
        (
            draft.t("load.ramp"),
            draft.t("load.ramp_value", power=say.power(steepest, words), minutes=clock.step_minutes),
        ),
        (draft.t("load.growth"), words.percent(scenario.load.growth_per_year)),
        (draft.t("load.steps"), _ramp_text(draft)),
        (
            draft.t("load.quality"),
            draft.t("load.measured", name=scenario.load.meter.file_name, year=scenario.load.meter.year)
            if scenario.load.kind == "meter" and scenario.load.meter
            else draft.t("load.modelled", kind=words.t(f"inputs.choice.load.kind.{scenario.load.kind}")),
        ),
    ]
    finding = words.t(
        "inputs.load.preview", peak=say.power(peak, words), mean=say.power(mean, words), percent=words.percent(factor)
    )
    limit = say.power(scenario.grid.import_limit_kw, words)
    return chapter(
        draft,
        "load",
        finding,
        [
            table([draft.t("load.quantity"), draft.t("load.value")], rows, align="ll", widths=[1, 2.2]),
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


def alternatives(draft: Draft) -> Block:
    """The four on the same load, side by side."""
    study, words = draft.study, draft.words
    order = views.alternatives_in_order(study)
    head = [words.t("answers.money.figure"), *(draft.name(name) for name in order)]
    rows = [
        [say.figure_name(row, words), *(draft.figure(row, study.kpis[name].figure(row.key)) for name in order)]
        for row in figures_on("paper")
    ]
    rows.append([draft.t("alternatives.ready"), *(_ready(draft, name) for name in order)])
    shares = charts_operation.mix_shares(study)
    legend = [
        (words.t(f"charts.flow.{key}"), getattr(LIGHT, colour))
        for key, colour in charts_operation.MIX
        if shares[key].any()
    ]
    notes = [say.say(remark, words, draft.currency) for remark in remarks(study)]
    found = clash(study)
    return chapter(
        draft,
        "alternatives",
        say.say(stack_title(study), words, draft.currency),
        [
            prose(draft.t("alternatives.intro", baseline=draft.baseline)),
            table(
                head,
                rows,
                caption=draft.t(
                    "alternatives.table",
                    baseline=draft.baseline,
                    rate=words.percent(study.scenario.finance.discount_rate),
                ),
                widths=[1.7, 1, 1, 1, 1],
            ),
            bullets(notes) if notes else None,
            prose(say.say(found, words, draft.currency).replace("**", "")) if found else None,
            heading(say.say(mix_title(study), words, draft.currency)),
            chart(
                paper_charts.energy_mix(study, words),
                sentences.mix_alt(study, words, shares),
                caption=words.t("answers.mix.note"),
                legend=legend,
            ),
        ],
    )


def _ready(draft: Draft, alternative: str) -> str:
    """When the plan can carry the load: sets at once, the grid when its works are done."""
    month = draft.study.scenario.grid.ready_month
    if alternative == "diesel" or month == 0:
        return draft.t("alternatives.at_once")
    key = "alternatives.after" if alternative == "grid" else "alternatives.sets_until"
    return draft.t(key, n=month)


def solution(draft: Draft) -> Block:
    """The diagram, the equipment and the energy that is really there."""
    study, scenario, words = draft.study, draft.study.scenario, draft.words
    blocks: list[Block | None] = [
        chart(
            diagram.single_line(scenario, words), diagram.describe(scenario, words), caption=draft.t("solution.diagram")
        ),
        table(
            [
                draft.t("solution.item"),
                draft.t("solution.rating"),
                draft.t("solution.quantity"),
                draft.t("solution.standard"),
            ],
            _equipment(draft),
            caption=draft.t("solution.table"),
            align="llll",
            widths=[1.2, 1.6, 0.8, 2],
        ),
        small(draft.t("solution.standards_note")),
    ]
    if scenario.storage.exists:
        rungs = energy_rungs(draft)
        text = say.listed((f"{label} {say.energy(value, words)}" for label, value in rungs), draft.words)
        blocks.append(
            pair(
                [chart(paper_charts.energy_ladder(rungs, words), text, caption=draft.t("solution.ladder"))],
                [
                    chart(
                        paper_charts.health_curve(study, words),
                        draft.t("solution.health_alt", share=say.share(float(study.dispatch.life.health[-1]), words)),
                        caption=draft.t(
                            "solution.health", share=say.share(scenario.storage.end_of_life_fraction, words)
                        ),
                    )
                ],
            )
        )
        blocks.append(prose(_replaced(draft)))
    blocks += _sizes(draft)
    return chapter(draft, "solution", _solution_finding(draft), blocks)


def _sizes(draft: Draft) -> list[Block]:
    """Why not bigger: the same plant with other batteries."""
    study, words = draft.study, draft.words
    studies = draft.extra.sizes if draft.extra else ()
    if len(studies) < 2 or study.kpis["hybrid"].worth is None:
        return []
    worth = [one.kpis["hybrid"].worth or 0.0 for one in studies]
    best, own = max(range(len(studies)), key=worth.__getitem__), studies.index(study)
    cost = study.kpis[study.baseline].total_cost
    key = "best" if best == own else "other"
    key = "close" if max(worth) - min(worth) < SAME_WORTH * cost else key
    sizes = [say.energy(one.scenario.storage.energy_kwh, words) for one in studies]
    compared = [FIGURES["capex"], *figures_on("lead")]
    rows = [
        [
            f"{size} / {say.power(one.scenario.storage.power_kw, words)}",
            *(draft.figure(row, one.kpis["hybrid"].figure(row.key)) for row in compared),
        ]
        for size, one in zip(sizes, studies, strict=True)
    ]
    return [
        heading(words.t(f"paper.sizes.{key}", size=sizes[best], worth=draft.money(worth[best]))),
        table(
            [words.t("paper.sizes.size"), *(say.figure_name(row, words) for row in compared)],
            rows,
            caption=words.t("paper.sizes.caption", baseline=draft.baseline),
            widths=[1.3, 0.9, 1.25, 1.25, 0.9],
            strong=[own],
        ),
        small(words.t("paper.sizes.note")),
    ]


def _solution_finding(draft: Draft) -> str:
    scenario, words = draft.study.scenario, draft.words
    if not scenario.storage.exists:
        return draft.t("solution.finding_none")
    rungs = energy_rungs(draft)
    return draft.t("solution.finding", nameplate=say.energy(rungs[0][1], words), end=say.energy(rungs[-1][1], words))


def energy_rungs(draft: Draft) -> list[tuple[str, float]]:
    """Nameplate, that of the cabinets counted on where they are fewer, the window of charge, what reaches the bus when
    new and in the year of the worst health, kWh."""
    storage, health = draft.study.scenario.storage, draft.study.dispatch.life.health
    counted, at_bus, lowest = available(storage)[1], usable_kwh(storage), int(health.argmin())
    rungs = {
        draft.t("solution.nameplate"): storage.energy_kwh,
        draft.t("solution.counted"): counted,
        draft.t("solution.window"): window_kwh(storage),
        draft.t("solution.at_bus"): at_bus,
    }
    if counted == storage.energy_kwh:
        del rungs[draft.t("solution.counted")]
    if health.size > 1:
        rungs[draft.t("solution.lowest", n=lowest + 1)] = at_bus * float(health[lowest])
    return list(rungs.items())


def _replaced(draft: Draft) -> str:
    life = draft.study.dispatch.life
    found = {"replaced": life.replaced_in, "added": life.added_in}
    texts = [
        draft.t(f"solution.{key}", years=say.listed((str(year) for year in years), draft.words))
        for key, years in found.items()
        if years
    ]
    return say.joined(texts, draft.words) or draft.t("solution.not_replaced")


def _equipment(draft: Draft) -> list[list[str]]:
    """Item, rating, quantity, standards; only what the scenario has."""
    scenario, words = draft.study.scenario, draft.words
    rows = []
    found = diagram.sources(scenario)
    country = "cn" if scenario.site.country == "CN" else "abroad"

    def add(key: str, rating: str, quantity: str) -> None:
        standard = words.lookup(f"proposal.standard.{key}_{country}") or words.lookup(f"proposal.standard.{key}") or ""
        rows.append([draft.t(f"solution.{key}"), rating, quantity, standard or draft.t("standard.agreed")])

    if "grid" in found:
        add("grid", say.power(scenario.grid.import_limit_kw, words), "1")
        if scenario.grid.transformer_kva:
            add("transformer", words.number(scenario.grid.transformer_kva, "kVA"), draft.t("solution.in_all"))
    if "pv" in found:
        hectares = scenario.pv.dc_kwp / 1000 * scenario.pv.area_m2_per_mwp / 10_000
        size = lever_text.value_text(draft.study, "pv.dc_kwp", scenario.pv.dc_kwp, words)
        area = words.number(hectares, draft.t("diagram.hectare"))
        add(
            "pv",
            draft.t("solution.pv_rating", size=size, ratio=words.number(scenario.pv.dc_ac_ratio), area=area),
            draft.t("solution.in_all"),
        )
    if "battery" in found:
        unit = diagram.cabinets(scenario.storage)
        add("battery", say.energy(unit.kwh, words), str(unit.count))
        add("pcs", say.power(scenario.storage.power_kw, words), draft.t("solution.in_all"))
        add("ems", draft.t("solution.ems_rating"), "1")
    if "diesel" in found:
        add("genset", say.power(scenario.genset.set_kw, words), str(scenario.genset.last_resort_sets))
    return rows


def operation(draft: Draft) -> Block:
    """Days by their meaning, and who does what in the first year."""
    study, words, scenario = draft.study, draft.words, draft.study.scenario
    trace = study.dispatch.trace("hybrid", 1)
    seen, cells, bands = set(), [], set()
    for meaning in (m for m in weeks.MEANINGS if m in weeks.available(study, "hybrid")):
        span = weeks.choose(study, "hybrid", 1, trace, meaning, 1)
        if span.first_day in seen:
            continue
        seen.add(span.first_day)
        steps = span.steps(study.dispatch.clock)
        bands |= set(charts_operation.bands_kw(trace, steps))
        day = _day_of(draft, steps.start)
        title = draft.t(f"operation.{meaning}", day=day)
        cells.append(
            [
                chart(
                    paper_charts.dispatch_day(study, trace, span, words),
                    draft.t("operation.day_alt", title=title),
                    caption=title,
                )
            ]
        )
    pairs = [pair(cells[k], cells[k + 1] if k + 1 < len(cells) else []) for k in range(0, len(cells), 2)]
    legend = charts_operation.band_legend(dict.fromkeys(bands), words, False)
    rows = [
        (draft.t("operation.control"), draft.t(f"operation.control_{scenario.dispatch.arbitrage}")),
        (draft.t("operation.order"), proposal_control.order_text(draft, diagram.sources(scenario))),
    ]
    if scenario.storage.exists:
        rows += [
            (
                draft.t("operation.reserve"),
                draft.t("operation.reserve_text", share=say.share(scenario.dispatch.reserve_fraction, words)),
            ),
            *(
                (say.figure_name(row, words), project_figure(row, study, words))
                for row in figures_on("storage", PROJECT_FIGURES)
                if not row.is_money
            ),
        ]
    if "diesel" in diagram.sources(scenario):
        text = draft.t(
            "operation.sets_text",
            hours=draft.key_figure("genset_run_h"),
            starts=draft.key_figure("genset_starts"),
            fuel=draft.key_figure("diesel_l"),
        )
        rows.append((draft.t("operation.sets"), text))
    rows += proposal_control.giving_way(draft)
    return chapter(
        draft,
        "operation",
        say.say(mix_title(study), words, draft.currency),
        [
            small(draft.t("operation.label")),
            {"kind": "legend", "items": [{"label": label, "colour": colour} for label, colour in legend]},
            *pairs,
            small(_which_outages(draft)),
            table([draft.t("operation.what"), draft.t("operation.how")], rows, align="ll", widths=[1, 2.6]),
            *strategy_blocks(draft),
            *proposal_control.controls(draft),
        ],
    )


def _day_of(draft: Draft, step: int) -> str:
    clock = draft.study.dispatch.clock
    return day_of_month(draft.words, int(clock.calendar_month[step]), int(clock.day[step]))


def resilience(draft: Draft) -> Block:
    """Listed outages, how long the battery carries the load, what the sets can, and what stays without power."""
    study, scenario, words = draft.study, draft.study.scenario, draft.words
    full = ride_through_h(study)
    kept = ride_through_h(study, scenario.dispatch.reserve_fraction)
    health = float(study.dispatch.life.health.min())
    sets_kw = scenario.genset.last_resort_sets * site_set_kw(scenario)
    rows = [
        (draft.t("resilience.outages"), _outages_text(draft)),
        (draft.t("resilience.peak"), say.power(full_load_kw(study), words)),
        (
            draft.t("resilience.full"),
            say.duration(full.value, words) if full.value is not None else words.t(f"answers.missing.{full.reason}"),
        ),
    ]
    if full.value is not None and kept.value is not None:
        rows.append((draft.t("resilience.reserve"), say.duration(kept.value, words)))
        rows.append((draft.t("resilience.aged"), say.duration(kept.value * health, words)))
    share = say.share(min(1.0, sets_kw / full_load_kw(study)) if full_load_kw(study) > 0 else 0.0, words)
    rows.append(
        (draft.t("resilience.sets"), draft.t("resilience.sets_text", power=say.power(sets_kw, words), share=share))
    )
    losses = figures_on("losses")
    head = [draft.t("resilience.alternative"), *(say.figure_name(row, words) for row in losses)]
    left = [
        [draft.name(name), *(draft.key_figure(row.key, name) for row in losses)]
        for name in views.alternatives_in_order(study)
    ]
    own = study.kpis["hybrid"]
    finding = (
        words.t("paper.resilience.paused")
        if own.unserved_kwh <= NOTHING_KWH and scenario.compute.shed_in_outages
        else draft.t("resilience.all_served")
        if own.unserved_kwh <= NOTHING_KWH
        else draft.t(
            "resilience.some_left",
            energy=say.energy(own.unserved_kwh, words),
            term=say.term(scenario.site.term_months, words),
        )
    )
    counted = draft.t("resilience.counted" if scenario.finance.count_unserved else "resilience.not_counted")
    return chapter(
        draft,
        "resilience",
        finding,
        [
            table([draft.t("load.quantity"), draft.t("load.value")], rows, align="ll", widths=[1, 1.6]),
            None if study.dispatch.down.any() else small(draft.t("resilience.perfect")),
            table(
                head,
                left,
                caption=say.joined(
                    (draft.t("resilience.table", term=say.term(scenario.site.term_months, words)), counted), words
                ),
            ),
            *_independence(draft),
        ],
    )


def _independence(draft: Draft) -> list[Block]:
    """What each alternative makes itself, what shocks add to its first year, and how long the hybrid's tanks last."""
    words, found = draft.words, autonomy.autonomy(draft.study)
    head = [draft.t("resilience.alternative"), words.t("autonomy.row.self_supply")]
    head += [words.t(f"autonomy.shock.{shock}") for shock in autonomy.SHOCKS]
    rows = [
        [draft.name(name), rate(own.self_supply, words)]
        + [say.change(own.shock_fraction[shock], words) for shock in autonomy.SHOCKS]
        for name, own in ((name, found[name]) for name in views.alternatives_in_order(draft.study))
    ]
    blocks = [table(head, rows, caption=words.t("autonomy.paper.caption"), widths=[1.2, 1, 1.3, 1.1, 1.2])]
    days = found["hybrid"].fuel_days
    if days is not None:
        blocks.append(small(words.t("autonomy.paper.tank", time=say.duration(days * 24, words))))
    return blocks


def _which_outages(draft: Draft) -> str:
    """What the day charts show of the outages: those of the first year."""
    if not draft.study.dispatch.down.any():
        return draft.t("operation.no_outage")
    drawn = draft.study.scenario.grid.outage_source == "statistics"
    return draft.t("operation.first_year_drawn" if drawn else "operation.first_year")


def _outages_text(draft: Draft) -> str:
    grid, outages, words = draft.study.scenario.grid, draft.study.scenario.grid.outages, draft.words
    if grid.outage_source == "statistics":
        return draft.t(
            "resilience.drawn",
            saifi=words.number(grid.saifi_per_year),
            saidi=words.number(grid.saidi_h_per_year, words.t("charts.unit.h")),
            longest=say.duration(longest_h(draft.study.dispatch), words),
        )
    if not outages:
        return draft.t("resilience.none_listed")
    hours = [outage.duration_h for outage in outages]
    total, longest = (say.duration(value, draft.words) for value in (sum(hours), max(hours)))
    return draft.t("resilience.listed", n=len(hours), total=total, longest=longest)
