"""What an input's own line says: limits, the card it stands on, when it matters."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from sim.inputs import register as register_module
from sim.inputs.base import Closed
from sim.inputs.field import always, derived, estimate, given, usual
from sim.inputs.register import Input, on_card, register


def declared(line, section_when=None, **class_facts) -> Input:
    """The register's entry of one input declared so."""

    class Part(Closed, card="a card", when=section_when, **class_facts):
        thing: float = line

    return register_module._input("part", "thing", Part.model_fields["thing"], Part)


@pytest.mark.parametrize(
    ("unit", "name", "taken", "refused"),
    [
        ("kW 0..20", "kW", (0, 20), (-1e-9, 20.1)),
        ("h >0..1e6", "h", (1e-9, 1e6), (0, 1.1e6)),
        ("0.5..2", "", (0.5, 2), (0.4, 2.1)),
        ("fraction/year -0.5..0.5", "fraction/year", (-0.5, 0.5), (-0.6, 0.6)),
        ("kg/kWh", "kg/kWh", (-1e9, 1e9), ()),
    ],
)
def test_a_unit_ends_in_its_limits(unit, name, taken, refused):
    class Part(Closed):
        thing: float = given(1.0, f"Thing [{unit}]", "A thing.")

    assert Part.model_fields["thing"].json_schema_extra.unit == name
    for value in taken:
        assert Part(thing=value).thing == value
    for value in refused:
        with pytest.raises(ValidationError):
            Part(thing=value)


def test_a_known_default_brings_its_range_source_and_confidence():
    entry = declared(given(estimate(12.0, "a guess", 8, 24), "Thing [h]", "A thing."))
    assert (entry.default, entry.low, entry.high) == (12.0, 8, 24)
    assert (entry.source, entry.confidence) == ("a guess", "unverified")
    assert declared(given(derived(1.0, "a page"), "Thing [h]", "A thing.")).confidence == "derived"
    chosen = declared(given(usual(1.0, 0, 2), "Thing [h]", "A thing."))
    assert (chosen.source, chosen.confidence, chosen.low) == ("", None, 0)


def test_an_input_matters_where_its_class_does_and_it_says_so_itself():
    def line(**said):
        return declared(given(1.0, "Thing [h]", "A thing.", **said), section_when=lambda s: s.there)

    def there(s):
        return s.on

    for is_there in (False, True):
        for is_on in (False, True):
            scenario = SimpleNamespace(there=is_there, on=is_on)
            assert line().when(scenario) == is_there
            assert line(when=there).when(scenario) == (is_there and is_on)
            assert line(when=always).when(scenario)


def test_an_input_without_a_card_is_refused():
    class Part(Closed):
        thing: float = given(1.0, "Thing [h]", "A thing.")

    with pytest.raises(TypeError, match=r"part\.thing says no card"):
        register_module._input("part", "thing", Part.model_fields["thing"], Part)
    with pytest.raises(KeyError, match="no input"):
        on_card("of nobody")


def test_every_card_holds_its_inputs_once_and_in_the_order_stated():
    known = register()
    for card in {card for entry in known.values() for card in entry.cards}:
        paths = on_card(card)
        assert sorted(paths) == sorted(path for path, entry in known.items() if card in entry.cards)
        for path in paths:
            before = known[path].after
            if before in paths:
                between = paths[paths.index(before) + 1 : paths.index(path)]
                assert all(known[other].after for other in between), (card, path)
    after = {entry.after for entry in known.values()} - {""}
    assert after <= known.keys()
