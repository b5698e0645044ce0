"""Glue of the claims page: the claims of the case and the visitor's own, their verdicts in words, cached searches."""

from __future__ import annotations

from math import isfinite

import pandas as pd
import streamlit as st

from finance.figures import FIGURES
from finance.metrics import Figure
from report.text import inputs as register_text
from report.text import say
from sim.inputs.register import register
from sim.plant.load import peak_kw
from study import claims
from study.claims import METRICS, Basis, BreakEven, Claim, HoldingRange, Together, Verdict
from study.study import Study
from ui import form, state
from ui.apart import searched
from ui.kept import once
from ui.state import t

RED_FLAGS = (
    "cost_missing",
    "double_counting",
    "foresight",
    "cycles",
    "efficiency",
    "demand",
    "auxiliaries",
    "capacity",
    "residual",
    "escalation",
    "subsidy",
    "before_tax",
    "promise",
    "scaling",
    "greedy",
)
COMPARATORS = ("at_least", "at_most")


def of_case() -> tuple[Claim, ...]:
    """The claims of the preset the scenario started from, and the visitor's own of this session."""
    return (*claims.preset_claims(state.preset_id()), *st.session_state.get("own_claims", ()))


def verdicts(study: Study, listed: tuple[Claim, ...]) -> list[Verdict]:
    return [_verdict(study, one) for one in listed]


@once
def _verdict(study: Study, claim: Claim) -> Verdict:
    return claims.check(study, claim, with_break_even=False)


def summary(found: list[Verdict]) -> str:
    """How many of the claims hold."""
    held = sum(verdict.held for verdict in found)
    key = "all" if held == len(found) else "none" if held == 0 else "some"
    return t(f"claims.summary.{key}", held=held, n=len(found))


def draw(study: Study, verdict: Verdict) -> None:
    """One claim: its words, the verdict, what the case gives, what it rests on, and what would turn it."""
    claim, language = verdict.claim, state.words().language
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.badge(t("claims.held" if verdict.held else "claims.not_held"), color="green" if verdict.held else "red")
        st.markdown(f"**{_in(claim.text, language) or own_text(study, claim)}**")
    st.markdown(_given(study, verdict))
    own, others = _more(study, claim)
    lines = [_holding_text(study, own)] if own else []
    lines += [_basis_text(study, basis, verdict) for basis, verdict in others]
    if lines:
        st.markdown("\n".join(f"- {line}" for line in lines))
    note = _in(claim.note, language)
    source = register_text.source_words(claim.source, state.words())
    if note or source:
        parts = (note, source and t("claims.source", source=source))
        st.markdown(f":small[:gray[{say.joined(parts, state.words())}]]")
    if claim.inputs and st.toggle(t("claims.what_turns"), key=f"claims.turn.{claim.id}@{study.scenario.key}"):
        for found in break_evens(study, claim):
            st.markdown(f"- {turn_text(study, found)}")


@once
def _more(study: Study, claim: Claim) -> tuple[HoldingRange | None, tuple[tuple[Basis, Verdict], ...]]:
    """The range in which a claim holds on its own basis, where it names one, and its verdict on each other basis."""
    return searched(claims.further, study, claim)


def _basis_text(study: Study, basis: Basis, found: Verdict) -> str:
    """ "Caterpillar Tier 2: 1,856,160 L, holds." """
    value = _text(study, found.claim.metric, found.value)
    held = t("claims.held" if found.held else "claims.not_held")
    return t("claims.on_basis", basis=_in(basis.text, state.words().language), value=value, held=held)


def _holding_text(study: Study, found: HoldingRange) -> str:
    """ "Load factor: holds from 68 to 77 %." """
    entry, words, ends = register()[found.path], state.words(), (found.low, found.high)
    name, unit, scale = form.name_text(entry), form.unit_text(entry, study.scenario), form.scale(entry)
    has_low, has_high = found.low is not None, found.high is not None
    key = "between" if has_low and has_high else "above" if has_low else "below" if has_high else "nowhere"
    low, high, now = ("" if end is None else words.number(end * scale, unit) for end in (*ends, found.now))
    text = t(f"claims.range.{key}", name=name, low=low, high=high, now=now)
    if found.path != "load.load_factor" or found.low is None or found.high is None:
        return text
    low_kw, high_kw = (words.number(end * peak_kw(study.scenario.load), "kW", 0) for end in (found.low, found.high))
    return text + " " + t("claims.range.mean_load", low=low_kw, high=high_kw)


def break_evens(study: Study, claim: Claim) -> tuple[BreakEven, ...]:
    """The search; it takes a second or two."""
    with st.spinner(t("claims.searching")):
        return _break_evens(study, claim)


@once
def _break_evens(study: Study, claim: Claim) -> tuple[BreakEven, ...]:
    return searched(claims.check, study, claim).break_evens


def turn_text(study: Study, found: BreakEven) -> str:
    """ "Diesel price: holds above 6.07 (now 7.5)", or that it makes no difference."""
    entry, words = register()[found.path], state.words()
    name, unit, scale = form.name_text(entry), form.unit_text(entry, study.scenario), form.scale(entry)
    if found.at is None:
        low, high = (words.number(value * scale, unit) for value in (found.low, found.high))
        return t("claims.turn.nowhere", name=name, low=low, high=high)
    at, now = (words.number(value * scale, unit) for value in (found.at, found.now))
    if found.fails_at is not None:
        fails = words.number(found.fails_at * scale, unit)
        return t(f"claims.turn.whole_{found.holds}", name=name, at=at, fails=fails, now=now)
    return t(f"claims.turn.{found.holds}", name=name, at=at, now=now)


def together(study: Study) -> Together | None:
    """What can hold at once over the preset's inputs; None where the case states no inputs to try."""
    axes = claims.preset_axes(state.preset_id())
    if not axes:
        return None
    with st.spinner(t("claims.trying")):
        return _together(study, state.preset_id())


@once
def _together(study: Study, preset_id: str) -> Together:
    return searched(claims.together, study, claims.preset_claims(preset_id), claims.preset_axes(preset_id))


def together_text(study: Study, found: Together) -> str:
    """Which claims exclude each other, and the best that can be had."""
    language, words = state.words().language, state.words()
    texts = {one.id: _in(one.text, language) for one in claims.preset_claims(state.preset_id())}
    tried = words.number(found.tried, decimals=0)
    lines = [t("claims.together.clear" if not found.conflicts else "claims.together.conflict", n=tried)]
    for group in found.conflicts:
        key = "claims.together.alone" if len(group) == 1 else "claims.together.group"
        lines.append("- " + t(key, claims=" + ".join(f"“{texts[name]}”" for name in group)))
    best = [
        f"{form.name_text(register()[path])} {words.number(value * form.scale(register()[path]))} "
        f"{form.unit_text(register()[path], study.scenario)}".strip()
        for path, value in found.best.items()
    ]
    lines.append("")
    lines.append(t("claims.together.best", held=len(found.best_holds), inputs=say.listed(best, words)))
    return "\n".join(lines)


def ladder_title(study: Study) -> str:
    """The brochure's return and the case's own; plain words where one of them does not exist."""
    rungs = _ladder(study)
    first, last = rungs[0].value, rungs[-1].value
    if first.value is None or last.value is None:
        return t("claims.ladder.title_none")
    return t("claims.ladder.title", first=_text(study, "irr", first), last=_text(study, "irr", last))


def ladder_table(study: Study) -> pd.DataFrame:
    """A brochure's rate of return, and what is left as the case's own values come in."""
    rows = []
    for rung in _ladder(study):
        lost = t("claims.ladder.first")
        if rung.lost is not None:
            lost = t("claims.ladder.points", n=state.words().number(rung.lost * 100, decimals=1))
        rows.append((t(f"claims.ladder.{rung.key}"), _text(study, "irr", rung.value), lost))
    return pd.DataFrame(rows, columns=[t(f"claims.ladder.column.{name}") for name in ("step", "irr", "lost")])


_ladder = once(claims.vendor_ladder)


def flag_table() -> pd.DataFrame:
    """What reviewers of storage proposals look for, and how it is kept out here."""
    rows = [(t(f"flags.{name}.flag"), t(f"flags.{name}.answer")) for name in RED_FLAGS]
    return pd.DataFrame(rows, columns=[t(f"flags.column.{name}") for name in ("flag", "answer")])


def own_claim_form() -> None:
    """A claim of the visitor's own, checked like the others."""
    with st.form("claims.own", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        plain = [name for name, metric in METRICS.items() if not metric.settings]
        metric = st.selectbox(t("claims.own.metric"), plain, format_func=metric_name)
        comparator = st.selectbox(t("claims.own.comparator"), COMPARATORS, format_func=lambda key: t(f"claims.{key}"))
        value = st.number_input(t("claims.own.value"), value=0.0, format="%g", help=t("claims.own.value_help"))
        if st.form_submit_button(t("claims.own.add")):
            scale = 0.01 if METRICS[metric].figure.kind in ("share", "rate") else 1.0
            own = st.session_state.get("own_claims", ())
            inputs = state.origin().levers
            claim = Claim(f"own_{len(own) + 1}", metric, comparator, value * scale, inputs=inputs)
            st.session_state.own_claims = (*own, claim)
            st.rerun()


def own_text(study: Study, claim: Claim) -> str:
    """The words of a claim the visitor put together."""
    threshold = _text(study, claim.metric, Figure(claim.threshold))
    return t(
        "claims.own.text", metric=metric_name(claim.metric), comparator=t(f"claims.{claim.comparator}"), value=threshold
    )


def metric_name(name: str) -> str:
    return say.figure_name(FIGURES[name], state.words()) if name in FIGURES else t(f"claims.metric.{name}")


def _given(study: Study, verdict: Verdict) -> str:
    """What the case gives and what was claimed."""
    claim = verdict.claim
    bounds = [_text(study, claim.metric, Figure(claim.threshold))]
    if claim.upper is not None:
        bounds.append(_text(study, claim.metric, Figure(claim.upper)))
    key = claim.comparator
    value = _text(study, claim.metric, verdict.value)
    line = t(f"claims.given.{key}", metric=metric_name(claim.metric), value=value, bound=bounds[0], upper=bounds[-1])
    if verdict.value.value is not None and isfinite(verdict.margin):
        by = _text(study, claim.metric, Figure(abs(verdict.margin)))
        told = t("claims.given.spare" if verdict.held else "claims.given.short", by=by)
        line = say.joined((line, told), state.words())
    return line


def _text(study: Study, metric: str, figure: Figure) -> str:
    if figure.value is None:
        return t("claims.no_value", reason=figure.text)
    return say.figure(METRICS[metric].figure, figure, state.words(), study.scenario.site.currency)


def _in(texts, language: str) -> str:
    return texts.get(language) or texts.get("en", "")
