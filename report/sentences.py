"""What the pictures of the answer show, in words, on screen and on paper alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from finance.figures import KeyFigure
from finance.metrics import Figure
from i18n import Words
from report import views
from report.text import say
from report.text.amounts import Amounts
from study.answer import NOTHING_KWH, guaranteed_ride_h, ride_through_h
from study.attribution import parts
from study.better_size import better_size
from study.decision import decision, project
from study.study import Study
from study.turning import TurningPoint


def stack_note(study: Study, words: Words, scale: Amounts) -> str:
    """What the stack shows: unit, term, resale, lost compute, and what grid only leaves without power."""
    rate = say.share(study.scenario.finance.discount_rate, words)
    notes = [words.t("answers.stack.note", term=_term(study, words), rate=rate, unit=scale.unit)]
    if decision(study).is_after_tax:
        notes.append(words.t("answers.stack.note_tax"))
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
    parts = [f"{say.name(name, words, first=True)} {scale.label(study.kpis[name].present_cost)}" for name in order]
    return words.t("answers.stack.alt", term=_term(study, words), unit=scale.unit, list=say.listed(parts, words))


def mix_alt(study: Study, words: Words, shares: Mapping[str, np.ndarray]) -> str:
    """The hybrid's shares in words."""
    row = study.dispatch.row("hybrid")
    own = {key: float(values[row]) for key, values in shares.items() if values[row] > 0}
    parts = [f"{words.t(f'charts.flow.{key}')} {say.share(share, words)}" for key, share in own.items()]
    return words.t("answers.mix.alt", list=say.listed(parts, words))


def turning_title(points: Sequence[TurningPoint], words: Words) -> str:
    """How many inputs turn the answer alone."""
    key = "none" if not points else "one" if len(points) == 1 else "some"
    return words.t(f"answers.turning.{key}", n=words.lookup(f"answers.turning.n_{len(points)}") or str(len(points)))


def parts_line(study: Study, words: Words) -> str:
    """What each part of the hybrid brings or costs against the rival, the greatest first."""
    found, currency = parts(study), study.scenario.site.currency
    shown = {part: value for part, value in found.items() if words.money(value, currency) != words.money(0.0, currency)}
    listed = [
        words.t(f"answers.parts.{part}", money=say.signed(words.money(value, currency), value))
        for part, value in sorted(shown.items(), key=lambda pair: -abs(pair[1]))
    ]
    rival = say.name(decision(study).rival, words)
    key = "line_taxed" if decision(study).is_after_tax else "line"
    return words.t(f"answers.parts.{key}", rival=rival, list=say.enumerated(listed, words)) if listed else ""


def better_line(study: Study, words: Words) -> str:
    """That the same hybrid in another size would cost less by the rule in use; empty where none is found."""
    found = better_size(study)
    if found is None:
        return ""
    sizes = []
    if "storage.energy_kwh" in found.changes:
        energy, power = (found.changes[path] for path in ("storage.energy_kwh", "storage.power_kw"))
        size = f"{say.energy(energy, words)} / {say.power(power, words)}"
        sizes.append(words.t("answers.better.battery", size=size) if energy else words.t("answers.better.no_battery"))
    if "pv.dc_kwp" in found.changes:
        kwp = found.changes["pv.dc_kwp"]
        size = words.number(kwp / 1000, "MWp") if kwp >= 999.5 else words.number(kwp, "kWp")
        sizes.append(words.t("answers.better.pv", size=size) if kwp else words.t("answers.better.no_pv"))
    gain = words.money(found.gain, study.scenario.site.currency)
    return words.t("answers.better.line", sizes=say.listed(sizes, words), gain=gain)


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
    """How long the battery alone carries the load for sure; that in words, and what a full and new one gives. Why there
    is none stands in the words, with nothing beside it."""
    sure = guaranteed_ride_h(study)
    if sure.value is None:
        return sure, say.missing(sure, words), ""
    best = ride_through_h(study).value or 0.0
    return sure, say.duration(sure.value, words), words.t("answers.kpi.ride_best", time=say.duration(best, words))


def decision_figure(study: Study, row: KeyFigure) -> Figure:
    """A key figure of the hybrid as the decision sees it: one of a flow against its rival, after tax."""
    if row.flow is None:
        return study.kpis["hybrid"].figure(row.key)
    return getattr(project(study).project_after_tax, row.key)


def co2_name(saved_t: float, words: Words) -> str:
    """What a difference in emissions is called: avoided or added."""
    return words.t("answers.kpi.co2" if saved_t >= 0 else "answers.kpi.co2_more")


def _term(study: Study, words: Words) -> str:
    return say.term(study.scenario.site.term_months, words)
