"""No scenario file harms: every input has a limit, a refusal is short, and broken JSON is refused in one place."""

from __future__ import annotations

import json
import re
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cli
from i18n import words
from report.text import say
from sim.inputs.base import EXAMPLES, MOST_PROBLEMS, InputError
from sim.inputs.scenario import Scenario, json_schema, scenario_from_json
from sim.inputs.text import clean, read_json
from sim.problem import Refusal
from study.evaluate import evaluate
from tests.studies import study_of

MANY = 100_000


def unlimited(node: Any, path: str) -> Iterator[str]:
    """Paths of what has no limit in a JSON Schema."""
    for part in ("anyOf", "allOf", "oneOf"):
        for one in node.get(part, ()):
            yield from unlimited(one, path)
    if "enum" in node or "const" in node:
        return
    due = {
        "string": [("maxLength", "pattern")],
        "number": [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")],
        "array": [("maxItems",)],
    }
    due["integer"] = due["number"]
    kind = node.get("type")
    yield from (f"{path}: {names[0]}" for names in due.get(kind, ()) if not any(name in node for name in names))
    if kind == "array":
        yield from unlimited(node.get("items", {}), f"{path}[]")
    if isinstance(node.get("additionalProperties"), dict):
        if "maxProperties" not in node or "maxLength" not in node.get("propertyNames", {}):
            yield f"{path}: keys"
        yield from unlimited(node["additionalProperties"], f"{path}{{}}")
    for name, one in node.get("properties", {}).items():
        yield from unlimited(one, f"{path}.{name}")


def test_every_list_name_and_number_of_a_scenario_has_a_limit() -> None:
    schema = json_schema()
    found = [path for name, node in schema["$defs"].items() for path in unlimited(node, name)]
    assert found + list(unlimited(schema, "")) == []
    assert len(list(unlimited({"type": "object", "properties": {"a": {"type": "string"}}}, ""))) == 1


def dumps(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def refused(text: bytes) -> InputError:
    """The refusal of a scenario file, which both languages can say."""
    with pytest.raises(InputError) as caught:
        scenario_from_json(text)
    for language in ("en", "zh"):
        assert all(say.refused(problem, words(language)) for problem in caught.value.problems)
    return caught.value


TOO_MUCH = {
    "meter of -1": {"load": {"kind": "meter", "meter": {"file_name": "x", "year": 2025, "step_minutes": 15}}},
    "unknown keys": {"finance": {f"diesel_per_{k}": k for k in range(MANY)}},
    "ramp steps": {"load": {"ramp": [{"month": 0, "fraction": -1}] * 20_000}},
    "windows with a misspelt field": {"dispatch": {"windows": [{"start_hour": 1, "order": "charge"}] * 30_000}},
    "PV arrays": {"pv": {"arrays": [{"kwp": 1 + k, "tilt_deg": 9, "azimuth_deg": 9} for k in range(50_000)]}},
    "notes": {"provenance": {f"k{k}": {"source": "s", "confidence": "derived"} for k in range(MANY)}},
    "one long key": {"finance": {"d" * 2_000_000: 1}},
    "one long text": {"site": {"name": "d" * 2_000_000}},
    "wrong kind": {"site": [[0] * 500_000]},
}
TOO_MUCH["meter of -1"]["load"]["meter"]["kw"] = [-1] * 35_040


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_file_with_many_wrong_values_is_refused_in_few_words_and_little_memory(name: str) -> None:
    """35,040 values of -1, 140 kB, took 56 GB while each sentence kept all before it."""
    text = dumps(TOO_MUCH[name])
    tracemalloc.start()
    began = time.process_time()
    error = refused(text)
    spent, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(error.problems) <= MOST_PROBLEMS + 1
    assert len(str(error)) < 20_000
    assert peak < 300e6 and spent < 10  # with every allocation traced


def test_the_problems_that_are_left_out_are_counted() -> None:
    bad = {"grid": {"outages": [{"month": 13, "day": 1, "hour": 0, "duration_h": 1}] * 100}}
    error = refused(dumps(bad))
    assert len(error.problems) == MOST_PROBLEMS + 1
    assert str(error.problems[-1]) == f"and {100 - MOST_PROBLEMS} more"
    assert str(error).count("\n") == MOST_PROBLEMS


BROKEN = {
    "same key twice": (b'{"finance": {"diesel_per_l": 7.5, "diesel_per_l": 70.5}}', "'diesel_per_l' twice"),
    "same key twice among many": (
        b"{" + b",".join(b'"k%d":1' % k for k in range(200_000)) + b',"k199999":2}',  # minutes, when each was counted
        "'k199999' twice",
    ),
    "number of 5,000 digits": (b'{"version": ' + b"1" * 5000 + b"}", "5,000 digits"),
    "half a character": (b'{"site": {"name": "ab\\ud800"}}', "half a character after 'ab'"),
    "half a character in a key": (b'{"site": {"\\ud800": 1}}', "half a character"),
    "deep": (b"[" * 200_000 + b"]" * 200_000, "nested more than 40 deep"),
    "60 deep": (b'{"a":' * 60 + b"1" + b"}" * 60, "nested more than 40 deep"),
    "no JSON": (b'{"site": ', "line 1, column 10"),
    "no text": (b'{"site": "\xff"}', "UTF-8"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_json_is_refused_alike_by_page_and_command_line(name: str, tmp_path: Path, capsys) -> None:
    text, says = BROKEN[name]
    assert says in str(refused(text))
    path = tmp_path / "scenario.json"
    path.write_bytes(text)
    assert cli.main(["run", str(path)]) == 2
    printed = capsys.readouterr().err
    assert says in printed and "Traceback" not in printed
    with pytest.raises(Refusal):
        read_json(text)


def test_json_beyond_20_mb_is_not_parsed() -> None:
    with pytest.raises(Refusal, match="longer than 20 MB"):
        read_json(b" " * (20 * 1024**2 + 1))


def test_names_hold_nothing_that_cannot_be_seen() -> None:
    named = Scenario().with_({"site.name": "a\u0000b\u0007\u001b[31m \u202ec\nd"})
    assert named.site.name == "ab[31m c d"
    assert scenario_from_json(named.to_json()) == named
    assert clean("e\u0301\tf\ng") == "\u00e9 f\ng"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_figure_that_is_no_number_is_refused_by_name() -> None:
    study = study_of("case_a")
    monthly = study.dispatch.monthly
    broken = replace(study.dispatch, monthly={**monthly, "fuel_l": monthly["fuel_l"] + float("inf")})
    with pytest.raises(Refusal, match="no finite number for .*fuel"):
        evaluate(study.scenario, broken)


def test_a_price_beyond_all_bounds_is_refused_at_the_door() -> None:
    for path in ("fixed_per_month", "minimum_per_month", "levies_per_kwh", "minimum_per_kva_month", "voltage_kv"):
        with pytest.raises(InputError, match=f"tariff.{path}: 1e.308 is out of range"):
            Scenario().with_({f"tariff.{path}": 1e308})


def test_no_refusal_shows_a_regular_expression() -> None:
    """A text of the wrong form is told an example that the input takes."""
    patterns = [spec.get("pattern") for spec in patterned(json_schema())]
    assert len(patterns) > 4 and set(patterns) <= set(EXAMPLES)
    assert all(re.search(pattern, example) for pattern, example in EXAMPLES.items())
    for changes in ({"site.start": "2026-13"}, {"site.country": "China"}, {"finance.shown_currency": "dollar"}):
        with pytest.raises(InputError) as refused:
            Scenario().with_(changes)
        assert "write it like" in str(refused.value) and "^" not in str(refused.value)


def patterned(node: object) -> list[dict]:
    """The parts of a schema that have a pattern."""
    below = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node] if isinstance(node, dict) and isinstance(node.get("pattern"), str) else []
    return own + [found for part in below for found in patterned(part)]
