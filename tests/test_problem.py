"""A refusal is a sentence, and keeps what another language needs to say it."""

from sim.problem import Problem, Refusal


def test_a_refusal_reads_as_its_sentence_and_keeps_pattern_and_values():
    refusal = Refusal("{name} has {count} values", name="ghi", count=12)
    assert str(refusal) == "ghi has 12 values"
    assert refusal.problem.pattern == "{name} has {count} values"
    assert refusal.problem.values == {"name": "ghi", "count": 12}


def test_a_sentence_without_values_may_hold_braces():
    assert str(Problem('{"a": 1} is not a tariff')) == '{"a": 1} is not a tariff'
