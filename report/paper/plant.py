"""Chapters about the plant: the alternatives side by side, and the solution with its sizes and equipment."""

from __future__ import annotations

from finance.figures import FIGURES, figures_on
from report import sentences, views
from report.palette import LIGHT
from report.paper import charts as paper_charts
from report.paper import diagram
from report.paper.blocks import Block, Draft, chapter, chart, heading, pair, prose, small, table
from report.screen import operation as charts_operation
from report.text import levers as lever_text
from report.text import say
from sim.plant.battery import available, usable_kwh, window_kwh
from study.answer import mix_title, stack_title
from study.decision import decision

SAME_WORTH = 1e-4  # of the baseline's cost: NPVs that lie closer are the same


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
    if len(studies) < 2:
        return []
    worth = [decision(one).margin for one in studies]
    best, own = max(range(len(studies)), key=worth.__getitem__), studies.index(study)
    cost, rival = study.kpis[decision(study).rival].present_cost, say.name(decision(study).rival, words)
    key = "best" if best == own else "other"
    key = "close" if max(worth) - min(worth) < SAME_WORTH * cost else key
    sizes = [say.energy(one.scenario.storage.energy_kwh, words) for one in studies]
    compared = [FIGURES["capex"], *figures_on("lead")]
    rows = [
        [
            f"{size} / {say.power(one.scenario.storage.power_kw, words)}",
            *(draft.figure(row, sentences.decision_figure(one, row)) for row in compared),
        ]
        for size, one in zip(sizes, studies, strict=True)
    ]
    return [
        heading(words.t(f"paper.sizes.{key}", size=sizes[best], worth=draft.money(worth[best]))),
        table(
            [words.t("paper.sizes.size"), *(say.figure_name(row, words) for row in compared)],
            rows,
            caption=words.t("paper.sizes.caption", rival=rival),
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

    def add(key: str, rating: str, quantity: str, **values: str) -> None:
        standard = words.lookup(f"proposal.standard.{key}_{country}") or words.lookup(f"proposal.standard.{key}") or ""
        rows.append([draft.t(f"solution.{key}", **values), rating, quantity, standard or draft.t("standard.agreed")])

    if "grid" in found:
        add("grid", say.power(scenario.grid.import_limit_kw, words), "1")
        if scenario.grid.transformer_kva:
            add("transformer", words.number(scenario.grid.transformer_kva, "kVA"), draft.t("solution.in_all"))
    if "pv" in found:
        size = lever_text.value_text(draft.study, "pv.dc_kwp", scenario.pv.dc_kwp, words)
        area = words.number(scenario.pv.hectares, draft.t("diagram.hectare"))
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
        kind = words.t(f"inputs.choice.genset.rating.{scenario.genset.rating}")
        add("genset", say.power(scenario.genset.set_kw, words), str(scenario.genset.last_resort_sets), kind=kind)
    return rows
