"""Tables and sentences of the money page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from finance.figures import FIGURES
from finance.kpis import shows_years
from report import sentences, views
from report.palette import palette
from report.screen import cost as charts_cost
from report.text import say
from report.text.amounts import Amounts, amounts
from report.text.plain import as_part
from study.study import Study
from ui import answers, state
from ui.state import t


def lead(study: Study) -> str:
    """The figures of the hybrid that decide, each with the reason where there is none."""
    return say.lead(study, state.words())


def side_table(study: Study) -> pd.DataFrame:
    """All KPIs of all alternatives as text, baseline first and hybrid last."""
    words, order = state.words(), views.alternatives_in_order(study)
    rows = {t("answers.money.figure"): [say.figure_name(row, words) for row in FIGURES.values()]}
    for alternative in order:
        kpis, currency = study.kpis[alternative], study.scenario.site.currency
        texts = [say.figure(row, kpis.figure(key), words, currency) for key, row in FIGURES.items()]
        rows[say.name(alternative, words, first=True)] = texts
    return pd.DataFrame(rows)


def side_note(study: Study) -> str:
    words = state.words()
    term = say.term(study.scenario.site.term_months, words)
    return t("answers.money.side_note", term=term, baseline=say.name(study.baseline, words))


def reasons(study: Study) -> str:
    """One line for each missing figure: alternative, figure, why."""
    words, lines = state.words(), []
    for alternative in views.alternatives_in_order(study):
        for key, row in FIGURES.items():
            figure = study.kpis[alternative].figure(key)
            if figure.value is None and figure.reason != "is_baseline":
                label = f"{say.name(alternative, words, first=True)}, {say.figure_name(row, words)}"
                lines.append(f"- **{label}**: {t(f'answers.missing.{figure.reason}')}")
    return "\n".join(lines)


def definitions(study: Study) -> str:
    """What each figure means, one line each."""
    words = state.words()
    pairs = ((say.figure_name(row, words), say.figure_meaning(row, study, words)) for row in FIGURES.values())
    return "\n".join(f"- {t('financing.pair', name=f'**{name}**', text=text)}" for name, text in pairs)


def flow_scale(study: Study) -> Amounts:
    flows = views.difference_flows(study)
    largest = float(max(np.abs(flows).max(), np.abs(np.cumsum(flows)).max())) or 1.0
    return amounts(state.words(), largest, study.scenario.site.currency)


def flow_title(study: Study) -> str:
    """Whether the running total ends above zero."""
    key = "good" if study.savings["hybrid"].total > 0 else "bad"
    term = say.term(study.scenario.site.term_months, state.words())
    return t(f"answers.money.flow_title_{key}", total=sentences.total_saving(study, state.words()), term=term)


def flow_note(study: Study, scale: Amounts) -> str:
    words = state.words()
    return t(
        "answers.money.flow_note", baseline=say.name(study.baseline, words), unit=scale.unit, period=period_word(study)
    )


def period_word(study: Study) -> str:
    yearly = shows_years(study.scenario.site.term_months)
    return t("answers.money.period_year" if yearly else "answers.money.period_month")


def lines_note(study: Study) -> str:
    return t("answers.money.lines_note", period=period_word(study))


def lines_alt(study: Study, alternative: str) -> str:
    words, currency = state.words(), study.scenario.site.currency
    total = words.money(study.kpis[alternative].total_cost, currency)
    name = say.name(alternative, words, first=True)
    return t("answers.money.lines_alt", name=name, period=period_word(study), unit=currency, total=total)


def lines_table(study: Study, alternative: str) -> tuple[pd.DataFrame, str]:
    """Cost lines by period as text, and their unit."""
    table = views.cost_lines(study, alternative)
    names = [t("answers.money.total") if name == "total" else t(f"answers.line.{name}") for name in table.index]
    columns = [*views.period_labels(study, state.words()), t("answers.money.total")]
    scale = views.parts_amounts(study, views.period_parts(study, alternative), state.words())
    return _in_words(table, names, columns, t("answers.money.line"), scale)


def _in_words(table: pd.DataFrame, names: list[str], columns: list[str], corner: str, scale: Amounts):
    values = table.set_axis(answers.distinct(columns), axis=1)
    values.insert(0, corner, names)
    texts = answers.number_table(values.reset_index(drop=True), scale)
    names_first = [texts.columns[0], texts.columns[-1], *texts.columns[1:-1]]  # the total stays in sight on a phone
    return texts[names_first], scale.unit


def bill_note(study: Study, alternative: str, year: int) -> str:
    words = state.words()
    tariff = as_part(say.own_name(study.scenario.tariff, words))
    return t("answers.money.bill_note", name=say.name(alternative, words, first=True), year=year, tariff=tariff)


def bill_legend(parts: dict[str, np.ndarray]) -> list[tuple[str, str]]:
    shades = charts_cost.bill_colours(parts, palette(state.is_dark()))
    return [(views.bill_label(key, state.words()), shades[key]) for key in parts]


def bill_alt(study: Study, alternative: str, year: int) -> str:
    words, currency = state.words(), study.scenario.site.currency
    total = sum(float(v.sum()) for v in views.bill_parts(study, alternative, year).values())
    name = say.name(alternative, words, first=True)
    return t("answers.money.bill_alt", name=name, year=year, total=words.money(total, currency))


def bill_table(study: Study, alternative: str, year: int) -> tuple[pd.DataFrame, str]:
    """The bill by component and month as text, and its unit."""
    words, table = state.words(), views.bill_by_month(study, alternative, year)
    scale = views.parts_amounts(study, views.bill_parts(study, alternative, year), words)
    names = [t("answers.money.total") if key == "total" else views.bill_label(key, words) for key in table.index]
    columns = [*views.bill_months(study, year, words), t("answers.money.total")]
    return _in_words(table, names, columns, t("answers.money.component"), scale)
