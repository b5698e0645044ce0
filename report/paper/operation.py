"""Chapters about the plant at work: a day, the year's energy, and what an outage does."""

from __future__ import annotations

from finance.figures import figures_on
from report import views
from report.paper import charts as paper_charts
from report.paper import control as proposal_control
from report.paper import diagram
from report.paper.blocks import Block, Draft, chapter, chart, pair, small, table
from report.paper.strategy import strategy_blocks
from report.screen import operation as charts_operation
from report.text import say
from report.text.amounts import day_of_month
from report.text.financing import project_figure, rate
from sim.arrays import there
from sim.dispatch.lanes import site_set_kw
from sim.dispatch.outages import longest_h
from study import autonomy, weeks
from study.answer import NOTHING_KWH, full_load_kw, mix_title, ride_through_h
from study.project_figures import PROJECT_FIGURES


def operation(draft: Draft) -> Block:
    """Days by their meaning, and who does what in the first year."""
    return chapter(
        draft,
        "operation",
        say.say(mix_title(draft.study), draft.words, draft.currency),
        [
            small(draft.t("operation.label")),
            *_days(draft),
            small(_which_outages(draft)),
            table([draft.t("operation.what"), draft.t("operation.how")], _rules(draft), align="ll", widths=[1, 2.6]),
            *strategy_blocks(draft),
            *proposal_control.controls(draft),
        ],
    )


def _days(draft: Draft) -> list[Block]:
    """The legend of the day charts, and the charts, two side by side; a day that has two meanings is shown once."""
    study, words = draft.study, draft.words
    trace = study.dispatch.trace("hybrid", 1)
    seen, cells, bands = set(), [], set()
    for meaning in (m for m in weeks.MEANINGS if m in weeks.available(study, "hybrid")):
        span = weeks.choose(study, "hybrid", 1, trace, meaning, 1)
        if span.first_day in seen:
            continue
        seen.add(span.first_day)
        steps = span.steps(study.dispatch.clock)
        bands |= set(charts_operation.bands_kw(trace, steps))
        title = draft.t(f"operation.{meaning}", day=_day_of(draft, steps.start))
        picture = paper_charts.dispatch_day(study, trace, span, words)
        cells.append([chart(picture, draft.t("operation.day_alt", title=title), caption=title)])
    pairs = [pair(cells[k], cells[k + 1] if k + 1 < len(cells) else []) for k in range(0, len(cells), 2)]
    legend = charts_operation.band_legend(dict.fromkeys(bands), words, False)
    return [{"kind": "legend", "items": [{"label": label, "colour": colour} for label, colour in legend]}, *pairs]


def _rules(draft: Draft) -> list[tuple[str, str]]:
    """(what, how): control and order of the sources, the battery's figures, the sets' hours, how the load gives way."""
    study, words, scenario = draft.study, draft.words, draft.study.scenario
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
    return rows + proposal_control.giving_way(draft)


def _day_of(draft: Draft, step: int) -> str:
    clock = draft.study.dispatch.clock
    return day_of_month(draft.words, int(clock.calendar_month[step]), int(clock.day[step]))


def resilience(draft: Draft) -> Block:
    """Listed outages, how long the battery carries the load, what the sets can, and what stays without power."""
    quantities = [draft.t("load.quantity"), draft.t("load.value")]
    return chapter(
        draft,
        "resilience",
        _left_without(draft),
        [
            table(quantities, _island_rows(draft), align="ll", widths=[1, 1.6]),
            None if draft.study.dispatch.down.any() else small(draft.t("resilience.perfect")),
            _losses(draft),
            *_independence(draft),
        ],
    )


def _left_without(draft: Draft) -> str:
    """Whether a part of the hybrid's load is not served over the term."""
    own, scenario, words = draft.study.kpis["hybrid"], draft.study.scenario, draft.words
    if own.unserved_kwh <= NOTHING_KWH and scenario.compute.shed_in_outages:
        return words.t("paper.resilience.paused")
    if own.unserved_kwh <= NOTHING_KWH:
        return draft.t("resilience.all_served")
    energy, term = say.energy(own.unserved_kwh, words), say.term(scenario.site.term_months, words)
    return draft.t("resilience.some_left", energy=energy, term=term)


def _island_rows(draft: Draft) -> list[tuple[str, str]]:
    """(what, how much): the outages, the load, how long the battery carries it, what the sets can."""
    study, scenario, words = draft.study, draft.study.scenario, draft.words
    full = ride_through_h(study)
    kept = ride_through_h(study, scenario.dispatch.reserve_fraction)
    rows = [
        (draft.t("resilience.outages"), _outages_text(draft)),
        (draft.t("resilience.peak"), say.power(full_load_kw(study), words)),
        (
            draft.t("resilience.full"),
            say.duration(full.value, words) if full.value is not None else words.t(f"answers.missing.{full.reason}"),
        ),
    ]
    if full.value is not None and kept.value is not None:
        health = float(study.dispatch.life.health.min())
        rows.append((draft.t("resilience.reserve"), say.duration(kept.value, words)))
        rows.append((draft.t("resilience.aged"), say.duration(kept.value * health, words)))
    sets_kw = scenario.genset.last_resort_sets * site_set_kw(scenario)
    share = say.share(min(1.0, sets_kw / full_load_kw(study)) if full_load_kw(study) > 0 else 0.0, words)
    sets = draft.t("resilience.sets_text", power=say.power(sets_kw, words), share=share)
    return [*rows, (draft.t("resilience.sets"), sets)]


def _losses(draft: Draft) -> Block:
    """What each alternative leaves without power over the term."""
    study, scenario, words = draft.study, draft.study.scenario, draft.words
    losses = figures_on("losses")
    rows = [
        [draft.name(name), *(draft.key_figure(row.key, name) for row in losses)]
        for name in views.alternatives_in_order(study)
    ]
    head = [draft.t("resilience.alternative"), *(say.figure_name(row, words) for row in losses)]
    counted = draft.t("resilience.counted" if scenario.finance.count_unserved else "resilience.not_counted")
    term = draft.t("resilience.table", term=say.term(scenario.site.term_months, words))
    return table(head, rows, caption=say.joined((term, counted), words))


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
            saifi=words.number(there(grid.saifi_per_year, "SAIFI")),
            saidi=words.number(there(grid.saidi_h_per_year, "SAIDI"), words.t("charts.unit.h")),
            longest=say.duration(longest_h(draft.study.dispatch), words),
        )
    if not outages:
        return draft.t("resilience.none_listed")
    hours = [outage.duration_h for outage in outages]
    total, longest = (say.duration(value, draft.words) for value in (sum(hours), max(hours)))
    return draft.t("resilience.listed", n=len(hours), total=total, longest=longest)
