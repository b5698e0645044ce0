"""The chapters a financial reader checks: savings bridge, investment and cash flow, risk, carbon."""

from __future__ import annotations

import numpy as np

from finance.figures import FIGURES, figures_on
from finance.ledger import CAPEX_LINES
from finance.lines import LINES
from report import sentences, views
from report.palette import LIGHT
from report.paper import charts as paper_charts
from report.paper import tables as proposal_finance
from report.paper.blocks import Block, Draft, Scale, bullets, chapter, chart, heading, prose, small, table, table_scale
from report.text import financing as financing_text
from report.text import levers as lever_text
from report.text import say
from report.text.amounts import amounts
from sim.arrays import there
from study import autonomy
from study.decision import decision
from study.financing import returns
from study.price_moves import CHANGES, price_moves
from study.project_figures import PROJECT_FIGURES
from study.turning import SHOWN, TurningPoint, nearest

MOVED = 6
UNIT_PRICES = {
    "finance.pv_capex_per_kwp": "kWp",
    "finance.storage_capex_per_kwh": "kWh",
    "finance.genset_capex_per_kw": "kW",
}


def bridge(draft: Draft) -> Block:
    """From the baseline's cost to the hybrid's, by cause; the steps add up exactly."""
    study, words = draft.study, draft.words
    steps = bridge_steps(draft)
    exact = table_scale(draft, max(abs(amount) for _, amount, _ in steps))
    base = study.kpis[study.baseline].present_cost
    rows = [
        [label, exact.text(amount), say.change(amount / base, words) if base and 0 < k < len(steps) - 1 else ""]
        for k, (label, amount, _) in enumerate(steps)
        if k in (0, len(steps) - 1) or abs(amount) >= 0.5 * exact.divisor / 10**exact.decimals
    ]
    saved = base - study.kpis["hybrid"].present_cost
    key = "bridge.finding" if saved >= 0 else "bridge.finding_more"
    finding = draft.t(
        key,
        saved=draft.money(abs(saved)),
        baseline=draft.baseline,
        term=say.term(study.scenario.site.term_months, words),
    )
    alt = say.listed((f"{label} {exact.text(amount)}" for label, amount, _ in steps), draft.words)
    return chapter(
        draft,
        "bridge",
        finding,
        [
            chart(
                paper_charts.bridge(_seen(steps), exact.divisor, exact.text),
                f"{alt} ({exact.unit})",
                caption=draft.t("bridge.chart", unit=exact.unit),
            ),
            table(
                [draft.t("bridge.step"), exact.unit, draft.t("bridge.share")],
                rows,
                caption=draft.t("bridge.table"),
                widths=[2, 1, 1],
                strong=[0, len(rows) - 1],
            ),
            small(draft.t("bridge.note")),
        ],
    )


def _seen(steps: list[tuple[str, float, str]]) -> list[tuple[str, float, str]]:
    """The steps that a bar can show; all of them are in the table."""
    largest = max(abs(amount) for _, amount, _ in steps)
    return [step for k, step in enumerate(steps) if k in (0, len(steps) - 1) or abs(step[1]) > 2e-4 * largest]


def bridge_steps(draft: Draft) -> list[tuple[str, float, str]]:
    """(label, amount, colour): the baseline's cost, the change of each part, the hybrid's cost."""
    study = draft.study
    parts = views.stack_parts(study)
    changes = [
        (
            draft.words.t(f"charts.part.{key}"),
            float(values[draft.hybrid_row] - values[draft.base_row]),
            getattr(LIGHT, views.PARTS[key]),
        )
        for key, values in parts.items()
    ]
    first = (draft.name(study.baseline), study.kpis[study.baseline].present_cost, LIGHT.text)
    last = (draft.name("hybrid"), study.kpis["hybrid"].present_cost, LIGHT.text)
    return [first, *(step for step in changes if abs(step[1]) > 1e-9 * abs(first[1])), last]


def money(draft: Draft) -> Block:
    """Investment, running costs, the cash-flow table and the figures made from it."""
    study, words = draft.study, draft.words
    own = study.kpis["hybrid"]
    rate = words.percent(study.scenario.finance.discount_rate)
    tables = proposal_finance.cash_tables(draft)
    flow_unit = amounts(words, float(np.abs(views.difference_flows(study)).max()) or 1.0, draft.currency).unit
    return chapter(
        draft,
        "money",
        say.lead(study, words),
        [
            prose(
                draft.t(
                    "money.intro", baseline=draft.baseline, vat=draft.t(f"basis.{study.scenario.finance.vat_basis}")
                )
            ),
            _investment(draft),
            small(draft.t("money.works_note")) if own.capex > 0 else None,
            heading(draft.t("money.figures")),
            _figures(draft),
            small(draft.t("money.before_tax")),
            chart(
                paper_charts.cash_flow(study, words),
                sentences.flow_alt(study, words),
                caption=draft.t("money.chart", baseline=draft.baseline, unit=flow_unit, rate=rate),
            ),
            *proposal_finance.after_tax(draft),
            *tables,
            small(words.t("paper.tables_at_end")) if any(block["wide"] for block in tables) else None,
        ],
    )


def _investment(draft: Draft) -> Block | None:
    """Investment by item, hybrid and baseline beside each other."""
    study, words = draft.study, draft.words
    totals = study.ledger.line_totals()
    found = [line for line in CAPEX_LINES if totals[line][draft.hybrid_row] or totals[line][draft.base_row]]
    if not found:
        return prose(draft.t("money.no_investment"))
    own, base = study.kpis["hybrid"].capex, study.kpis[study.baseline].capex
    scale = table_scale(draft, financing_text.largest(proposal_finance.cash_rows(draft)))  # as the tables it ties to
    rows = [
        [
            words.t(f"answers.line.{line}"),
            _unit_price(draft, line),
            scale.text(0.0 - totals[line][draft.base_row]),
            scale.text(0.0 - totals[line][draft.hybrid_row]),
            say.share(float(-totals[line][draft.hybrid_row]) / own, words) if own > 0 else "",
        ]
        for line in found
    ]
    total = len(rows)
    rows.append(
        [
            say.figure_name(FIGURES["capex"], words),
            "",
            scale.text(base),
            scale.text(own),
            say.share(1.0, words) if own > 0 else "",
        ]
    )
    rows += _at_the_start(draft, scale)
    head = [
        draft.t("money.item"),
        draft.t("money.unit_price"),
        draft.name(study.baseline),
        draft.name("hybrid"),
        draft.t("money.share"),
    ]
    return table(
        head,
        rows,
        caption=draft.t("money.capex", unit=scale.unit),
        align="llrrr",
        widths=[1.3, 1.7, 1, 1, 0.8],
        strong=[total, len(rows) - 1],
    )


def _at_the_start(draft: Draft, scale: Scale) -> list[list[str]]:
    """What else is paid at the start, and the net sum that the cash-flow table begins with."""
    study, words = draft.study, draft.words
    pair = (draft.base_row, draft.hybrid_row)
    paid = {key: -line[:, 0] for key, line in study.ledger.lines.items() if key not in CAPEX_LINES}
    rows = [
        [words.t(f"answers.line.{key}"), "", *(scale.text(values[row] + 0.0) for row in pair), ""]
        for key, values in paid.items()
        if values[draft.base_row] or values[draft.hybrid_row]
    ]
    net = -float(returns(study).lines["investment"][0])
    return [*rows, [draft.t("money.net", baseline=draft.baseline), "", "", scale.text(net + 0.0), ""]]


def _unit_price(draft: Draft, line: str) -> str:
    scenario, moves_with = draft.study.scenario, LINES[line].moves_with
    if "finance.grid_works_share" in moves_with:
        share = say.share(scenario.finance.grid_works_share, draft.words)
        return draft.t("money.works_price", price=draft.price(scenario.finance.grid_works_per_kva, "kVA"), share=share)
    priced = [path for path in UNIT_PRICES if path in moves_with]
    return draft.price(scenario.get(priced[0]), UNIT_PRICES[priced[0]]) if priced else draft.t("money.lump")


def _figures(draft: Draft) -> Block:
    """Each figure with how it is defined."""
    study, words = draft.study, draft.words
    own = study.kpis["hybrid"]
    found = [(row, draft.figure(row, own.figure(row.key))) for row in figures_on("defined")]
    if study.scenario.storage.exists:
        more = figures_on("storage", PROJECT_FIGURES)
        found += [(row, financing_text.project_figure(row, study, words)) for row in more]
    rows = [[say.figure_name(row, words), text, say.figure_meaning(row, study, words)] for row, text in found]
    head = [words.t("answers.money.figure"), draft.t("load.value"), draft.t("define.how")]
    return table(head, rows, align="lrl", widths=[1.2, 0.9, 2.6], caption=draft.t("define.caption"))


def risk(draft: Draft) -> Block | None:
    """What would turn the answer, and NPV with single prices moved."""
    study, words = draft.study, draft.words
    blocks: list[Block | None] = []
    points = nearest(study)[:SHOWN]
    finding = sentences.turning_title(points, words)
    if points:
        labels = [(_turning_text(draft, point), lever_text.distance(study, point, words)) for point in points]
        alt = say.listed((f"{text} ({distance})" for text, distance in labels), draft.words)
        blocks.append(
            chart(paper_charts.turning_bars(points, labels), alt, caption=words.t("answers.turning.note")),
        )
    moves = price_moves(study)[:MOVED]
    if moves:
        blocks += [heading(draft.t("risk.prices")), _moves_table(draft, moves), small(draft.t("risk.exact"))]
    blocks.append(bullets([draft.t(f"risk.note_{name}") for name in ("rule", "tariff", "load")]))
    return chapter(draft, "risk", finding, blocks) if points or moves else None


def _turning_text(draft: Draft, point: TurningPoint) -> str:
    text = lever_text.from_to(draft.study, point, draft.words)
    return draft.words.t("financing.pair", name=lever_text.label(point.path, draft.words), text=text)


def _moves_table(draft: Draft, moves) -> Block:
    words = draft.words
    scale = table_scale(draft, max(abs(value) for move in moves for value in move.worth))
    head = [
        draft.t("risk.price"),
        draft.t("risk.now"),
        *(say.change(change, words) for change in CHANGES),
    ]
    rows = [
        [
            lever_text.label(move.path, words),
            lever_text.value_text(draft.study, move.path, move.now, words),
            *(scale.text(value) for value in move.worth),
        ]
        for move in moves
    ]
    found = decision(draft.study)
    rival, key = say.name(found.rival, words), "risk.table_taxed" if found.is_after_tax else "risk.table"
    return table(
        head,
        rows,
        caption=draft.t(key, unit=scale.unit, worth=scale.text(found.margin), rival=rival),
        widths=[1.8, 1.5, 1, 1, 1, 1, 1, 1],
    )


def carbon(draft: Draft) -> Block:
    """Tonnes by alternative, the factors behind them, and what PV gives."""
    study, words, scenario = draft.study, draft.words, draft.study.scenario
    years = study.dispatch.months / 12
    order = views.alternatives_in_order(study)
    rows = [
        [
            draft.name(name),
            words.number(study.kpis[name].co2_t, "t"),
            words.number(study.kpis[name].co2_t / years, "t"),
            _pv_share(draft, name),
        ]
        for name in order
    ]
    head = [draft.t("resilience.alternative"), draft.t("carbon.term"), draft.t("carbon.year"), draft.t("carbon.pv")]
    market = autonomy.carbon(study)
    if market["hybrid"].market_t is not None:
        head.append(words.t("autonomy.paper.market"))
        tonnes = (there(market[name].market_t, "CO2 at the market's factor") for name in order)
        rows = [[*row, words.number(t, "t")] for t, row in zip(tonnes, rows, strict=True)]
    saved = study.savings["hybrid"].co2_t
    key = "carbon.finding" if saved >= 0 else "carbon.finding_more"
    return chapter(
        draft,
        "carbon",
        draft.t(
            key,
            saved=words.number(abs(saved), "t"),
            baseline=draft.baseline,
            term=say.term(scenario.site.term_months, words),
        ),
        [
            chart(
                paper_charts.emissions(study, words),
                say.listed((f"{row[0]} {row[1]}" for row in rows), draft.words),
                caption=draft.t("carbon.chart"),
            ),
            table(head, rows),
            prose(
                draft.t(
                    "carbon.factors",
                    grid=words.number(scenario.grid.co2_kg_per_kwh, "kg/kWh"),
                    diesel=words.number(scenario.genset.co2_kg_per_l, "kg/L"),
                )
            ),
            prose(_market_text(draft)) if market["hybrid"].market_t is not None else None,
            small(draft.t("carbon.note")),
        ],
    )


def _market_text(draft: Draft) -> str:
    """The market-based factor, and the hybrid's certificates of the first year with what they cost."""
    finance, own, words = draft.study.scenario.finance, autonomy.carbon(draft.study)["hybrid"], draft.words
    return words.t(
        "autonomy.paper.factor",
        factor=words.number(there(finance.market_co2_kg_per_kwh, "the market's CO2 factor"), "kg/kWh"),
        share=say.share(finance.green_share, words),
        n=words.number(own.certificates_mwh, decimals=0),
        cost=draft.money(own.certificates_cost),
    )


def _pv_share(draft: Draft, alternative: str) -> str:
    own = draft.study.kpis[alternative]
    total = own.grid_kwh + own.pv_kwh + own.diesel_kwh
    return say.share(own.pv_kwh / total if total > 0 else 0.0, draft.words)
