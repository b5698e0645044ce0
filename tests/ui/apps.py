"""Pages as the tests run them: inside the shell as an address opens them, or alone with a scenario."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from i18n.words import LANGUAGES, catalogue
from sim.inputs.register import register
from sim.inputs.scenario import Scenario

# Each AppTest reads what is installed anew, 0.2 s a time; it stays the same while a test run lasts.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(sorted(path.stem for path in (ROOT / "pages").glob("*.py")))
PAGE_LIMIT_S = 300  # of waiting for one run of a page: wide, so that a busy machine fails no test
BROKEN = re.compile(r"(?<![A-Za-z])[Nn]a[Nn](?![A-Za-z])|(?<!%)\{[a-z_]+\}")


def opened(page: str = "overview", **query: str) -> AppTest:
    """The app before its first run, as an address opens it; a dot in a key of the address is written ``__``. Case A
    where the address names nothing to start from; see `bare` for one without anything."""
    query = query if "own" in query else {"preset": "case_a"} | query
    app = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=PAGE_LIMIT_S)
    for key, value in query.items():
        app.query_params[key.replace("__", ".")] = value
    return app if page == "overview" else app.switch_page(f"../pages/{page}.py")


def reopened(app: AppTest) -> Scenario:
    """What the address of the app shows in another session."""
    other = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=PAGE_LIMIT_S)
    for key, value in app.query_params.items():
        other.query_params[key] = value
    return other.run().session_state["scenario"]


def bare(language: str = "en") -> AppTest:
    """The app before its first run, as its bare address opens it."""
    app = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=PAGE_LIMIT_S)
    app.query_params["lang"] = language
    return app


def alone(page: str, **session: object) -> AppTest:
    """One page without the shell, before its first run, with these entries in its session."""
    app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=PAGE_LIMIT_S)
    for key, value in session.items():
        app.session_state[key] = value
    return app


def drawn_alone(page: str, scenario: Scenario, **session: object) -> AppTest:
    """One page without the shell, drawn calmly for a scenario."""
    given = {"scenario": scenario, "preset": "blank", "revision": 0, "notices": [], "problems": {}}
    app = alone(page, **given | session).run()
    assert_calm(app)
    return app


def assert_calm(app: AppTest) -> None:
    """No exception and no error on the page."""
    assert not app.exception, app.exception[0].message
    assert [error.value for error in app.error] == []


def texts(app: AppTest) -> list[str]:
    """What stands on a page as text, figure or cell of a table that is not an editor."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.info, app.warning)
    metrics = [text for m in app.metric for text in (m.label, m.value, str(m.delta))]
    frames = [frame.value for frame in app.dataframe if frame.editing_mode == "read_only"]
    cells = [str(cell) for frame in frames for cell in (*frame.columns, *frame.to_numpy().ravel())]
    return [element.value for kind in kinds for element in kind] + metrics + cells


def faults(text: str) -> list[str]:
    """What no text may show: a key of the catalogue instead of its words (an input's path is none), an unfilled
    placeholder, a number that is none."""
    keys = [found[0] for found in _keys().finditer(text) if found[0] not in register()]
    return keys + BROKEN.findall(text)


@cache
def _keys() -> re.Pattern[str]:
    """A word with dots that begins as a key of the catalogue does. `Words.t` shows the key where it has no text."""
    keys = [key for language in LANGUAGES for key in catalogue(language) if re.fullmatch(r"[a-z_]+(\.\w+)+", key)]
    beginnings = sorted({key.partition(".")[0] for key in keys})
    return re.compile(rf"(?<![\w./-])(?:{'|'.join(beginnings)})\.[a-z_]\w*(?:\.\w+)*")
