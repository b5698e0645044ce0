"""Where a figure comes from: the decision as a sum of cost lines, and a line as a product of inputs and energies."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from finance.figures import FIGURES
from finance.lines import LINES
from report import sentences
from report.text import say
from report.text.amounts import Amounts, amounts
from report.text.plain import as_part
from report.views import alternatives_in_order, lines_of, stack_parts
from sim.inputs.register import register
from study.decision import decision, present_cost
from study.explain import TAX, Factor, Share, shares, worked
from study.study import Study
from ui import answers, form, navigation, state
from ui.figures import drawer, pressable
from ui.state import t


def figures(study: Study) -> None:
    """Behind a button below the figures: what the margin is made of, line by line, and how the others follow."""
    box = st.popover(t("explain.open"), type="tertiary", on_change="rerun", key="explain.figures")
    if not box.open:
        return
    with box:
        _sum(study)
        listed, scale = shares(study), _scale(study)
        st.markdown(f":small[:gray[{t('answers.money.table_note', unit=scale.unit)}]]")
        answers.show_table(_table(study, listed, scale), key="explain.table", alt=t("explain.open"))
        _others(study)
        navigation.link("money", t("explain.lines_at"))


def _sum(study: Study) -> None:
    """The margin as one line of arithmetic, and its basis."""
    found, words, currency = decision(study), state.words(), study.scenario.site.currency
    rival = say.name(found.rival, words, first=True)
    tax = sum(share.hybrid for share in shares(study) if share.key == TAX)
    values = {
        "rival": rival,
        "rival_cost": words.money(found.present_cost[found.rival], currency),
        "hybrid_cost": words.money(found.present_cost["hybrid"], currency),
        "tax": words.money(tax, currency),
        "margin": words.money(found.margin, currency),
    }
    st.markdown(t("explain.sum_taxed" if tax else "explain.sum", **values))
    basis = study.scenario.finance.vat_basis
    term = say.term(study.scenario.site.term_months, words)
    rate = say.share(study.scenario.finance.discount_rate, words)
    st.markdown(f":small[:gray[{t('explain.basis', vat=t(f'explain.vat_{basis}'), rate=rate, term=term)}]]")


def _scale(study: Study) -> Amounts:
    largest = max(max(abs(share.hybrid), abs(share.rival)) for share in shares(study))
    return amounts(state.words(), largest or 1.0, study.scenario.site.currency)


def _table(study: Study, listed: tuple[Share, ...], scale: Amounts) -> pd.DataFrame:
    """Present cost of each line in the hybrid and its rival, what the hybrid saves on it, and the sums."""
    words, rival = state.words(), decision(study).rival
    names = [t("explain.tax") if share.key == TAX else t(f"answers.line.{share.key}") for share in listed]
    columns = {
        say.name("hybrid", words, first=True): [share.hybrid for share in listed],
        say.name(rival, words, first=True): [share.rival for share in listed],
        t("explain.saved"): [share.saved for share in listed],
    }
    table = pd.DataFrame({t("answers.money.line"): [*names, t("answers.money.total")]})
    for name, values in columns.items():
        table[name] = [*values, sum(values)]
    return answers.number_table(table, scale)


def _others(study: Study) -> None:
    """The other figures of the cards, in words."""
    words, currency = state.words(), study.scenario.site.currency
    rows = [row for row in FIGURES.values() if {"long", "short"} & set(row.shown.split())]
    lines = []
    for row in rows:
        figure = sentences.decision_figure(study, row)
        value = say.figure(row, figure, words, currency)
        name = t("financing.pair", name=f"**{say.figure_name(row, words)}**", text=value)
        lines.append(f"- {name}  \n  :small[:gray[{say.figure_meaning(row, study, words)}]]")
    st.markdown("\n".join(lines))


@st.fragment
def stack(figure: dict[str, Any], study: Study, alt: str) -> None:
    """The cost stack; below it the cost lines of the part of a bar that is pressed."""
    point = pressable(figure, key="cost_stack", height=300, alt=alt)
    parts, order = stack_parts(study), alternatives_in_order(study)
    if point is None or point["curve_number"] >= len(parts) or point["point_index"] >= len(order):
        st.markdown(f":small[:gray[{t('explain.press_bar')}]]")
        return
    name, part = order[point["point_index"]], list(parts)[point["curve_number"]]
    words, currency, row = state.words(), study.scenario.site.currency, study.dispatch.row(name)
    costs = {line: present_cost(study, study.ledger.lines[line])[row] for line in lines_of(part)}
    rows = [(t(f"answers.line.{line}"), words.money(cost, currency)) for line, cost in costs.items() if cost]
    total = words.money(parts[part][row], currency)
    st.markdown(t("explain.part", name=say.name(name, words, first=True), part=t(f"charts.part.{part}"), total=total))
    columns = [t("answers.money.line"), t("explain.present")]
    answers.show_table(pd.DataFrame(rows, columns=columns), key="explain.part", alt=t("explain.press_bar"))


def line(study: Study, alternative: str) -> None:
    """One cost line of an alternative worked out for a year, with the source of every factor."""
    found = [key for key in LINES if study.ledger.lines[key][study.dispatch.row(alternative)].any()]
    if not found:
        return
    with drawer(t("explain.line"), key="explain.line.drawer"):
        key = st.selectbox(
            t("answers.money.line"), found, key="explain.line", format_func=lambda name: t(f"answers.line.{name}")
        )
        one = worked(study, alternative, key)
        when = t("explain.start") if not one.year else t("explain.year", year=one.year)
        money = state.words().money(one.amount, study.scenario.site.currency)
        text = "explain.line_is" if one.factors else "explain.line_staged"
        st.markdown(t(text, line=t(f"answers.line.{key}"), when=when, amount=money))
        if not one.factors:
            return
        rows = [_factor(factor) for factor in one.factors]
        names = [t(f"explain.{name}") for name in ("factor", "value", "source")]
        answers.show_table(pd.DataFrame(rows, columns=names), key="explain.factors", alt=t("explain.line"))


def _factor(factor: Factor) -> tuple[str, str, str]:
    """Name, value and source of a factor as text; an input has its unit and source, a result says where it is from."""
    words, entry = state.words(), register().get(factor.name)
    if entry is not None:
        mark = f" {form.DIAMOND}" if entry.path in form.marks() else ""
        scenario = state.current()
        source = as_part(form.source_text(entry, scenario)) or t("explain.own")
        return form.name_text(entry) + mark, form.value_text(entry, scenario), source
    if factor.name.startswith("/"):
        return t("explain.divided"), words.number(factor.value), ""
    if factor.name.startswith("up."):
        component = t(f"financing.component.{factor.name.removeprefix('up.')}")
        return t("explain.growth", component=component), words.number(factor.value, decimals=4), ""
    return t(f"explain.factor.{factor.name}"), words.number(factor.value), t("explain.worked_out")
