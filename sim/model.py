"""The base of every input model: frozen, closed to unknown keys, and with errors a user can read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError


class Closed(BaseModel):
    """A value: never edited in place, and a misspelt key is refused at the door."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class InputError(ValueError):
    """Input that cannot be used. `problems` holds one sentence a field: what is wrong and what to do."""

    def __init__(self, problems: list[str]):
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def input_error(error: ValidationError, known: dict[str, list[str]] | None = None) -> InputError:
    """Turn pydantic's findings into sentences that name the field by its dotted path."""
    return InputError([_sentence(finding, known or {}) for finding in error.errors()])


def _sentence(finding: dict, known: dict[str, list[str]]) -> str:
    path = ".".join(str(part) for part in finding["loc"]) or "scenario"
    kind, context = finding["type"], finding.get("ctx", {})
    given = finding.get("input")
    if kind == "extra_forbidden":
        return f"{path}: there is no such input{_hint(path, known)}"
    if kind == "missing":
        return f"{path}: this value is missing; give one"
    if kind == "value_error":
        return f"{path}: {context.get('error', finding['msg'])}"
    if kind == "json_invalid":
        return f"the file is not valid JSON ({context.get('error', '')}); export a scenario to see the form"
    limits = {
        "greater_than_equal": ("at least", "ge"),
        "less_than_equal": ("at most", "le"),
        "greater_than": ("more than", "gt"),
        "less_than": ("less than", "lt"),
    }
    if kind in limits:
        word, key = limits[kind]
        return f"{path}: {given} is out of range; it must be {word} {context[key]}"
    return f"{path}: {_short(given)} cannot be used: {finding['msg']}"


def _hint(path: str, known: dict[str, list[str]]) -> str:
    from difflib import get_close_matches

    section, _, name = path.rpartition(".")
    near = get_close_matches(name, known.get(section, []), n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else "; remove it, or see the input list for the right name"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
