"""A refusal is a sentence, and every language can say it: all patterns of the code have a Chinese one."""

from __future__ import annotations

import ast
import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from i18n import words
from sim.problem import SEPARATOR, Named, Problem, Refusal, as_problem, one_or_many
from tests.patterns import placeholders

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(
    path for folder in ("sim", "finance", "study", "report", "ui", "pages") for path in (ROOT / folder).rglob("*.py")
)
CODE.append(ROOT / "cli.py")
# Where a pattern stands among the arguments of each call that takes one.
PATTERN_AT = {
    "Problem": (0,),
    "Refusal": (0,),
    "WeatherError": (0,),
    "one_or_many": (1, 2),
    "refusal": (1, 2),
    "asked": (1, 2),
    "finding": (2,),
}


MAKERS = ("problem.py", "base.py")  # they hand on what they were given


def patterns(path: Path) -> Iterator[tuple[int, str | None]]:
    """(line, pattern) of each text handed to a call of `PATTERN_AT`; None for one put together on the spot."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in PATTERN_AT:
            continue
        for place in PATTERN_AT[node.func.id]:
            for option in options(node.args[place]) if place < len(node.args) else ():
                if isinstance(option, ast.Constant):
                    yield node.lineno, option.value
                elif isinstance(option, ast.JoinedStr | ast.BinOp) or is_variable(node, option, path):
                    yield node.lineno, None


def is_variable(call: ast.Call, option: ast.AST, path: Path) -> bool:
    """Whether a text comes from a variable, where it cannot be read; names in capitals are patterns already."""
    makes = call.func.id in ("Problem", "Refusal") and path.name not in MAKERS
    return makes and isinstance(option, ast.Name) and not option.id.isupper()


def options(node: ast.AST) -> list[ast.AST]:
    return [*options(node.body), *options(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def all_patterns() -> set[str]:
    return {SEPARATOR} | {pattern for path in CODE for _, pattern in patterns(path) if pattern is not None}


def chinese() -> dict[str, str]:
    return json.loads((ROOT / "assets" / "i18n" / "zh" / "problems.json").read_text(encoding="utf-8"))


def test_patterns_are_written_out() -> None:
    """A text put together before it is handed over cannot be looked up."""
    put_together = [f"{path.name}:{line}" for path in CODE for line, pattern in patterns(path) if pattern is None]
    assert put_together == []


def test_every_pattern_has_a_chinese_one_and_none_is_left_over() -> None:
    assert all_patterns() - set(chinese()) == set()
    assert set(chinese()) - all_patterns() == set()


def test_chinese_patterns_have_the_same_placeholders() -> None:
    assert {key: text for key, text in chinese().items() if placeholders(key) != placeholders(text)} == {}


def test_a_refusal_reads_as_its_sentence_and_keeps_pattern_and_values() -> None:
    refusal = Refusal("{name} has {count} values", name="ghi", count=12)
    assert str(refusal) == "ghi has 12 values"
    assert refusal.problem.pattern == "{name} has {count} values"
    assert refusal.problem.values == {"name": "ghi", "count": 12}


def test_a_sentence_without_values_may_hold_braces() -> None:
    assert str(Problem('{"a": 1} is not a tariff')) == '{"a": 1} is not a tariff'


def test_parts_lists_and_names_are_said_in_the_readers_language() -> None:
    problem = Problem("{path}: {reason}", path=Named("grid.ready_month"), reason=Problem("give a whole number"))
    assert str(problem) == "grid.ready_month: give a whole number"
    assert words("zh").problem(problem, lambda named: f"<{named.path}>") == "<grid.ready_month>：请输入整数"
    listed = Problem("seasons {names}", names=("summer", "winter"))
    assert (str(listed), words("zh").problem(listed)) == ("seasons summer, winter", "季节 summer、winter")
    assert str(Named("storage.fade_model", "lfp")) == "lfp"


@pytest.mark.parametrize(("count", "text"), [(1, "1 row"), (0, "0 rows"), (1200, "1,200 rows")])
def test_one_or_many(count: int, text: str) -> None:
    assert one_or_many(count, "{count:,} row", "{count:,} rows") == text


def test_an_unknown_sentence_stays_as_it_is() -> None:
    assert words("zh").problem(ValueError("disk full")) == "disk full"
    assert words("zh").problem(Refusal("{x} has no translation", x=1)) == "1 has no translation"


def test_a_problem_survives_caches_and_other_processes() -> None:
    problem = Problem("{path}: {reason}", path=Named("a.b"), reason=as_problem("give a number"))
    again = pickle.loads(pickle.dumps(problem))
    assert (again, again.pattern, again.values) == (problem, problem.pattern, problem.values)
    assert again.values["path"].path == "a.b"
