"""The fields of the offer: who, what, when, for how much, and the author's own words. All are kept in the session and
saved with the scenario."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date
from typing import Any

import streamlit as st

from report.paper import proposal
from report.paper.attached import MOST_BYTES
from report.paper.offer import CHAPTERS, LONGEST, PAPERS, TABLES, Offer
from report.paper.offer_rows import LONGEST_PASSAGE, STATUSES, Attachment, OfferVariant
from report.paper.saved import offer_from_json, offer_tree, with_profile
from report.paper.variants import variant_of
from sim.problem import Refusal
from ui import offers, state
from ui.figures import card
from ui.file_field import file_field
from ui.state import t
from ui.table import grid_editor

LOGO_LIMIT_MB = 1
PROFILE_LIMIT_MB = 20  # with logos inside
LINES = ("client", "client_address", "client_signatory", "number", "revision", "title")
COMPANY = ("vendor", "address", "tax_id", "contact", "signatory")
PASSAGES = ("exclusions", "terms", "size_reason", "changes")


def ask() -> Offer | None:
    """All fields, and the offer made from them; None where one cannot be used, with the sentence beside the fields."""
    given: dict[str, Any] = {}
    with card(t("proposal.app.parties"), t("proposal.app.parties_note")):
        given |= _lines(LINES) | _dates() | _picture("client_logo")
    with _folded("company"):
        given |= _lines(COMPANY) | _colour() | _picture("logo")
        _profile()
    with _folded("price"):
        given |= _tables(("items", "steps", "payments", "warranties", "guarantees"))
    with _folded("words"):
        given |= _passages() | _notes() | _attachments()
    with card(t("proposal.app.content"), t("proposal.app.content_note")):
        given |= _content()
    return _made(given)


def _made(given: dict[str, Any]) -> Offer | None:
    try:
        offer = replace(offers.current(), **given)
    except Refusal as error:
        st.error(state.refused(error))
        return None
    offers.keep(offer)
    return offer


@contextmanager
def _folded(name: str) -> Iterator[None]:
    with st.expander(t(f"proposal.app.{name}"), key=f"offer_part.{name}"):
        st.markdown(f":small[:gray[{t(f'proposal.app.{name}_note')}]]")
        yield


def _key(name: str) -> str:
    """A field's key; it is another once a scenario is loaded, so that no field keeps what was before."""
    return f"offer.{name}@{state.revision()}"


def _field(name: str, value: Any) -> str:
    """The key of a field that shows this value unless it already shows something of this revision."""
    key = _key(name)
    if key not in st.session_state:
        st.session_state[key] = value
    return key


def _lines(names: tuple[str, ...]) -> dict[str, str]:
    grid, found = st.grid(2, min_column_width=200), {}
    for name in names:
        with grid.container():
            label, key = t(f"proposal.app.{name}"), _field(name, getattr(offers.current(), name))
            found[name] = st.text_input(label, max_chars=LONGEST[name], key=key) or ""
    return found


def _dates() -> dict[str, str]:
    grid, found = st.grid(2, min_column_width=200), {}
    for name in ("issued", "valid_until"):
        with grid.container():
            known = getattr(offers.current(), name)
            shown = date.fromisoformat(known) if known else date.today() if name == "issued" else None
            chosen = st.date_input(t(f"proposal.cover.{name}"), key=_field(name, shown))
            found[name] = chosen.isoformat() if chosen else ""
    return found


def _colour() -> dict[str, str]:
    return {"accent": st.color_picker(t("proposal.app.accent"), key=_field("accent", offers.current().accent))}


def _picture(name: str) -> dict[str, bytes]:
    """A logo: the one kept, until another is brought or it is taken away."""
    known = getattr(offers.current(), name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        file = file_field(t(f"proposal.app.{name}"), ("png", "jpg", "jpeg"), LOGO_LIMIT_MB, key=_key(name))
        if not file and known and st.button(t("proposal.app.remove_picture"), key=f"{_key(name)}.remove"):
            return {name: b""}
    return {name: file.getvalue() if file else known}


def _profile() -> None:
    """The company's own entries as a file of their own, entered once for all offers."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            t("proposal.app.save_profile"),
            data=offers.profile_file,
            file_name="powerladder-company.json",
            mime="application/json",
            on_click="ignore",
            key="save_profile",
        )
        key = _key("profile")
        label = t("proposal.app.load_profile")
        file_field(label, ("json",), PROFILE_LIMIT_MB, key=key, on_change=_load_profile, args=(key,))


def _load_profile(key: str) -> None:
    file = st.session_state.get(key)
    if file is None:
        return
    try:
        profile = offer_from_json(file.getvalue())
    except Refusal as error:
        state.notify(state.refused(error), "error")
        return
    offers.keep(with_profile(offers.current(), profile))
    state.replace(state.current(), t("proposal.app.profile_loaded"))


def _tables(names: tuple[str, ...]) -> dict[str, tuple]:
    """An editor a table; a table whose cells cannot be used stays as it was, with the sentence below it."""
    found = {}
    for name in names:
        st.markdown(f"**{t(f'proposal.app.{name}')}**")
        rows = offer_tree(offers.current()).get(name, [])
        columns = {field.name: _column(name, field.name) for field in fields(TABLES[name])}
        edited = grid_editor(f"offer.{name}", rows, columns, alt=t(f"proposal.app.{name}"))
        try:
            found[name] = getattr(offers.current(), name) if edited is None else _rows(name, edited)
        except Refusal as error:
            st.error(state.refused(error))
    return found


def _rows(name: str, edited: list[dict[str, Any]]) -> tuple:
    return tuple(TABLES[name](**{key: value for key, value in row.items() if value is not None}) for row in edited)


def _column(table: str, name: str) -> Any:
    """An editor's column by what the field holds."""
    label = t(f"proposal.offer.{table}.{name}")
    if name == "status":
        return st.column_config.SelectboxColumn(label, options=list(STATUSES), default="firm", required=True)
    if name in ("share", "vat"):
        return st.column_config.NumberColumn(label, min_value=0.0, max_value=1.0, format="percent", default=0.0)
    if name in ("quantity", "price", "start_week", "weeks", "years"):
        return st.column_config.NumberColumn(label, min_value=0.0, required=name != "price")
    first = next(iter(fields(TABLES[table]))).name
    return st.column_config.TextColumn(label, required=name == first)


def _passages() -> dict[str, str]:
    found = {}
    for name in PASSAGES:
        key = _field(name, getattr(offers.current(), name))
        found[name] = st.text_area(t(f"proposal.app.{name}"), max_chars=LONGEST[name], key=key) or ""
    return found


def _notes() -> dict[str, dict[str, str]]:
    """The author's words in one chapter after another."""
    titles, known = proposal.chapter_titles(state.words()), offers.current().notes
    chapter = st.selectbox(t("proposal.app.notes"), CHAPTERS, format_func=titles.get, key=_key("notes_chapter"))
    text = st.text_area(
        t("proposal.app.note_text", chapter=titles[chapter]),
        max_chars=LONGEST_PASSAGE,
        key=_field(f"note.{chapter}", known.get(chapter, "")),
    )
    notes = {**known, chapter: text or ""}
    return {"notes": {name: notes[name] for name in CHAPTERS if notes.get(name)}}


def _attachments() -> dict[str, tuple[Attachment, ...]]:
    known = offers.current().attachments
    label, most_mb = t("proposal.app.attachments"), MOST_BYTES // 1_000_000
    files = file_field(label, ("pdf",), most_mb, key=_key("attachments"), accept_multiple_files=True)
    if not files:
        return {"attachments": known}
    return {"attachments": tuple(Attachment(file.name.removesuffix(".pdf")[:120], file.getvalue()) for file in files)}


def _content() -> dict[str, Any]:
    """Documents received, and chapters wanted."""
    current, titles = offers.current(), proposal.chapter_titles(state.words())
    papers = st.pills(
        t("proposal.app.papers"),
        PAPERS,
        selection_mode="multi",
        format_func=lambda name: t(f"proposal.paper.{name}"),
        key=_field("papers", [name for name in PAPERS if name in current.papers]),
    )
    chapters = st.multiselect(
        t("proposal.app.chapters"),
        CHAPTERS,
        format_func=titles.get,
        key=_field("chapters", list(current.chapters)),
    )
    wanted = {"papers": frozenset(papers or ()), "chapters": tuple(key for key in CHAPTERS if key in chapters)}
    return wanted | _variants()


def _variants() -> dict[str, tuple[OfferVariant, ...]]:
    """Which of the variants kept stand in the document, as what each changes in the study that is offered; those of an
    offer that was opened stay until they are taken out."""
    shown, known = state.on_screen(), {one.name: one for one in offers.current().variants}
    kept = {
        letter: one.scenario
        for letter, (one, _) in state.variants().items()
        if one.scenario != shown.scenario and one.scenario.site.currency == shown.scenario.site.currency
    }
    names = list(dict.fromkeys((*kept, *known)))
    if not names:
        st.markdown(f":small[:gray[{t('proposal.app.variants_none')}]]")
        return {}
    key = _field("variants", list(known))
    st.session_state[key] = [name for name in st.session_state[key] if name in names]
    chosen = st.multiselect(t("proposal.app.variants"), names, key=key, help=t("proposal.app.variants_help"))
    found = (variant_of(name, shown.scenario, kept[name]) if name in kept else known[name] for name in chosen)
    return {"variants": tuple(found)}


def choose_variants(names: list[str]) -> None:
    """Have these chosen when the fields are drawn next."""
    st.session_state[_key("variants")] = names
