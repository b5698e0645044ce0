"""What the pictures of the answer show, in words, on screen and on paper alike."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from i18n import Words
from report import views
from report.text import say
from report.text.amounts import Amounts
from study.answer import NOTHING_KWH
from study.study import Study


def stack_note(study: Study, words: Words, scale: Amounts) -> str:
    """What the stack shows: unit, term, resale, lost compute, and what grid only leaves without power."""
    notes = [words.t("answers.stack.note", term=_term(study, words), unit=scale.unit)]
    if any(own.unserved_kwh > NOTHING_KWH and own.unserved_value > 0 for own in study.kpis.values()):
        counted = "unserved" if study.scenario.finance.count_unserved else "uncounted"
        notes.append(words.t(f"answers.stack.note_{counted}"))
    if study.ledger.lines["interruptions"].any():
        notes.append(words.t("answers.stack.note_restarts"))
    left = study.kpis["grid"].unserved_kwh
    if left > NOTHING_KWH:
        share = say.share(left / (left + study.kpis["grid"].energy_served_kwh), words)
        notes.append(words.t("answers.stack.grid_only", unserved=say.energy(left, words), share=share))
    return say.joined(notes, words)


def stack_alt(study: Study, words: Words, scale: Amounts) -> str:
    """Each alternative's cost in words."""
    order = views.alternatives_in_order(study)
    parts = [f"{say.name(name, words, first=True)} {scale.label(study.kpis[name].total_cost)}" for name in order]
    return words.t("answers.stack.alt", term=_term(study, words), unit=scale.unit, list=say.listed(parts, words))


def mix_alt(study: Study, words: Words, shares: Mapping[str, np.ndarray]) -> str:
    """The hybrid's shares in words."""
    row = study.dispatch.row("hybrid")
    own = {key: float(values[row]) for key, values in shares.items() if values[row] > 0}
    parts = [f"{words.t(f'charts.flow.{key}')} {say.share(share, words)}" for key, share in own.items()]
    return words.t("answers.mix.alt", list=say.listed(parts, words))


def _term(study: Study, words: Words) -> str:
    return say.term(study.scenario.site.term_months, words)
