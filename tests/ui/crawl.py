"""One crawl for every check of what pages show: each page of each shipped case in each language is drawn once a run.

    drawn = crawl("money", "case_c", "zh")
    drawn.texts()             every text a reader can meet: labels, helps, options, tables, charts, alternative texts
    drawn.of("metric")        the elements of one kind, in the order of the page
    drawn.tables()            the tables, as columns and rows
    drawn.values["lever.pv.dc_kwp"]   what a widget holds

A page is drawn inside the shell, as a visitor opens its address; ``place`` tells the sidebar from the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pyarrow
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from study.presets import presets
from tests.shared import made_once
from tests.ui.apps import opened

PRESETS = tuple(presets())
PLACES = ("page", "sidebar")  # Streamlit's first two containers
PLAIN = (str, int, float, bool, type(None))
# Fields of Streamlit's messages that nobody reads.
NAMES = {"id", "element_id", "form_id", "key", "user_key", "script_hash", "page_script_hash", "url_pathname"}
SCRIPTS = {"js_content", "html_content", "css_content", "js_source_path", "css_source_path"}
UNREAD = NAMES | SCRIPTS | {"tag", "columns", "config", "plotly_config"}


@dataclass(frozen=True)
class Table:
    """A table as it is sent: rows of plain values below the names of columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def cells(self) -> tuple[str, ...]:
        """Every heading and every cell as text."""
        return (*self.columns, *(str(cell) for row in self.rows for cell in row))


@dataclass(frozen=True)
class Element:
    """One element of a page. ``value`` is its text, its figure (metric), its Table, its chart (a dict), or None."""

    kind: str
    place: str
    key: str
    label: str
    help: str
    value: object
    delta: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Drawn:
    """What one page showed: all of it as plain data, so that every worker can read it."""

    page: str
    preset: str
    language: str
    elements: tuple[Element, ...]
    values: dict[str, object]  # of widgets with a key
    query: dict[str, str]  # of the address
    scenario: str  # as JSON
    exceptions: tuple[str, ...]

    def of(self, *kinds: str, place: str = "page") -> list[Element]:
        """Elements of these kinds (all without any), in order; ``place``: "page", "sidebar" or "" for both."""
        return [e for e in self.elements if place in ("", e.place) and (not kinds or e.kind in kinds)]

    def texts(self, *kinds: str, place: str = "") -> list[str]:
        return [text for element in self.of(*kinds, place=place) for text in element.texts]

    def tables(self) -> list[Table]:
        return [element.value for element in self.of("dataframe", "table")]

    def charts(self) -> list[dict]:
        return [element.value for element in self.of("plotly_chart")]

    @property
    def errors(self) -> list[str]:
        return [element.value for element in self.of("error", place="")]


def crawl(page: str, preset: str, language: str = "en") -> Drawn:
    """What a page shows for a shipped case, drawn by the first test of the run that asks."""
    return made_once(f"page {page} {preset} {language}", partial(draw, page, preset, language))


def draw(page: str, preset: str, language: str) -> Drawn:
    return snapshot(opened(page, preset=preset, lang=language).run(), page, preset, language)


def snapshot(app: AppTest, page: str, preset: str, language: str) -> Drawn:
    """The whole page as plain data."""
    elements = [e for k, place in enumerate(PLACES) for e in _elements(app._tree.children.get(k), place)]
    state = {str(key): app.session_state[key] for key in app.session_state}
    return Drawn(
        page,
        preset,
        language,
        tuple(elements),
        {key: value for key, value in state.items() if isinstance(value, PLAIN)},
        {key: value if isinstance(value, str) else value[0] for key, value in app.query_params.items()},
        state["scenario"].to_json(),
        tuple(error.message for error in app.exception),
    )


def _elements(node: object, place: str) -> Iterator[Element]:
    message = getattr(node, "proto", None)
    if isinstance(message, Message):
        yield Element(
            node.type,
            place,
            getattr(node, "key", None) or "",
            getattr(message, "label", ""),
            getattr(message, "help", ""),
            _value(node.type, message),
            getattr(message, "delta", ""),
            tuple(_of_message(message)),
        )
    for child in getattr(node, "children", {}).values():
        yield from _elements(child, place)


def _value(kind: str, message: Message) -> object:
    if kind == "plotly_chart":
        return json.loads(message.spec)
    if kind in ("dataframe", "table"):
        return _table(message.arrow_data.data if hasattr(message, "arrow_data") else message.data)
    return getattr(message, "body", None)


def _table(data: bytes) -> Table:
    frame = pyarrow.ipc.open_stream(data).read_pandas()
    return Table(tuple(map(str, frame.columns)), tuple(map(tuple, frame.to_numpy().tolist())))


# --- every text of an element -----------------------------------------------------------------------------------------


def shown(app: AppTest) -> Iterator[str]:
    """Every text of a run: of widgets, helps, options, tables and charts."""
    for k, place in enumerate(PLACES):
        for element in _elements(app._tree.children.get(k), place):
            yield from element.texts


def _of_message(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.name in UNREAD:
            continue
        several = value.values() if hasattr(value, "values") else value
        for item in several if field.is_repeated else [value]:
            if isinstance(item, Message):
                yield from _of_message(item)
            elif isinstance(item, bytes):
                yield from _of_table(item)
            elif isinstance(item, str):
                yield from _of_text(item)


def _of_text(text: str) -> Iterator[str]:
    """A text, or the texts of a chart, which comes as JSON."""
    try:
        yield from texts_of(json.loads(text) if text.startswith(("{", "[")) else text)
    except json.JSONDecodeError:
        yield text


def texts_of(value: object) -> Iterator[str]:
    """Every text in nested lists and dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from texts_of(item)


def _of_table(data: bytes) -> Iterator[str]:
    table = pyarrow.ipc.open_stream(data).read_all()
    for column in table.columns:
        if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type):
            yield from filter(None, column.unique().to_pylist())
