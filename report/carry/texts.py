"""What every document of ours carries besides its pages: the study it was made from, and what was true on that day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from sim.inputs.scenario import ENGINE_VERSION
from study.study import Study
from study.summary import summary

SCENARIO, OFFER, SUMMARY, ENGINE = NAMES = ("scenario.json", "offer.json", "summary.json", "engine.json")
OFFER_KEY = "offer"  # its place in a scenario file, outside of what is fingerprinted


def texts_of(study: Study, language: str, offer: str = "{}", form: str = "proposal") -> dict[str, str]:
    """Four JSON texts by name: all inputs, the offer, every figure in full, and who worked them out.

    The fingerprint mixes in the engine's version, so `inputs` is a digest of the scenario alone beside it.
    """
    scenario = study.scenario.to_json()
    engine = {"engine": ENGINE_VERSION, "inputs": digest(scenario), "language": language, "form": form}
    return {
        SCENARIO: scenario,
        OFFER: offer,
        SUMMARY: _json(summary(study)),
        ENGINE: _json(engine),
    }


def digest(text: str) -> str:
    """The SHA-256 of a text, whatever its line ends."""
    return hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def with_offer(scenario: str, offer: Mapping[str, object]) -> str:
    """A scenario file with the offer beside its inputs; an empty offer leaves it as it is."""
    if not offer:
        return scenario
    return json.dumps(json.loads(scenario) | {OFFER_KEY: offer}, indent=2, ensure_ascii=False)


def _json(tree: Mapping[str, object]) -> str:
    return json.dumps(tree, indent=1, ensure_ascii=False)
