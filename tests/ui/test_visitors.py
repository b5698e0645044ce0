"""Visitors at the same time: each sees the answer of his own inputs, and nobody an error."""

from concurrent.futures import ThreadPoolExecutor

from streamlit.runtime import Runtime

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
    """Streamlit's test lends a runtime for one run at a time: here the last one lent stays; the browser's part of an
    act, which needs its own, is left out."""
    monkeypatch.setattr(one_step, "draw", lambda: None)
    lent: list[Runtime] = []

    def instance(runtime: type[Runtime]) -> Runtime:
        lent.extend([runtime._instance] if runtime._instance else [])
        return lent[-1]

    monkeypatch.setattr(Runtime, "instance", classmethod(instance))
    assert_calm(opened(preset=CASES[0]).run())
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
