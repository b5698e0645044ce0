"""Glue of the page of contracts: cached outcomes, cards, tables in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from finance.ownership import Split
from report import views
from report.screen import deal as charts_deal
from report.screen.charts import legend
from report.text import deal as deal_text
from report.text import say
from report.text.amounts import amounts
from sim.inputs.contract import Contract, ContractKind
from study import deal
from study.deal import Flag, Ladder, Outcome
from study.study import Study
from ui import answers, form, state, table
from ui.figures import card, chart, conclude
from ui.kept import once
from ui.state import t

POINTS = 61
SHARES = "deal.share_by_year"
MARKS = {True: ":orange[▲]", False: ":green[✓]", None: ":gray[–]"}


def shown_contract(study: Study) -> Contract:
    """The scenario's contract; shared saving at the terms given where the owner buys."""
    contract = study.scenario.deal
    return deal.standard(contract, "shared_saving") if contract.kind == "buy" else contract


def terms_card(study: Study) -> None:
    """Fields of the contract, those of the other kinds behind an expander, and the share by year."""
    with card(t("deal.inputs.title"), t("deal.inputs.note")):
        form.card("deal.terms", columns=3)
        if study.scenario.deal.kind == "shared_saving":
            _shares_editor()


def _shares_editor() -> None:
    st.markdown(f"**{t('deal.inputs.shares')}**  \n:small[:gray[{t('deal.inputs.shares_note')}]]")
    columns = {
        "first_year": table.number(t("deal.inputs.first_year"), 1, 50, default=6),
        "share": table.number(t("deal.inputs.share"), 0, 1, step=0.01, default=0.7),
    }
    table.rows_editor(SHARES, columns, alt=t("deal.inputs.shares"))


def reason(study: Study, kind: ContractKind) -> str:
    """Why this contract cannot be made about this plant; empty where it can."""
    found = deal.no_contract(study, kind)
    return "" if found is None or kind == "buy" else t(f"deal.reason.{found}")


def headline(study: Study) -> None:
    """Who earns what under the scenario's contract, and what it is."""
    own, words = _outcome(study, study.scenario.deal.kind), state.words()
    with st.container(border=True, gap="small"):
        conclude(deal_text.finding(study, own, words))
        if own.contract.kind == "buy":
            st.markdown(t("deal.lead.buy"))
            return
        st.markdown(deal_text.terms_line(study, own, words))
        names = deal_text.heads(deal_text.PARTY_COLUMNS, study, words)
        rows = pd.DataFrame(deal_text.party_rows(study, own, words), columns=names)
        answers.show_table(rows, key="parties", alt=deal_text.finding(study, own, words))
        st.markdown(f":small[:gray[{deal_text.wants(study, own, words)}]]")


def outcome(study: Study) -> Outcome:
    """The contract that is drawn."""
    return _outcome(study, shown_contract(study).kind)


@once
def _outcome(study: Study, kind: ContractKind) -> Outcome:
    return deal.outcome(study, deal.standard(study.scenario.deal, kind))


_comparison = once(deal.comparison)


@once
def _agreement(study: Study) -> Split | None:
    return deal.agreement(study, shown_contract(study))


@once
def _ladder(study: Study, highest: float) -> Ladder:
    return deal.ladder(study, shown_contract(study), np.linspace(0.0, highest, POINTS))


def flows_card(study: Study, found: Outcome) -> None:
    """Running totals of both parties."""
    words, dark = state.words(), state.is_dark()
    back = found.investor.before_tax.payback_years
    key = "back" if back.lasting is not None else "never" if back.value is None else "lost"
    key = key if found.has_investor else "none"
    when = say.years(back.lasting if back.lasting is not None else back.value or 0.0, words)
    title = t(f"deal.flows.{key}", when=when)
    scale = charts_deal.flow_amounts(study, found, words)
    with card(title, t("deal.flows.note", kind=deal_text.kind_name(found.contract.kind, words), unit=scale.unit)):
        st.markdown(legend(charts_deal.flow_legend(words, dark)))
        ends = {name: scale.label(line[-1]) for name, line in charts_deal.running(found).items()}
        alt = t("deal.flows.alt", unit=scale.unit, **ends)
        chart(charts_deal.cumulative(study, found, words, dark), key="deal.flows", height=320, alt=alt)


def price_card(study: Study, found: Outcome) -> None:
    """What each has over the contract's price; no card where the contract has none."""
    split, priced, words = _agreement(study), deal.price_of(study, found.contract), state.words()
    if split is None or priced is None:
        return
    term, _, most = priced
    now = float(getattr(found.contract, term))
    marks = [now, *(figure.value for figure in (split.low, split.high) if figure.value is not None)]
    inside = [mark for mark in marks if mark < most]
    highest = most if term == "investor_share" else min(most, 1.3 * max([*inside, 0.1 * most]))
    ladder = _ladder(study, highest)
    title = deal_text.zone(study, split, term, words)
    note = t(
        "deal.zone.note",
        now=deal_text.price_text(term, now, study, words),
        least=say.share(found.contract.host_least_share, words),
    )
    with card(title, note):
        figure = charts_deal.price_ladder(study, found, ladder, split, now, words, state.is_dark())
        chart(figure, key="deal.price", height=400, alt=title)


def comparison_card(study: Study) -> None:
    """All kinds side by side, and who bears which risk."""
    words, outcomes = state.words(), _comparison(study)
    with card(_comparison_title(outcomes), t("deal.compare.note", share=say.share(1 - deal.LESS, words))):
        rows = deal_text.comparison_rows(study, outcomes, words)
        frame = pd.DataFrame(rows, columns=deal_text.heads(deal_text.COMPARED, study, words))
        answers.show_table(frame, key="deal.compare", alt=_comparison_title(outcomes))
        st.markdown(f"**{t('deal.risk.title')}**  \n:small[:gray[{t('deal.risk.note')}]]")
        names = [t("deal.column.kind"), *(t(f"deal.risk.{name}") for name in deal.RISKS)]
        risks = pd.DataFrame(deal_text.risk_rows(outcomes, words), columns=names)
        answers.show_table(risks, key="deal.risks", alt=t("deal.risk.title"))


def _comparison_title(outcomes: dict[ContractKind, Outcome]) -> str:
    """The kind that leaves the owner most among those the investor takes, beside buying."""
    words = state.words()
    taken = {kind: found for kind, found in outcomes.items() if kind == "buy" or found.investor.is_content}
    best = max(taken, key=lambda kind: taken[kind].host.worth)
    key = "deal.compare.buy" if best == "buy" else "deal.compare.other"
    return t(key, kind=deal_text.kind_name(best, words))


def flags_card(study: Study, found: Outcome) -> None:
    """The checks an offer should pass, with the vendor's claim beside the study."""
    checks = deal.flags(study, found)
    raised = sum(1 for flag in checks if flag.raised)
    title = state.counted("deal.flags", raised) if raised else t("deal.flags.none")
    with card(title, t("deal.flags.note")):
        starts = {"deal.claimed_saving": round(max(0.0, _first_year(found)), -3)}
        form.card("deal.claims", columns=3, starts=starts, all_open=True)
        st.markdown("  \n".join(_check(study, flag) for flag in checks))


def _check(study: Study, flag: Flag) -> str:
    text = deal_text.flag_text(study, flag, state.words())
    return f"{MARKS[flag.raised]} **{t(f'deal.flag.{flag.key}')}** {text}"


def _first_year(found: Outcome) -> float:
    return float(deal_text.yearly(found, found.saving)[1])


def tables_card(study: Study, found: Outcome) -> None:
    """Both parties by period."""
    words, lines = state.words(), deal_text.lines_of(found)
    largest = max(float(np.abs(line.values).max()) for line in lines if line.kind != "share") or 1.0
    scale = amounts(words, largest, study.scenario.site.currency)
    labels = views.period_labels(study, words)
    columns = answers.distinct([t("financing.tables.line"), t("answers.money.total"), *labels])
    rows = [[t(f"deal.line.{line.key}"), *_cells(line, scale)] for line in lines]
    kind = deal_text.kind_name(found.contract.kind, words)
    with card(t("deal.tables.title"), t("deal.tables.note", kind=kind, unit=scale.unit)):
        answers.show_table(pd.DataFrame(rows, columns=columns), key="deal.table", alt=t("deal.tables.title"))


def _cells(line: deal_text.PeriodRow, scale) -> list[str]:
    words = state.words()
    if line.kind == "share":
        return ["", *(say.share(value, words) if value else "" for value in line.values)]
    total = "" if line.kind == "running" else scale.label(line.values.sum())
    return [total, *(scale.label(value) if abs(value) > 1e-6 else "" for value in line.values)]
