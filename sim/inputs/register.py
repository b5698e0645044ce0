"""The parameter register: every input of a Scenario as a flat list, from the one place where it is defined."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from sim.inputs.library import Confidence
from sim.inputs.scenario import Scenario

OF_STATISTICS = ("saifi_per_year", "saidi_h_per_year", "outage_spread", "outage_seed")
OF_DECLARATION = ("declared_kw", "hybrid_redeclares", "declaration_hold_months")
OF_INTERRUPTIONS = (
    "gpu_price_per_h",
    "checkpoint_interval_h",
    "restart_h",
    "hardware_failure_fraction",
    "hardware_repair_cost",
    "interruption_penalty",
)
OWN_TAX_RULES = (
    "tax_rate",
    "tax_depreciation",
    "tax_depreciation_years",
    "tax_residual_fraction",
    "tax_loss_carry_years",
)
# The terms that matter under each contract; those not named here matter under every one but buying.
OF_CONTRACTS = {
    "years": ("shared_saving", "guaranteed_saving", "finance_lease", "as_a_service", "ppa"),
    "investor_share": ("shared_saving",),
    "share_by_year": ("shared_saving",),
    "shared_on": ("shared_saving", "guaranteed_saving"),
    "guaranteed_fraction": ("guaranteed_saving",),
    "surplus_share": ("guaranteed_saving",),
    "lease_rent_fraction": ("operating_lease",),
    "rental_fraction_per_month": ("rental",),
    "lease_rate": ("finance_lease",),
    "down_payment_fraction": ("finance_lease",),
    "service_per_kw_month": ("as_a_service",),
    "service_per_kwh": ("as_a_service",),
    "ppa_fraction": ("ppa",),
    "escalation": ("operating_lease", "rental", "as_a_service", "ppa"),
    "buy_out_fraction": ("shared_saving", "finance_lease", "as_a_service", "ppa"),
}
Kind = Literal["number", "integer", "choice", "switch", "text", "other"]


@dataclass(frozen=True)
class Input:
    """One input. `minimum` and `maximum` are None where unlimited; `choices` is empty unless `kind` is "choice"."""

    path: str
    section: str
    name: str
    kind: Kind
    label: str
    unit: str
    help_text: str
    default: Any
    optional: bool
    minimum: float | None
    maximum: float | None
    choices: tuple[Any, ...]
    low: float | None
    high: float | None
    source: str
    confidence: Confidence | None


@cache
def register() -> dict[str, Input]:
    """All inputs by dotted path, in the order they are defined. The tariff and nested tables are not in it."""
    found: dict[str, Input] = {}
    for section, field in Scenario.model_fields.items():
        model = field.annotation
        if section == "tariff" or not hasattr(model, "model_fields"):
            continue
        for name, spec in model.model_fields.items():
            found[f"{section}.{name}"] = _input(section, name, spec)
    return found


def unverified(scenario: Scenario) -> tuple[str, ...]:
    """Paths of the inputs in use whose value rests on an unverified figure (shown with a diamond)."""
    weak = [path for path, entry in register().items() if is_weak(scenario, entry) and is_used(scenario, entry)]
    return tuple(weak)


def is_used(scenario: Scenario, entry: Input) -> bool:
    """Whether the input can matter at all: a PV price does not where there is no PV."""
    name = entry.name
    if entry.section == "pv" or name.startswith("pv_"):
        return scenario.pv.dc_kwp > 0 and _pv_input_is_used(scenario, name)
    if entry.section == "storage" or name.startswith(("storage_", "ems_")):
        fits = _ownership_fits(scenario, "storage", name) and _storage_input_is_used(scenario, name)
        return scenario.storage.energy_kwh > 0 and fits
    if entry.section == "grid" and name in OF_STATISTICS:
        return scenario.grid.outage_source == "statistics"
    if entry.section == "grid" and name in OF_DECLARATION:
        by_contract = scenario.tariff.demand_basis == "contract_demand"
        return by_contract and (name != "hybrid_redeclares" or scenario.grid.declared_kw is not None)
    if entry.path == "grid.power_factor":
        return scenario.tariff.power_factor_rule != "none"
    if entry.section == "compute":
        return _compute_input_is_used(scenario, name)
    if entry.section == "deal":
        return _contract_term_is_used(scenario, name)
    if name in ("gpu_price_per_h", "checkpoint_interval_h") and scenario.compute.in_use:
        return name == "gpu_price_per_h" or scenario.compute.shed_in_outages or scenario.finance.count_interruptions
    if name in OF_INTERRUPTIONS:
        return scenario.finance.count_interruptions
    if name.startswith("genset_"):
        return _ownership_fits(scenario, "genset", name)
    if entry.section == "load":
        return _load_input_is_used(scenario, name)
    if name.startswith(("tax_", "loan_", "vat_recovery", "carbon_")):
        return _financing_input_is_used(scenario, name)
    if name == "shown_rate":
        return scenario.finance.shown_currency not in ("", scenario.site.currency)
    if name == "shown_rate_as_of":
        return scenario.finance.shown_rate is not None
    if name == "certificate_per_mwh":
        return scenario.finance.green_share > 0
    if name == "vat_rate":
        return scenario.finance.vat_basis == "excl" or not scenario.finance.prices_include_vat
    return True


def _pv_input_is_used(scenario: Scenario, name: str) -> bool:
    pv = scenario.pv
    if name in ("tilt_deg", "azimuth_deg"):
        return not pv.arrays
    if name == "shared_inverters":
        return len(pv.arrays) > 1
    return not (name == "seed" and pv.weather)


def _ownership_fits(scenario: Scenario, thing: str, name: str) -> bool:
    owned = getattr(scenario.finance, f"{thing}_ownership")
    if "_rent_" in name:
        return owned == "rent"
    if any(
        word in name for word in ("_capex_", "_residual_", "_replacement_", "_om_fraction", "_insurance", "_decline")
    ):
        return owned == "buy"
    return True


def _financing_input_is_used(scenario: Scenario, name: str) -> bool:
    finance = scenario.finance
    if name in OWN_TAX_RULES:
        by_table = name == "tax_depreciation_years" and finance.tax_depreciation.startswith(
            ("macrs", "immediate", "none")
        )
        return finance.tax_rules == "own" and not by_table
    if name.startswith("tax_"):
        return finance.tax_rules != "none" or name == "tax_rules"
    if name.startswith("loan_"):
        return finance.loan_share > 0 or name == "loan_share"
    if name == "vat_recovery_years":
        return finance.vat_basis == "excl"
    return finance.carbon_price_per_t > 0 or name == "carbon_price_per_t"


def _storage_input_is_used(scenario: Scenario, name: str) -> bool:
    storage = scenario.storage
    if name in ("fade_first_year", "fade_per_year"):
        return storage.fade_model == "line"
    if name == "cycle_margin":
        return storage.fade_model == "lfp"
    if name == "cabinet_repair_h":
        return storage.cabinet_mtbf_h is not None
    if name == "end_of_life_fraction":
        return storage.renewal == "replace"
    if name.startswith("augment_"):
        of = {"augment_below_fraction": "threshold", "augment_every_years": "periodic", "augment_years": "years"}
        return storage.renewal == "augment" and of.get(name, storage.augment_by) == storage.augment_by
    if name.startswith("warranty_") and name != "warranty_years":
        return storage.warranty_years is not None
    return True


def _compute_input_is_used(scenario: Scenario, name: str) -> bool:
    compute = scenario.compute
    if name in ("cap_rule", "defer", "shed_in_outages"):
        return True
    if name in ("cap_lowest_fraction", "cap_curve", "gpu_power_share"):
        return compute.cap_rule != "off"
    if name.startswith("defer"):
        return compute.defer
    if name in ("shed_fraction", "resume_h"):
        return compute.shed_in_outages
    return compute.in_use


def _contract_term_is_used(scenario: Scenario, name: str) -> bool:
    kind = scenario.deal.kind
    if name == "claimed_growth":
        return kind != "buy" and scenario.deal.claimed_saving is not None
    return name == "kind" or (kind != "buy" and kind in OF_CONTRACTS.get(name, (kind,)))


def _load_input_is_used(scenario: Scenario, name: str) -> bool:
    load = scenario.load
    is_cluster = load.kind not in ("meter", "flat")
    by_gpus = load.size_by == "gpus" and is_cluster
    if name in ("gpu_model", "network_overhead_fraction", "gpu_count"):
        return by_gpus
    if name == "watt_per_gpu":
        return by_gpus and load.gpu_model == "custom"
    if name == "pue":
        return by_gpus and load.pue_model == "constant"
    if name == "pue_model":
        return is_cluster
    if name == "design_ambient_c":
        return is_cluster and load.pue_model != "constant"
    if name in ("inference_shape", "utc_offset_h"):
        return load.kind in ("inference", "mixed") and (name == "inference_shape" or load.inference_shape != "country")
    if name in ("load_factor", "seed"):
        return scenario.load.kind not in ("meter", "flat")
    return True


def is_weak(scenario: Scenario, entry: Input) -> bool:
    """Whether the value in use rests on an unverified figure, used or not."""
    note = scenario.provenance.get(entry.path)
    if note is not None:
        return note.confidence == "unverified"
    return entry.confidence == "unverified" and scenario.get(entry.path) == entry.default


def _input(section: str, name: str, spec: FieldInfo) -> Input:
    extra = spec.json_schema_extra if isinstance(spec.json_schema_extra, dict) else {}
    kind, choices, optional, limits = _kind(spec)
    return Input(
        path=f"{section}.{name}",
        section=section,
        name=name,
        kind=kind,
        label=spec.title or name,
        unit=str(extra.get("unit", "")),
        help_text=spec.description or "",
        default=spec.default,
        optional=optional,
        minimum=_limit(limits, (Ge, Gt), ("ge", "gt")),
        maximum=_limit(limits, (Le, Lt), ("le", "lt")),
        choices=choices,
        low=extra.get("low"),
        high=extra.get("high"),
        source=str(extra.get("source", "")),
        confidence=extra.get("confidence"),
    )


def _kind(spec: FieldInfo) -> tuple[Kind, tuple[Any, ...], bool, list[Any]]:
    limits = list(spec.metadata)
    annotation, optional = spec.annotation, False
    if NoneType in get_args(annotation):
        optional = True
        annotation = next(arg for arg in get_args(annotation) if arg is not NoneType)
    while hasattr(annotation, "__metadata__"):
        for item in annotation.__metadata__:
            limits.extend(item.metadata if isinstance(item, FieldInfo) else [item])
        annotation = annotation.__origin__
    if get_origin(annotation) is Literal:
        return "choice", get_args(annotation), optional, limits
    kinds: dict[Any, Kind] = {bool: "switch", int: "integer", float: "number", str: "text"}
    return kinds.get(annotation, "other"), (), optional, limits


def _limit(limits: list[Any], kinds: tuple[type, type], names: tuple[str, str]) -> float | None:
    for item in limits:
        for kind, name in zip(kinds, names, strict=True):
            if isinstance(item, kind):
                return float(getattr(item, name))
    return None
