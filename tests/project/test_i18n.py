"""Every shown string is in the catalogues: no literal on a page, no key without text, no text without a use."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from i18n.words import catalogue, words
from sim.inputs.register import register
from study.presets import presets
from tests.patterns import placeholders
from ui import navigation

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "assets" / "i18n"
TOPICS = sorted(path for path in CATALOGUES.glob("*/*.json") if path.stem != "problems")  # keyed by their English
GLUE = sorted([*(ROOT / "pages").glob("*.py"), *(ROOT / "ui").glob("*.py"), ROOT / "app.py"])
KEY_USERS = sorted([*GLUE, *(ROOT / "report").rglob("*.py"), *(ROOT / "study").glob("*.py")])
# Streamlit calls whose first argument a reader sees, and arguments a reader sees whatever the call.
SHOWN_FIRST = set(
    [
        "title",
        "header",
        "subheader",
        "markdown",
        "write",
        "caption",
        "text",
        "info",
        "warning",
        "error",
        "success",
        "button",
        "download_button",
        "checkbox",
        "toggle",
        "radio",
        "selectbox",
        "multiselect",
        "slider",
        "select_slider",
        "text_input",
        "number_input",
        "text_area",
        "date_input",
        "time_input",
        "file_uploader",
        "file_field",
        "metric",
        "expander",
        "popover",
        "badge",
        "segmented_control",
        "pills",
        "toast",
        "spinner",
        "page_link",
        "NumberColumn",
        "TextColumn",
        "SelectboxColumn",
        "MultiselectColumn",
        "Column",
        "card",
        "notify",
    ]
)
SHOWN_ARGUMENTS = {"help", "placeholder", "alt", "label", "delta_description", "title", "note"}
DIRECTIVE = re.compile(r":[a-z]+(-badge)?\[|:material/\w+:|:red|:green|:small|:gray")
NAMES = {"PowerLadder"}


def shown_literals(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of letters in a shown argument that do not come from a call such as `t(...)`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if getattr(getattr(node.func, "value", None), "id", "") == "log" or ast.unparse(node.func) == "form.card":
            continue  # neither a log line nor the name of a card of inputs is shown
        shown = [keyword.value for keyword in node.keywords if keyword.arg in SHOWN_ARGUMENTS]
        if name in SHOWN_FIRST:
            shown += node.args[:1]
        for text in (text for argument in shown for text in literals(argument)):
            if re.search(r"[^\W\d_]{2,}", DIRECTIVE.sub("", text)) and text not in NAMES:
                yield node.lineno, text


def literals(node: ast.AST) -> Iterator[str]:
    """Constant texts of an expression, leaving out what stands inside calls, subscripts and conditions."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr | ast.BinOp | ast.IfExp | ast.FormattedValue):
        unseen = (getattr(node, "test", None), getattr(node, "format_spec", None))
        for child in ast.iter_child_nodes(node):
            if child not in unseen:
                yield from literals(child)


@pytest.mark.parametrize("path", GLUE, ids=lambda path: path.stem)
def test_no_shown_text_is_literal(path: Path) -> None:
    assert list(shown_literals(path)) == []


@pytest.mark.parametrize("path", GLUE, ids=lambda path: path.stem)
def test_no_chinese_literal_in_code(path: Path) -> None:
    assert not re.search(r"[\u4e00-\u9fff]", path.read_text(encoding="utf-8"))


def texts(path: Path) -> Iterator[ast.AST]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield node


def key_patterns() -> set[str]:
    """Regular expressions of all strings in the code that may be a catalogue key; {..} stands for anything."""
    found = set()
    for path in KEY_USERS:
        for node in texts(path):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            pattern = "".join(re.escape(part.value) if isinstance(part, ast.Constant) else ".+" for part in parts)
            if re.match(r"[a-z]+\\\.|[a-z]+\\\..*\.\+", pattern):
                found.add(pattern)
    return found


def test_every_key_asked_for_exists() -> None:
    """Keys given as plain text to `t` or `counted`; `lookup` may find none."""
    missing = set()
    for path in GLUE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
            if isinstance(node, ast.Call) and name in ("t", "counted") and node.args:
                choice = node.args[0]
                options = [choice.body, choice.orelse] if isinstance(choice, ast.IfExp) else [choice]
                missing |= {option.value for option in options if isinstance(option, ast.Constant)}
    assert {key for key in missing if key not in catalogue("en")} == set()


@pytest.mark.parametrize("topic", ("shell", "inputs", "downloads", "tariff", "bills"))
def test_every_text_is_used(topic: str) -> None:
    patterns = [re.compile(pattern) for pattern in key_patterns()]
    keys = json.loads((CATALOGUES / "en" / f"{topic}.json").read_text(encoding="utf-8"))
    keys = {key.removesuffix(".one") for key in keys}
    assert {key for key in keys if not any(pattern.fullmatch(key) for pattern in patterns)} == set()


@pytest.mark.parametrize("path", TOPICS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_keys_begin_with_their_topic(path: Path) -> None:
    texts_by_key = json.loads(path.read_text(encoding="utf-8"))
    beginnings = {"input."} if path.stem == "inputs" else set()
    assert all(isinstance(text, str) for text in texts_by_key.values())
    assert {key for key in texts_by_key if not key.startswith((f"{path.stem}.", *beginnings))} == set()


def refusals(folder: Path) -> set[str]:
    """Patterns of refused input, whose English is the key itself; `test_problem.py` looks after them."""
    file = folder / "problems.json"
    return set(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else set()


def test_languages_have_the_same_keys_and_placeholders() -> None:
    english = catalogue("en")
    for folder in (path for path in CATALOGUES.iterdir() if path.is_dir()):
        other = catalogue(folder.name)
        own = {key for key in other if not key.startswith("input.")} - refusals(folder)
        assert own == {key for key in english if not key.startswith("input.")}
        for key, text in other.items():
            assert placeholders(text) == placeholders(english.get(key, text)), key


def test_every_choice_and_preset_has_words() -> None:
    english = catalogue("en")
    for entry in register().values():
        for choice in entry.choices:
            assert f"inputs.choice.{entry.path}.{choice}" in english
    assert all(f"shell.preset.{name}" in english for name in presets())


def test_every_page_is_a_part_of_one_place_and_has_a_name() -> None:
    pages = sorted(page.stem for page in (ROOT / "pages").glob("*.py"))
    assert sorted(navigation.PARTS) == pages
    assert {f"shell.nav.{page}" for page in pages} <= catalogue("en").keys()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2,959 万元", "节省 2,959 万元至 5 MW"),
        ("**5.00 年**", "节省 **5.00 年**至 5 MW"),
        ("3 kW", "节省 3 kW 至 5 MW"),
        ("每年", "节省每年至 5 MW"),
    ],
)
def test_a_chinese_sentence_has_no_space_between_chinese_and_chinese(monkeypatch, value: str, text: str) -> None:
    monkeypatch.setitem(catalogue("zh"), "a.b", "节省 {low} 至 {high}")
    assert words("zh").t("a.b", low=value, high="5 MW") == text
