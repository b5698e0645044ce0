"""What the pictures of the answer show, in words, on screen and on paper alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from finance.metrics import Figure
from i18n import Words
from report import views
from report.text import say
from report.text.amounts import Amounts
from study.answer import NOTHING_KWH, ride_through_h
from study.study import Study
from study.turning import TurningPoint


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


def turning_title(points: Sequence[TurningPoint], words: Words) -> str:
    """How many of the inputs can turn the answer alone, within as much again of their value."""
    near = sum(point.distance is not None and point.distance < 1 for point in points)
    key = "none" if near == 0 else "one" if near == 1 else "some"
    return words.t(f"answers.turning.{key}", n=words.lookup(f"answers.turning.n_{near}") or str(near))


def bill_title(parts: Mapping[str, np.ndarray], words: Words) -> str:
    """The largest component of a year's bill and its share of what is paid; credits are no part of that."""
    largest, share = _largest(parts)
    if largest is None:
        return words.t("answers.money.bill_title_none")
    return words.t("answers.money.bill_title", part=views.bill_label(largest, words), share=say.share(share, words))


def lines_title(study: Study, alternative: str, words: Words) -> str:
    """The largest part of an alternative's cost and its share of what is paid; resale is no part of that."""
    name, (largest, share) = say.name(alternative, words, first=True), _largest(views.period_parts(study, alternative))
    if largest is None:
        return words.t("answers.money.lines_title_none", name=name)
    part = say.inside(words.t(f"charts.part.{largest}"))
    return words.t("answers.money.lines_title", name=name, part=part, share=say.share(share, words))


def _largest(parts: Mapping[str, np.ndarray]) -> tuple[str | None, float]:
    """The part that costs most and its share of all that cost something; none where nothing does."""
    sums = {key: float(values.sum()) for key, values in parts.items()}
    paid = sum(value for value in sums.values() if value > 0)
    if paid <= 0:
        return None, 0.0
    largest = max(sums, key=lambda key: sums[key])
    return largest, sums[largest] / paid


def total_saving(study: Study, words: Words) -> str:
    """What the hybrid saves over the term, with its sign."""
    saved = study.savings["hybrid"].total
    return say.signed(words.money(saved, study.scenario.site.currency), saved)


def flow_alt(study: Study, words: Words) -> str:
    """The picture of the difference to the baseline by period."""
    return words.t("answers.money.flow_alt", baseline=say.name(study.baseline, words), total=total_saving(study, words))


def ride_through(study: Study, words: Words) -> tuple[Figure, str, str]:
    """How long the full battery alone carries the load; that in words, and what the charge kept for outages gives. Why
    there is none stands in the words, with nothing beside it."""
    full = ride_through_h(study)
    if full.value is None:
        return full, say.missing(full, words), ""
    kept = ride_through_h(study, study.scenario.dispatch.reserve_fraction).value or 0.0
    return full, say.duration(full.value, words), words.t("answers.kpi.ride_reserve", time=say.duration(kept, words))


def _term(study: Study, words: Words) -> str:
    return say.term(study.scenario.site.term_months, words)
