"""The Scenario: every input of a study, each defined once. Widgets, CLI, files and documents derive from it.

Physics reads `site, load, grid, tariff, pv, storage, genset, dispatch, compute, timing`; what is only money sits in
`finance` and `deal`, which `sim/` never reads, so a price change needs no new simulation. Fractions are 0..1, powers
kW, energies kWh, money in `site.currency`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator
from pydantic.json_schema import GenerateJsonSchema

from sim.inputs import arrival, library
from sim.inputs.base import Closed, InputError, input_error
from sim.inputs.bills import MOST_BILLS, RealBill
from sim.inputs.contract import Contract
from sim.inputs.flex import Compute
from sim.inputs.grid import Grid
from sim.inputs.money import Finance
from sim.inputs.plant import Control, Genset, Pv
from sim.inputs.site import Load, Site
from sim.inputs.storage import Storage
from sim.inputs.tariff import Tariff, library_tariff
from sim.inputs.text import LONGEST_KEY, Line, read_json
from sim.inputs.timing import Timing
from sim.problem import Named, Problem, Refusal

ENGINE_VERSION = "0.2.0"
SHOWN_DIGITS = 20
MOST_NOTES = 1000


class Provenance(Closed):
    """Where a value that replaces a default comes from."""

    source: Line = Field(max_length=500)
    confidence: library.Confidence
    as_of: Line = Field(default="", max_length=40)


class Scenario(Closed):
    """All inputs of a study. `Scenario()` is a 10 MW training cluster in Shanghai for 15 years."""

    version: Literal[1] = 1
    site: Site = Site()
    load: Load = Load()
    grid: Grid = Grid()
    tariff: Tariff = Field(default_factory=lambda: library_tariff("cn_shanghai_35kv"))
    pv: Pv = Pv()
    storage: Storage = Storage()
    genset: Genset = Genset()
    dispatch: Control = Control()
    compute: Compute = Compute()
    timing: Timing = Timing()
    finance: Finance = Finance()
    deal: Contract = Contract()
    bills: tuple[RealBill, ...] = Field(default=(), max_length=MOST_BILLS)
    provenance: dict[Annotated[Line, Field(max_length=LONGEST_KEY)], Provenance] = Field(
        default_factory=dict, max_length=MOST_NOTES
    )

    @model_validator(mode="after")
    def _sections_agree(self) -> Scenario:
        problems = list(_conflicts(self))
        if problems:
            raise InputError(problems)
        ready = arrival.arrivals(self)["grid"]
        if ready != self.grid.ready_month:  # what the chain comes to, where it is used
            object.__setattr__(self, "grid", self.grid.model_copy(update={"ready_month": ready}))
        return self

    def with_(self, changes: Mapping[str, Any]) -> Scenario:
        """A variant with values changed by dotted path, e.g. `with_({"storage.energy_kwh": 0, "storage.power_kw": 0})`.

        A changed value loses its provenance note: it is now the caller's own. Raises InputError.
        """
        tree = self.model_dump()
        for path, value in changes.items():
            _put(tree, path, value)
        tree["provenance"] = {path: note for path, note in tree["provenance"].items() if path not in changes}
        return scenario_from_dict(tree)

    def get(self, path: str) -> Any:
        """The value at a dotted path such as "finance.diesel_per_l"."""
        node: Any = self
        for part in path.split("."):
            node = getattr(node, part)
        return node

    def to_json(self) -> str:
        """The scenario as JSON text, complete: it reads back equal."""
        return self.model_dump_json(indent=2)

    @property
    def key(self) -> str:
        """The SHA-256 of all inputs and the engine's version, whole: what is kept is found by it."""
        return _digest(self.model_dump_json() + ENGINE_VERSION)

    @property
    def fingerprint(self) -> str:
        """The first 80 bits of `key`, shown on every output. The first eight digits alone were shown before."""
        shown = self.key[:SHOWN_DIGITS]
        return "-".join(shown[at : at + 4] for at in range(0, SHOWN_DIGITS, 4))

    @property
    def dispatch_key(self) -> str:
        """A SHA-256 that changes only when the simulation would: finance, deal, bills, names and provenance play no
        part."""
        money = {"finance": True, "deal": True, "bills": True, "provenance": True}
        kept = self.model_dump_json(exclude={**money, "site": {"name", "currency"}})
        return _digest(kept + ENGINE_VERSION)


def scenario_from_dict(tree: Mapping[str, Any]) -> Scenario:
    """Validate a nested mapping. Raises InputError with a sentence a field."""
    try:
        return Scenario.model_validate(tree)
    except ValidationError as error:
        raise input_error(error, _known_names()) from error


def scenario_from_json(text: str | bytes) -> Scenario:
    """Read a scenario file. Raises InputError with a sentence a field."""
    try:
        tree = read_json(text)
    except Refusal as error:
        raise InputError([Problem("this is not a scenario file: {fault}", fault=error.problem)]) from error
    if not isinstance(tree, dict):
        problem = Problem("this is not a scenario file: it must hold one JSON object with sections such as 'site'")
        raise InputError([problem])
    return scenario_from_dict(tree)


class _Definitions(GenerateJsonSchema):
    """Definitions of a schema under the names that scenario files have always known."""

    def normalize_name(self, name: str) -> str:
        return super().normalize_name("Dispatch" if name == Control.__name__ else name)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, with title, unit, help, source and limits of each input."""
    return Scenario.model_json_schema(schema_generator=_Definitions)


def _conflicts(s: Scenario) -> Iterator[Problem]:
    months = [bill.month for bill in s.bills]
    for month in sorted({month for month in months if months.count(month) > 1}):
        yield Problem("there are two bills of {month}; keep one", month=month)
    if s.tariff.currency != s.site.currency:
        yield Problem(
            "the tariff is in {tariff} but the site in {site}; choose a tariff of the site's country or change {input}",
            tariff=s.tariff.currency,
            site=s.site.currency,
            input=Named("site.currency"),
        )
    if s.finance.shown_rate is None and s.finance.shown_currency not in ("", s.site.currency):
        unknown = [code for code in (s.site.currency, s.finance.shown_currency) if not library.units_per_usd(code)]
        if unknown:
            yield Problem(
                "there is no rate of {code} in the table; give {input}",
                code=unknown[0],
                input=Named("finance.shown_rate"),
            )
    if s.tariff.demand_basis == "transformer_kva" and s.grid.transformer_kva <= 0:
        yield Problem("a kVA-based charge needs {input} above 0", input=Named("grid.transformer_kva"))
    floor_kw = s.tariff.contract.floor_fraction_of_kva * s.grid.transformer_kva
    if s.tariff.demand_basis == "contract_demand" and s.grid.declared_kw is not None and s.grid.declared_kw < floor_kw:
        yield Problem(
            "{input} {declared} kW is below the least that may be declared, {floor} kW; raise it",
            input=Named("grid.declared_kw"),
            declared=s.grid.declared_kw,
            floor=floor_kw,
        )
    if s.grid.import_limit_kw < s.grid.existing_kw:
        limits = {"after": Named("grid.import_limit_kw"), "before": Named("grid.existing_kw")}
        yield Problem("the limit after the works, {after}, is below the one before them, {before}; raise it", **limits)
    if s.storage.exists and not (
        s.storage.soc_min_fraction <= s.dispatch.reserve_fraction <= s.storage.soc_max_fraction
    ):
        yield Problem(
            "{input} {given} must lie between the battery's lowest ({low}) and highest charge ({high})",
            input=Named("dispatch.reserve_fraction"),
            given=s.dispatch.reserve_fraction,
            low=s.storage.soc_min_fraction,
            high=s.storage.soc_max_fraction,
        )
    yield from _unknown_steps(s)
    if s.tariff.demand_window_minutes % s.site.step_minutes and s.site.step_minutes < s.tariff.demand_window_minutes:
        yield Problem("{input} must divide the tariff's demand window", input=Named("site.step_minutes"))


def _unknown_steps(s: Scenario) -> Iterator[Problem]:
    """Lead times of steps that a part's chain has not."""
    known = arrival.steps_of(s) if s.timing.by_month else {}
    for row in s.timing.steps:
        if row.part in known and row.step not in known[row.part]:
            yield Problem(
                "{input}: the chain of '{part}' has no step '{step}'; it has {steps}",
                input=Named("timing.steps"),
                part=row.part,
                step=row.step,
                steps=known[row.part],
            )


def _put(tree: dict[str, Any], path: str, value: Any) -> None:
    *parents, name = path.split(".")
    for parent in parents:
        if not isinstance(tree.get(parent), dict):
            raise InputError([Problem("{path}: there is no section '{section}'", path=path, section=parent)])
        tree = tree[parent]
    tree[name] = value


def _known_names() -> dict[str, list[str]]:
    sections: dict[str, Any] = {name: field.annotation for name, field in Scenario.model_fields.items()}
    names = {name: list(model.model_fields) for name, model in sections.items() if hasattr(model, "model_fields")}
    return {"": list(sections), **names}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
