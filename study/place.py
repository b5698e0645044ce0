"""A place brings its world: country, currency, tariff, CO2 factor, clock, prices, rents, wages, taxes, with sources.

Prices of a country are its own where the data files have them. Those of a dollar market are converted at the dated
rate; what has neither is China's figure without Chinese VAT, converted, with the country's VAT. Both are unverified.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from sim.inputs import library
from sim.inputs.library import Record, SiteRecord
from sim.inputs.market import price_text
from sim.inputs.register import Input, register
from sim.inputs.scenario import Provenance, Scenario
from sim.inputs.tariff import Tariff
from sim.plant.load import peak_kw
from sim.problem import Refusal

HOME = "CN"  # the register's own defaults are its prices
DIGITS = 3
SE_ASIA = ("MY", "ID", "TH", "VN", "PH", "SG")
UNTAXED = ("finance.hardware_repair_cost", "finance.certificate_per_mwh")
OF_LAW = ("finance.vat_rate", "finance.vat_services_rate", "finance.prices_include_vat")
RATES = (*OF_LAW, "finance.discount_rate", "finance.inflation", "finance.storage_seamless_premium_fraction")
TARIFF_AMOUNTS = (
    "energy_adders_per_kwh",
    "levies_per_kwh",
    "capacity_per_kva_month",
    "minimum_per_month",
    "minimum_per_kva_month",
    "export_credit_per_kwh",
    "fixed_per_month",
)
SET_KW = 1500.0  # the set whose rent and mobilisation the register's defaults are for
OF_COUNTRY = {
    "finance.diesel_per_l": "diesel_price_per_litre",
    "finance.delivery_per_l": "diesel_delivery_adder_per_litre",
    "finance.crew_per_month": "crew_per_month",
    "finance.vat_rate": "vat_rate",
    "finance.discount_rate": "nominal_discount_rate",
    "finance.inflation": "inflation_rate",
}


@dataclass(frozen=True)
class Fact:
    """A value of an input and where it comes from; no `note` where the register's source holds, or none is needed."""

    value: Any
    note: Provenance | None = None


@dataclass(frozen=True)
class World:
    """What a place changes in a scenario: facts by dotted path, the tariff among them by its id (`tariff`)."""

    place: str
    facts: Mapping[str, Fact]
    tariff: str
    has_own_tariff: bool


@dataclass(frozen=True)
class Mismatch:
    """A tariff of the library that is not at home where the site is: its id, that of the place's own (None where the
    library has none)."""

    tariff: str
    own: str | None


def world_of(place: str, scenario: Scenario) -> World:
    """What the place brings to this scenario. A price the user entered stays, at the dated rate in a new currency.

    Raises Refusal for an unknown place (`find_place`).
    """
    site = library.sites()[find_place(place)]
    facts = in_currency_of(site.country, scenario) | _of_place(site)
    tariff, is_own = tariff_of(site.id, peak_kw(scenario.load))
    return World(site.id, facts, tariff, is_own)


def taken(scenario: Scenario, world: World) -> Scenario:
    """The scenario in this world, each value with its note. Raises InputError where the two do not go together."""
    return with_facts(scenario, world.facts, {"tariff": {"library_id": world.tariff}})


def with_facts(scenario: Scenario, facts: Mapping[str, Fact], more: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario with these values and their notes, and with `more` changes that have none. Raises InputError."""
    changed = scenario.with_({path: fact.value for path, fact in facts.items()} | dict(more or {}))
    notes = {path: fact.note for path, fact in facts.items() if fact.note}
    return changed.model_copy(update={"provenance": changed.provenance | notes}) if notes else changed


def in_currency_of(country: str, scenario: Scenario) -> dict[str, Fact]:
    """The prices of a scenario that takes a country's currency, and what else stands in it."""
    before, currency = prices_of(_price_country(scenario)), library.country(country)["currency"]
    facts = {path: _kept(scenario, path, before, fact, currency) for path, fact in prices_of(country).items()}
    return facts | _in_its_currency(scenario, currency)


def _in_its_currency(scenario: Scenario, currency: str) -> dict[str, Fact]:
    """The currency itself, and what stands in it besides prices: the user's bills, at the dated rate where the table
    has one; a rate of the user's own to a shown currency goes."""
    facts, was = {"site.currency": Fact(currency)}, scenario.site.currency
    if currency != was and scenario.finance.shown_rate is not None:
        facts |= {"finance.shown_currency": Fact(""), "finance.shown_rate": Fact(None)}
    if currency != was and scenario.bills and has_rate(was, currency):
        rate = library.table_rate(was, currency)
        facts["bills"] = Fact(tuple(bill.at_rate(rate) for bill in scenario.bills))
    return facts


def has_rate(*currencies: str) -> bool:
    """Whether the table of rates knows all of these currencies."""
    return all(library.units_per_usd(code) for code in currencies)


def lives_there(scenario: Scenario, world: World, before: Scenario) -> bool:
    """Whether the scenario has figures of this world, with their notes, that the one `before` had not."""
    brought = {path: fact.note for path, fact in world.facts.items() if fact.note}
    new = {path: note for path, note in brought.items() if before.provenance.get(path) != note}
    return any(scenario.provenance.get(path) == note for path, note in new.items())


def converted(tariff: Tariff, currency: str) -> dict[str, Any]:
    """The fields of a tariff with every amount in another currency at the table's rate; no longer the library's record.
    Raises KeyError where the table has no rate."""
    rate, fields = library.table_rate(tariff.currency, currency), tariff.model_dump()
    for name in TARIFF_AMOUNTS:
        fields[name] = None if fields[name] is None else fields[name] * rate
    for season in fields["seasons"]:
        season["prices_per_kwh"] = {name: price * rate for name, price in season["prices_per_kwh"].items()}
    for charge in fields["demand_charges"]:
        charge["per_kw_month"] *= rate
    for rule in (*fields["energy_tiers"], *fields["demand_charges"]):
        for tier in rule["tiers"]:
            tier["adder"] *= rate
    if tariff.market:
        for year, held in zip(fields["market"]["years"], tariff.market.years, strict=True):
            year["prices"] = price_text(held.per_kwh * rate)
    note = f"{tariff.source}; {_rate_text(tariff.currency, currency)}"
    return fields | {"library_id": "", "currency": currency, "confidence": "unverified", "source": note}


def priced_abroad(scenario: Scenario) -> tuple[str, ...]:
    """Prices in use that are still China's defaults in yuan though the site has another currency."""
    if scenario.site.currency == "CNY":
        return ()
    return tuple(
        path
        for path, entry in register().items()
        if entry.is_money
        and entry.default
        and entry.when(scenario)
        and scenario.get(path) == entry.default
        and path not in scenario.provenance
    )


def in_currency(scenario: Scenario, currency: str) -> Scenario:
    """The scenario with every price and its tariff in another currency at the table's rate, marked as unverified.
    Raises KeyError where the table has no rate, InputError."""
    rate = library.table_rate(scenario.site.currency, currency)
    text = _rate_text(scenario.site.currency, currency)
    facts = _in_its_currency(scenario, currency)
    for path, entry in register().items():
        if entry.is_money and scenario.get(path):
            note = scenario.provenance.get(path)
            source = note.source if note else entry.source if scenario.get(path) == entry.default else ""
            weak = _weak(f"{source}, {text}") if source else None
            facts[path] = Fact(float(f"{scenario.get(path) * rate:.6g}"), weak)
    return with_facts(scenario, facts, {"tariff": converted(scenario.tariff, currency)})


def tariff_of(place: str, load_kw: float) -> tuple[str, bool]:
    """(id of the tariff for a load of this size there, whether it is the place's own); else its country's stand-in."""
    site = library.sites()[place]
    own = [name for name, most_mw in site.tariffs if most_mw is None or load_kw <= 1000 * most_mw]
    return (own[0], True) if own else (library.default_tariff(site.country), False)


def elsewhere(scenario: Scenario) -> Mismatch | None:
    """Where the library's tariff in use is at home in another region than the site; None where they agree, or where the
    tariff is the user's own."""
    raw = library.raw_tariffs()
    tariff, site = scenario.tariff.library_id, library.sites()[scenario.site.place]
    regions = {raw[name]["region_en"] for name, _ in site.tariffs}
    if not tariff or raw[tariff]["region_en"] in regions:
        return None
    name, is_own = tariff_of(site.id, peak_kw(scenario.load))
    return Mismatch(tariff, name if is_own else None)


def find_place(text: str) -> str:
    """The id of a place by its id, name, province, country or another name, in any language. Raises Refusal."""
    wanted = _plain(text)
    for names in (_names, _provinces, _countries):
        found = [site.id for site in library.sites().values() if wanted in map(_plain, names(site))]
        if found:
            return found[0]
    known = [name for site in library.sites().values() for name in (*_names(site), *_provinces(site))]
    near = get_close_matches(text, known, n=3, cutoff=0.5) or tuple(library.sites())
    raise Refusal("place '{place}' is not in the list; near ones: {near}", place=text, near=tuple(dict.fromkeys(near)))


def _names(site: SiteRecord) -> tuple[str, ...]:
    return site.id, site.name_en, site.name_zh, *site.also


def _provinces(site: SiteRecord) -> tuple[str, ...]:
    return site.province_en, site.province_zh


def _countries(site: SiteRecord) -> tuple[str, ...]:
    facts = library.country(site.country)
    return site.country, facts["name_en"], facts["name_zh"]


def _plain(text: str) -> str:
    return "".join(text.casefold().replace("_", " ").replace("-", " ").split())


def _of_place(site: SiteRecord) -> dict[str, Fact]:
    factor, default = library.grid_factor(site), register()["grid.co2_kg_per_kwh"].default
    return {
        "site.place": Fact(site.id),
        "site.country": Fact(site.country),
        "load.utc_offset_h": Fact(site.utc_offset_h),
        "grid.co2_kg_per_kwh": Fact(default) if factor.value == default else of_record(factor),
    }


@cache
def prices_of(country: str) -> Mapping[str, Fact]:
    """What things cost in a country, in its currency, VAT included; and its VAT, discount rate and inflation."""
    money = {path: entry for path, entry in register().items() if entry.is_money}
    usual = {path: Fact(register()[path].default) for path in (*money, *RATES)}
    if country == HOME:
        return usual
    services = "vat_services_rate" if "vat_services_rate" in library.country(country) else "vat_rate"
    own = {path: of_record(library.country_record(country, key)) for path, key in OF_COUNTRY.items()}
    own["finance.vat_services_rate"] = of_record(library.country_record(country, services))
    found = own | _of_dollar_markets(country)
    crew = own["finance.crew_per_month"].value / register()["finance.crew_per_month"].default
    standby = _rounded(register()["finance.standby_crew_per_month"].default * crew)
    found["finance.standby_crew_per_month"] = Fact(standby, _weak("in the proportion of the crew round the clock"))
    return usual | {path: _converted(entry, country) for path, entry in money.items() if entry.default} | found


def _of_dollar_markets(country: str) -> dict[str, Fact]:
    """Prices the data files have in dollars: of the country itself, or of markets outside China."""
    gpu = library.record("loads", "outage_cost.gpu_hour_price_usd_h100")
    pause = library.record("loads", "flexibility.opportunity_cost_pause_usd_per_kwh")
    set_price = library.record("equipment", "diesel.capex_us_usd_per_kw")
    found = {
        "finance.genset_capex_per_kw": _in_dollars(set_price, country),
        "finance.genset_rent_per_set_month": _in_dollars(library.rent_abroad(), country, SET_KW),
        "finance.gpu_price_per_h": _in_dollars(gpu, country, vat=False),
        "finance.unserved_per_kwh": _in_dollars(pause, country, vat=False),
    }
    if country == "US":
        return found | _of_united_states()
    battery = library.record("equipment", "bess.cost.turnkey_abroad_usd_per_kwh")
    found["finance.storage_capex_per_kwh"] = _in_dollars(battery, country)
    found["finance.storage_seamless_premium_fraction"] = Fact(0.0, _note(battery, "backup function included"))
    if country in SE_ASIA:
        panels = library.record("equipment", "pv.capex_rooftop_se_asia_usd_per_wp")
        found["finance.pv_capex_per_kwp"] = _in_dollars(panels, country, 1000)
    return found


def _of_united_states() -> dict[str, Fact]:
    """The battery's price holds the power of the hours it is quoted for, as the register's does."""
    energy = library.record("equipment", "bess.cost.us_installed_usd_per_kwh_energy_part")
    power = library.record("equipment", "bess.cost.us_installed_usd_per_kw_power_part")
    hours = register()["finance.storage_price_hours"].default
    note = _note(energy, f"{energy.value:g} USD/kWh + {power.value:g} USD/kW / {hours:g} h")
    derived = note.model_copy(update={"confidence": "derived"})
    panels = library.record("equipment", "pv.capex_rooftop_us_usd_per_wp")
    return {
        "finance.storage_capex_per_kwh": Fact(energy.value + power.value / hours, derived),
        "finance.storage_power_per_kw": of_record(power),
        "finance.pv_capex_per_kwp": Fact(panels.value * 1000, _note(panels)),
        "finance.pv_om_per_kwp_year": of_record(library.record("equipment", "pv.om_us_usd_per_kwp_year")),
    }


def _in_dollars(record: Record, country: str, times: float = 1.0, vat: bool = True) -> Fact:
    """A figure in dollars without VAT as a price of the country."""
    currency = library.country(country)["currency"]
    gross = 1 + library.country_record(country, "vat_rate").value * vat
    value = record.value * times * gross * library.table_rate("USD", currency)
    if currency == "USD":
        return Fact(value, _note(record))
    note = _note(record, _rate_text("USD", currency)).model_copy(update={"confidence": "unverified"})
    return Fact(_rounded(value), note)


def _converted(entry: Input, country: str) -> Fact:
    """China's figure without its VAT at the dated rate, with the country's VAT."""
    currency = library.country(country)["currency"]
    home_vat, vat = (library.country_record(code, "vat_rate").value for code in (HOME, country))
    tax = 1.0 if entry.path in UNTAXED else (1 + vat) / (1 + home_vat)
    value = entry.default * library.table_rate("CNY", currency) * tax
    return Fact(_rounded(value), _weak(f"Chinese figure, {_rate_text('CNY', currency)}: {entry.source}"))


def _kept(scenario: Scenario, path: str, before: Mapping[str, Fact], fact: Fact, currency: str) -> Fact:
    """The country's figure, or the user's own where he has entered one: as it is, or at the dated rate."""
    own, was, entry = scenario.get(path), scenario.site.currency, register()[path]
    if own in (before[path].value, entry.default) or (path in OF_LAW and currency != was):
        return fact
    if currency == was or not entry.is_money or not own:
        return Fact(own, scenario.provenance.get(path))
    if not has_rate(was, currency):
        return fact
    note = scenario.provenance.get(path)
    weak = _weak(f"{note.source}, {_rate_text(was, currency)}") if note else None
    return Fact(_rounded(own * library.table_rate(was, currency)), weak)


def _price_country(scenario: Scenario) -> str:
    """The country whose prices a scenario has where nobody changed them: of its currency, its own first."""
    codes = (scenario.site.country, *library.countries())
    known = set(library.countries())
    currency = scenario.site.currency
    return next((c for c in codes if c in known and library.country(c)["currency"] == currency), HOME)


def of_record(record: Record) -> Fact:
    """A shipped figure with its source."""
    return Fact(record.value, _note(record))


def _note(record: Record, more: str = "") -> Provenance:
    source = f"{record.source}; {more}" if more else record.source
    return Provenance(source=source[:500], confidence=record.confidence, as_of=record.as_of[:40])


def _weak(source: str) -> Provenance:
    return Provenance(source=source[:500], confidence="unverified", as_of="")


def _rate_text(before: str, after: str) -> str:
    """The rate a figure was converted at, with its date."""
    records = [library.units_per_usd(code) for code in (before, after)]
    date = min(record.as_of for record in records if record)
    rate = float(f"{library.table_rate(before, after):.4g}")
    return f"converted at {rate:,g} {after}/{before} ({date})"


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
