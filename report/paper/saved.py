"""An offer as a plain tree, as it is saved with a scenario and carried by every document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from report.carry.reading import Carried
from report.paper.offer import PROFILE, Offer
from sim.inputs.base import InputError, input_error
from sim.inputs.scenario import Scenario
from sim.inputs.text import read_json
from sim.problem import Problem, Refusal


def offer_tree(offer: Offer, only: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the offer says beyond an empty one; pictures and PDFs in base64. `only`: of these fields."""
    tree = _adapter().dump_python(offer, mode="json")
    tree["papers"] = sorted(tree["papers"])
    return {
        given.name: tree[given.name]
        for given in fields(Offer)
        if getattr(offer, given.name) != _default(given) and (not only or given.name in only)
    }


def offer_text(offer: Offer) -> str:
    return json.dumps(offer_tree(offer), indent=1, ensure_ascii=False)


def offer_from(tree: Mapping[str, Any]) -> Offer:
    """Raises InputError with a sentence a field."""
    try:
        return _adapter().validate_json(json.dumps(dict(tree)))
    except ValidationError as error:
        raise input_error(error, {"": [given.name for given in fields(Offer)]}) from error
    except Refusal as error:
        raise InputError([error.problem]) from error


def offer_from_json(text: str | bytes) -> Offer:
    """Read an offer file. Raises InputError."""
    try:
        tree = read_json(text)
    except Refusal as error:
        raise InputError([Problem("this is not an offer file: {fault}", fault=error.problem)]) from error
    if not isinstance(tree, dict):
        raise InputError([Problem("this is not an offer file: it must hold one JSON object")])
    return offer_from(tree.get("offer", tree))


def with_profile(offer: Offer, profile: Offer) -> Offer:
    """The offer with what the company's profile says, where the offer says nothing itself."""
    taken = {
        given.name: getattr(profile, given.name)
        for given in fields(Offer)
        if given.name in PROFILE and getattr(offer, given.name) == _default(given)
    }
    return replace(offer, **taken)


def opened(found: Carried) -> tuple[Scenario, Offer]:
    """Scenario and offer of a file of ours."""
    return found.scenario, offer_from(found.offer)


@cache
def _adapter() -> TypeAdapter[Offer]:
    return TypeAdapter(Offer)


def _default(given: Any) -> Any:
    return given.default if given.default is not MISSING else given.default_factory()
