"""The chapters for purchasing and permits, and the annex: papers still missing, tariff, every input with source."""

from __future__ import annotations

from report.paper import diagram
from report.paper.blocks import Block, Draft, bullets, chapter, heading, prose, small, table, ticks
from report.paper.front import day_text, papers, project_name, tariff_text
from report.paper.offer import printable
from report.text import inputs as register_text
from report.text import say
from report.text.amounts import month_name
from sim.inputs.register import Input, register
from sim.tariff.market import monthly_spread, week_error
from study.financing import overall_efficiency

PERMITS = {
    "CN": ("design", "safety", "connection", "cells", "argument", "spacing", "datacentre", "diesel", "filing"),
    "": ("nfpa", "ul9540a", "iec", "insurer", "spacing_abroad", "connection_abroad", "diesel_abroad"),
}
STEPS = ("survey", "design", "grid", "delivery", "tests", "handover")
TESTED = ("grid", "pv", "battery", "diesel")
MOST_ASKED = 10
GUARANTEES = ("efficiency", "capacity", "availability", "transfer")


def permits(draft: Draft) -> Block:
    """Requirement, edition, status, who: what has to be shown, not what is promised."""
    country = draft.study.scenario.site.country
    keys = PERMITS.get(country, PERMITS[""])
    has = diagram.sources(draft.study.scenario)
    left_out = {"diesel", "diesel_abroad"} if "diesel" not in has else set()
    battery_only = {
        "design",
        "safety",
        "cells",
        "argument",
        "spacing",
        "datacentre",
        "nfpa",
        "ul9540a",
        "iec",
        "spacing_abroad",
    }
    left_out |= battery_only if "battery" not in has else set()
    rows = [
        [draft.t(f"permit.{key}.{part}") for part in ("what", "edition", "status", "who")]
        for key in keys
        if key not in left_out
    ]
    head = [draft.t(f"permit.{part}") for part in ("what", "edition", "status", "who")]
    return chapter(
        draft,
        "permits",
        draft.t("permit.finding"),
        [table(head, rows, align="llll", widths=[1.5, 1.5, 1.9, 1]), small(draft.t("permit.note"))],
    )


def commercial(draft: Draft) -> Block:
    """Scope, steps, acceptance, guarantees, and how the saving is measured."""
    scenario, words = draft.study.scenario, draft.words
    blocks: list[Block | None] = [
        heading(draft.t("commercial.scope")),
        table(
            [draft.t("commercial.item"), draft.t("commercial.who"), draft.t("commercial.remark")],
            _scope(draft),
            align="lll",
            widths=[1.4, 1, 2.4],
        ),
        heading(draft.t("commercial.steps")),
        table(
            [draft.t("commercial.step"), draft.t("commercial.result")],
            [[draft.t(f"step.{key}"), _result(draft, key)] for key in STEPS],
            align="ll",
            widths=[1, 2],
        ),
        heading(draft.t("commercial.guarantees")),
        table(
            [draft.t("commercial.guarantee"), draft.t("commercial.value"), draft.t("commercial.remedy")],
            _guarantees(draft),
            align="lll",
            widths=[1.3, 1.4, 2],
        ),
        heading(draft.t("commercial.measure")),
        prose(draft.t("commercial.measure_text", code=draft.study.fingerprint)),
        small(
            draft.t("commercial.validity", date=_valid(draft))
            if draft.offer.valid_until
            else draft.t("commercial.no_validity")
        ),
    ]
    return chapter(
        draft, "commercial", draft.t("commercial.finding", term=say.term(scenario.site.term_months, words)), blocks
    )


def _result(draft: Draft, step: str) -> str:
    """What a step hands over; tests only of what is there."""
    scenario = draft.study.scenario
    if step == "grid" and scenario.grid.ready_month == 0:
        return draft.t("step.grid_now")
    if step == "tests":
        has = diagram.sources(scenario)
        return say.listed((draft.t(f"step.tests_{name}") for name in TESTED if name in has), draft.words)
    return draft.t(f"step.{step}_result", n=scenario.grid.ready_month)


def _valid(draft: Draft) -> str:
    return day_text(draft, draft.offer.valid_until)


def _scope(draft: Draft) -> list[list[str]]:
    """Who brings what; only what the scenario has."""
    scenario, words = draft.study.scenario, draft.words
    found, finance = diagram.sources(scenario), scenario.finance
    rows = []
    if "grid" in found:
        share = say.share(finance.grid_works_share, words)
        rows.append(["grid", "utility", draft.t("scope.grid_remark", share=share)])
    if "pv" in found:
        rows.append(["pv", "supplier", draft.t("scope.pv_remark")])
    if "battery" in found:
        rows.append(["battery", "supplier", draft.t(f"scope.battery_{finance.storage_ownership}")])
    if "diesel" in found:
        rows.append(["diesel", "supplier", draft.t(f"scope.diesel_{finance.genset_ownership}")])
    rows += [["ups", "client", draft.t("scope.ups_remark")], ["works", "client", draft.t("scope.works_remark")]]
    return [[draft.t(f"scope.{key}"), draft.t(f"who.{who}"), remark] for key, who, remark in rows]


def _guarantees(draft: Draft) -> list[list[str]]:
    """What the study counts on; the figure to be guaranteed is agreed in the contract."""
    words, life = draft.words, draft.study.dispatch.life
    efficiency = overall_efficiency(draft.study).value
    values = {
        "efficiency": draft.t("guarantee.counted", value=words.percent(efficiency)) if efficiency is not None else "",
        "capacity": draft.t(
            "guarantee.capacity_value", share=words.percent(float(life.health[-1])), year=life.health.size
        ),
        "availability": draft.t("guarantee.agreed"),
        "transfer": draft.t("guarantee.agreed"),
    }
    has_battery = draft.study.scenario.storage.exists
    keys = [key for key in GUARANTEES if values[key] and (has_battery or key in ("availability", "transfer"))]
    return [[draft.t(f"guarantee.{key}"), values[key], draft.t(f"guarantee.{key}_remedy")] for key in keys]


def annex(draft: Draft) -> Block:
    """Papers still missing, every input in use with source and confidence, the tariff, and what this paper is not."""
    scenario, words = draft.study.scenario, draft.words
    used = [entry for entry in register().values() if entry.when(scenario)]
    charges = _charges(draft)
    return chapter(
        draft,
        "annex",
        draft.t("annex.finding", n=len(used), weak=len(draft.weak)),
        [
            heading(draft.t("annex.papers")),
            small(draft.t("annex.papers_note")),
            ticks(papers(draft)),
            heading(draft.t("annex.tariff")),
            prose(tariff_text(draft)),
            _season_table(draft),
            *_market(draft),
            bullets(charges) if charges else None,
            small(
                draft.t(
                    "annex.tariff_source",
                    source=printable(register_text.source_words(scenario.tariff.source, words)),
                    confidence=words.t(f"inputs.confidence.{scenario.tariff.confidence}"),
                )
            ),
            *_asked(draft),
            heading(draft.t("annex.inputs")),
            small(draft.t("annex.sources_note")),
            _input_table(draft, used),
            heading(draft.t("annex.disclaimer")),
            bullets([draft.t(f"annex.disclaimer_{k}") for k in (1, 2, 3, 4)]),
        ],
    )


def _season_table(draft: Draft) -> Block:
    rows = [
        [
            draft.t("annex.season", name=_season_name(draft, season.name)),
            _months(season.months),
            _season_prices(draft, season),
        ]
        for season in draft.study.scenario.tariff.seasons
    ]
    unit = f"{draft.words.currency(draft.currency)}/kWh"
    head = [draft.t("annex.season_head"), draft.t("annex.months"), draft.t("annex.prices", unit=unit)]
    return table(head, rows, align="lll", widths=[1, 1, 3])


def _market(draft: Draft) -> list[Block]:
    """The market's prices month by month: mean, and how far a day goes."""
    tariff, words = draft.study.scenario.tariff, draft.words
    if tariff.market is None:
        return []
    year = tariff.market.billed
    rows = [
        [month_name(words, month), *(words.number(float(value), decimals=4) for value in values)]
        for month, values in enumerate(zip(*monthly_spread(tariff), strict=True), start=1)
    ]
    unit = f"{words.currency(draft.currency)}/kWh"
    head = [draft.t("annex.months"), *(draft.t(f"annex.market_{key}", unit=unit) for key in ("mean", "low", "high"))]
    told = {"file": printable(tariff.market.file_name), "year": year.year, "minutes": year.step_minutes}
    known = words.t("tariff.market.known", error=words.percent(week_error(tariff)))
    return [
        prose(say.joined((draft.t("annex.market", **told), known), words)),
        table(head, rows, align="lrrr", widths=[1, 1, 1.4, 1.4]),
    ]


def _asked(draft: Draft) -> list[Block]:
    """The unverified inputs that move the NPV most, to be asked for first."""
    found = draft.extra.asked[:MOST_ASKED] if draft.extra else ()
    if not found:
        return []
    scenario, words = draft.study.scenario, draft.words
    rows = []
    for bar in found:
        entry = register()[bar.path]
        values = [scenario.get(bar.path), bar.low, bar.high]
        told = [printable(register_text.number(entry, value, scenario, words)) for value in values]
        rows.append([register_text.label(entry, words), *told, draft.money(bar.swing)])
    head = [draft.t(f"annex.asked_{key}") for key in ("input", "value", "low", "high", "effect")]
    return [
        heading(draft.t("annex.asked")),
        small(draft.t("annex.asked_note")),
        table(head, rows, align="lrrrr", widths=[2.2, 1.2, 1.2, 1.2, 1.3]),
    ]


def _input_table(draft: Draft, used: list[Input]) -> Block:
    """Every input in use with its value, confidence and source."""
    scenario, words = draft.study.scenario, draft.words
    rows = [
        [
            register_text.label(entry, words),
            project_name(draft)
            if entry.path == "site.name"
            else printable(register_text.value(entry, scenario, words)),
            register_text.confidence(entry, scenario, words, draft.weak),
            printable(register_text.source(entry, scenario, words)),
        ]
        for entry in used
    ]
    head = [draft.t("annex.input"), draft.t("annex.value"), draft.t("annex.confidence"), draft.t("annex.source")]
    return table(head, rows, align="lrll", widths=[1.4, 1.1, 0.9, 2.6])


def _season_name(draft: Draft, name: str) -> str:
    return draft.words.lookup(f"proposal.season.{name}") or printable(name.replace("_", " "))


def _months(months: tuple[int, ...]) -> str:
    """ "1-3, 7": runs of months in short."""
    runs: list[list[int]] = []
    for month in sorted(months):
        if runs and month == runs[-1][1] + 1:
            runs[-1][1] = month
        else:
            runs.append([month, month])
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)


def _season_prices(draft: Draft, season) -> str:
    adders = draft.study.scenario.tariff.energy_adders_per_kwh
    return say.listed(
        (
            f"{register_text.period(period, draft.words)} {draft.words.number(price + adders, decimals=4)}"
            for period, price in season.prices_per_kwh.items()
        ),
        draft.words,
    )


def _charges(draft: Draft) -> list[str]:
    tariff, words = draft.study.scenario.tariff, draft.words
    money = words.currency(draft.currency)
    if tariff.demand_basis == "transformer_kva":
        return [draft.t("annex.capacity", price=words.number(tariff.capacity_per_kva_month or 0.0, f"{money}/kVA"))]
    charges = [
        draft.t(
            "annex.demand",
            name=printable(say.charge(charge.name, draft.words)),
            price=words.number(charge.per_kw_month, f"{money}/kW"),
            minutes=tariff.demand_window_minutes,
        )
        for charge in tariff.demand_charges
    ]
    if tariff.demand_basis == "contract_demand":
        terms = tariff.contract
        shares = {"tolerance": terms.tolerance, "floor": terms.floor_fraction_of_kva}
        texts = {name: words.percent(share) for name, share in shares.items()}
        charges.append(draft.t("annex.declared", **texts, factor=words.number(terms.overrun_factor)))
    return charges
