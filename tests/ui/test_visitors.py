"""Visitors at the same time: each sees the answer of his own inputs, and nobody an error."""

from concurrent.futures import ThreadPoolExecutor

from report.text.currency import words_for
from report.text.say import say
from study.answer import headline
from study.evaluate import evaluate
from tests.ui.apps import assert_calm, opened
from ui import one_step

CASES = ("case_a", "case_b", "case_c", "case_a", "case_d")
MOVES = 2


def visit(number: int) -> list[tuple[str, str, str]]:
    """(answer on the page, answer of the inputs in the session, their fingerprint) after each move of a lever."""
    app, seen = opened(preset=CASES[number]).run(), []
    for move in range(MOVES):
        lever = app.slider[(number + move) % len(app.slider)]
        lever.set_value(lever.min + (0.3 + 0.1 * number) * (lever.max - lever.min) if lever.step != 1 else lever.max)
        app.run()
        assert_calm(app)
        scenario = app.session_state["scenario"]
        told = say(headline(evaluate(scenario)), words_for(scenario, "en"), scenario.site.currency)
        seen.append((app.header[0].value, told, scenario.fingerprint))
    return seen


def test_visitors_at_the_same_time_see_each_his_own_answer(monkeypatch) -> None:
    """The browser's part of an act is left out: Streamlit's test lends a runtime that only one has at a time."""
    monkeypatch.setattr(one_step, "draw", lambda: None)
    with ThreadPoolExecutor(len(CASES)) as pool:
        found = list(pool.map(visit, range(len(CASES))))
    for one in found:
        for shown, told, _ in one:
            assert plain(shown) == plain(told)
    codes = {code for one in found for *_, code in one}
    assert len(codes) == len(CASES) * MOVES


def plain(text: str) -> str:
    """An answer without the colours and backslashes of markdown."""
    for mark in ("\\", ":green[", ":red[", ":gray[", "]", "*"):
        text = text.replace(mark, "")
    return text
