"""A URDB rate's JSON -> a checked model of its fields, whatever their spelling and wrapping.

Services hand rates on in lists, in `items`, in `urdb_response`, with keys in lower case. Field names:
https://openei.org/services/doc/rest/util_rates/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sim.inputs.base import input_error
from sim.inputs.text import one_line, read_json
from sim.problem import Problem, Refusal

Table = tuple[tuple[int, ...], ...]
ENERGY_UNITS = ("", "kwh", "kwh daily")
MOST_PERIODS = 96
MOST_TIERS = 20
MOST_MONEY = 1e9
NO_LIMIT = 1e30
DEEPEST = 5
PER_MONTH = {"": 1.0, "$/month": 1.0, "$/day": 365 / 12, "$/year": 1 / 12}
NOT_READ = {
    "coincidentratestructure": Problem(
        "coincident peak charges, as the file has no dates of the grid's peaks; name the hours in a tariff file"
    ),
    "demandreactivepowercharge": Problem("the charge on reactive power"),
    "annualmincharge": Problem("the yearly minimum bill"),
}
# Of the price that each has: what it may come to a year, and per kW of the peak; reactive power at a factor of 0.9.
AT_STAKE = {
    "coincidentratestructure": (0.0, 12.0),
    "demandreactivepowercharge": (0.0, 5.81),
    "annualmincharge": (1.0, 0.0),
}
# Fields that describe the rate and cost nothing.
_DESCRIBING = re.compile(
    r"label|approved|is_?default|supersedes|sector|description|sourceparent|phasewiring|servicetype|eiaid|country|dgrules|"
    r"usenetmetering|version|id|_id|currency|coincident\w{0,40}|\w{0,40}(?:comments|date|min|max|minimum|maximum|history|attrs|"
    r"keyvals|capacity|interval|category|url|uri)"
)


class Unread(NamedTuple):
    """Something of a rate that no tariff holds, and what it may come to: money a year, and per kW of the peak."""

    what: Problem
    per_year: float = 0.0
    per_kw_year: float = 0.0


@dataclass(frozen=True)
class UrdbTier:
    """Price with adjustment per kWh or kW up to `up_to` of the month (None = the rest), and credit per kWh sold."""

    price: float
    up_to: float | None = None
    sell: float = 0.0


def _number(value: Any, most: float = MOST_MONEY) -> float:
    """A finite number; nothing is 0."""
    if value is None or value == "":
        return 0.0
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, float, str))
        or (isinstance(value, str) and len(value) > 40)
    ):
        raise Refusal("{given} cannot be used; {wanted}", given=_short(value), wanted=Problem("give a number"))
    try:
        found = float(value)
    except (ValueError, OverflowError) as error:
        raise Refusal(
            "{given} cannot be used; {wanted}", given=_short(value), wanted=Problem("give a number")
        ) from error
    if not abs(found) <= most:
        limit = Problem("at most {limit}", limit=most)
        raise Refusal("{given} is out of range; it must be {limit}", given=_short(value), limit=limit)
    return found


def _short(value: Any) -> str:
    return one_line(str(value))[:40]


def _whole(value: Any) -> int:
    found = _number(value)
    if found != int(found):
        raise Refusal("{given} cannot be used; {wanted}", given=_short(value), wanted=Problem("give a whole number"))
    return int(found)


def _structure(value: Any) -> tuple[tuple[UrdbTier, ...], ...]:
    """Tiers of each period."""
    if value is None or value == "":
        return ()
    if not isinstance(value, list) or len(value) > MOST_PERIODS:
        raise _no_structure(Problem("give a list"))
    found = []
    for period in value:
        if (
            not isinstance(period, list)
            or not 1 <= len(period) <= MOST_TIERS
            or not all(isinstance(t, dict) for t in period)
        ):
            raise _no_structure(Problem("give a list"))
        try:
            found.append(tuple(_tier({str(key).lower(): one for key, one in tier.items()}) for tier in period))
        except Refusal as error:
            raise _no_structure(error.problem) from error
    return tuple(found)


def _no_structure(reason: Problem) -> Refusal:
    return Refusal("{reason}; it must list the tiers of each period with 'rate'", reason=reason)


def _tier(raw: Mapping[str, Any]) -> UrdbTier:
    limit = raw.get("max")
    up_to = None if limit is None or limit == "" else _number(limit, float("inf"))
    up_to = None if up_to is None or up_to > NO_LIMIT or up_to <= 0 else up_to
    return UrdbTier(_number(raw.get("rate")) + _number(raw.get("adj")), up_to, _number(raw.get("sell")))


def _numbers(value: Any) -> tuple[float, ...]:
    """A number or a list of them."""
    if value is None or value == "":
        return ()
    return tuple(_number(one) for one in value[:400]) if isinstance(value, list) else (_number(value),)


def _months(value: Any) -> tuple[float, ...]:
    found = _numbers(value)
    if len(found) not in (0, 12):
        raise Refusal("give one value for each of 12 months")
    return found if any(found) else ()


def _rows(value: Any) -> Table:
    """A 12 x 24 table of whole numbers, () where there is none."""
    if value is None or value == "" or value == []:
        return ()
    is_table = isinstance(value, list) and len(value) == 12
    if not (is_table and all(isinstance(row, list) and len(row) == 24 for row in value)):
        raise Refusal("give a table of 12 months and 24 hours")
    return tuple(tuple(_whole(cell) for cell in row) for row in value)


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, (list, dict)) else one_line(str(value))[:200]


Text = Annotated[str, BeforeValidator(_text)]
Number = Annotated[float, BeforeValidator(_number)]
Whole = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=10_000)]
Numbers = Annotated[tuple[float, ...], BeforeValidator(_numbers)]
Months = Annotated[tuple[float, ...], BeforeValidator(_months)]
Structure = Annotated[tuple[tuple[UrdbTier, ...], ...], BeforeValidator(_structure)]
Rows = Annotated[Table, BeforeValidator(_rows)]


# Names of the bulk file, in lower case, beside those that follow a rule.
BULK_NAMES = {
    "ratename": "name",
    "utilityname": "utility",
    "flatdemandunits": "flatdemandunit",
    "demandrateunits": "demandrateunit",
    "sourcereference": "source",
    "coincidentsched": "coincidentrateschedule",
}


class RateModel(BaseModel):
    """The fields of a rate that are read, by their names in lower case."""

    model_config = ConfigDict(extra="ignore", arbitrary_types_allowed=True)
    name: Text = ""
    utility: Text = ""
    uri: Text = ""
    source: Text = ""
    energyratestructure: Structure = ()
    energyweekdayschedule: Rows = ()
    energyweekendschedule: Rows = ()
    demandratestructure: Structure = ()
    demandweekdayschedule: Rows = ()
    demandweekendschedule: Rows = ()
    demandrateunit: Text = ""
    flatdemandstructure: Structure = ()
    flatdemandmonths: Numbers = ()
    flatdemandunit: Text = ""
    fixedchargefirstmeter: Number = 0.0
    fixedmonthlycharge: Number = 0.0
    fixedchargeunits: Text = ""
    mincharge: Number = 0.0
    minmonthlycharge: Number = 0.0
    minchargeunits: Text = ""
    demandratchetpercentage: Numbers = ()
    lookbackpercent: Numbers = ()
    lookbackmonths: Numbers = ()
    lookbackrange: Whole = 0
    demandwindow: Whole = 0
    fueladjustmentsmonthly: Months = ()
    energyfueladjustments: Months = ()


def one_rate(text: str | bytes | Mapping[str, Any] | list) -> tuple[dict[str, Any], int]:
    """(the first rate with its keys in lower case, how many others the file holds)."""
    if isinstance(text, str | bytes):
        try:
            text = read_json(text)
        except Refusal as error:
            raise Refusal("this is not a URDB rate: {fault}", fault=error.problem) from error
    found = list(_rates(text, 0))
    if found:
        return found[0], len(found) - 1
    if isinstance(text, Mapping) and "items" in text:
        raise Refusal("the URDB answer holds no rate; search again and download a rate with detail=full")
    if isinstance(text, Mapping):
        raise Refusal("the rate has no energyratestructure; choose one with energy prices")
    raise Refusal("this is not a URDB rate: it must be one JSON object")


def _rates(tree: Any, depth: int) -> Iterator[dict[str, Any]]:
    """Objects with energy prices, in the file's order."""
    if depth > DEEPEST:
        return
    if isinstance(tree, Mapping):
        lower = dict(_as_answered(str(key).lower(), value) for key, value in tree.items())
        if lower.get("energyratestructure"):
            yield lower
            return
    inside = tree.values() if isinstance(tree, Mapping) else tree[:10_000] if isinstance(tree, list) else ()
    for part in inside:
        if isinstance(part, (Mapping, list)):
            yield from _rates(part, depth + 1)


def _as_answered(name: str, value: Any) -> tuple[str, Any]:
    """A field of the database's bulk file under the name and in the form that its service answers with:
    energyRateStrux of objects with energyRateTiers, energyWeekdaySched, rateName."""
    name = BULK_NAMES.get(
        name, re.sub(r"strux$", "structure", re.sub(r"(?<=week)(day|end)sched$", r"\1schedule", name))
    )
    if name.endswith("structure") and isinstance(value, list) and value and isinstance(value[0], dict):
        value = [
            next((part for part in one.values() if isinstance(part, list)), one)
            for one in value
            if isinstance(one, dict)
        ]
    return name, value


def rate_model(raw: Mapping[str, Any]) -> RateModel:
    """The checked fields. Raises InputError with a sentence a field."""
    _check_energy_units(raw)
    try:
        return RateModel.model_validate(raw)
    except ValidationError as error:
        raise input_error(error) from error


def _check_energy_units(raw: Mapping[str, Any]) -> None:
    periods = raw.get("energyratestructure")
    for period in periods[:MOST_PERIODS] if isinstance(periods, list) else ():
        for tier in period[:MOST_TIERS] if isinstance(period, list) else ():
            unit = _text(tier.get("unit")) if isinstance(tier, dict) else ""
            if unit.lower() not in ENERGY_UNITS[:2]:
                reason = Problem(
                    "unit '{unit}' depends on the load's size, which cannot be read; only kWh can", unit=unit
                )
                raise Refusal("{name}: {reason}", name="energyratestructure", reason=reason)


def table(given: Table, name: str, periods: int) -> Table:
    """A schedule whose numbers are periods that exist."""
    if not given:
        raise Refusal("{name} must be a table of 12 months and 24 hours", name=name)
    if min(map(min, given)) < 0 or max(map(max, given)) >= periods:
        raise Refusal(
            "{name} names a period that has no price; there are {count}, counted from 0", name=name, count=periods
        )
    return given


def flat_months(given: tuple[float, ...], periods: int) -> tuple[int, ...]:
    if not periods:
        return ()
    months = given or (0.0,) * 12
    if len(months) != 12 or min(months) < 0 or max(months) >= periods or any(month % 1 for month in months):
        raise Refusal("flatdemandmonths must name one of the flat demand periods for each of 12 months")
    return tuple(int(number) for number in months)


def per_month(money: float, unit: str, older: float) -> float | None:
    """Money per month: the current field with its unit, else the older one, which is per month; None where the unit is
    another, such as per kW."""
    if not money:
        return max(older, 0.0)
    factor = PER_MONTH.get(unit.lower().replace(" ", ""))
    return None if factor is None else max(money, 0.0) * factor


def not_read(
    raw: Mapping[str, Any], given: RateModel, others: int, fixed_unknown: bool, minimum_unknown: bool
) -> Iterator[Unread]:
    """What is in the file and not in the tariff, with its figures."""
    for name, text in NOT_READ.items():
        if _has_money(raw.get(name)):
            dearest = _dearest(raw[name])
            yield Unread(text, *(share * dearest for share in AT_STAKE[name]))
    if minimum_unknown:
        money, unit = given.mincharge, given.minchargeunits
        what = Problem("the minimum charge of {money:,.6g} {unit}", money=money, unit=unit)
        yield Unread(what, 0.0, _kw_year(money, unit))
    if fixed_unknown:
        money, unit = given.fixedchargefirstmeter, given.fixedchargeunits
        what = Problem("the fixed charge of {money:,.6g} {unit}", money=money, unit=unit)
        yield Unread(what, 0.0, _kw_year(money, unit))
    if others:
        yield Unread(Problem("{count:,} more rates of the file; the first was read", count=others))
    known = set(RateModel.model_fields) | set(NOT_READ)
    named = [
        name
        for name, value in raw.items()
        if name not in known and not _DESCRIBING.fullmatch(name) and _has_money(value)
    ]
    if named:
        yield Unread(Problem("the fields {names}", names=tuple(one_line(name)[:60] for name in named[:12])))


def _kw_year(money: float, unit: str) -> float:
    """Money a year and kW of a charge per kW or kVA and month; 0 of any other."""
    return 12 * money * any(one in unit.lower() for one in ("kw", "kva"))


def _dearest(value: Any, depth: int = 0) -> float:
    """The greatest price in a structure of tiers, or the number that it is."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return min(abs(float(value)), MOST_MONEY)
    inside = value[:400] if isinstance(value, list) else ()
    if isinstance(value, dict):
        inside = [one for key, one in value.items() if str(key).lower() in ("rate", "adj")]
    return max((_dearest(part, depth + 1) for part in inside), default=0.0) if depth <= DEEPEST else 0.0


def _has_money(value: Any, depth: int = 0) -> bool:
    """Whether a number other than 0 is in it."""
    if isinstance(value, bool) or depth > DEEPEST:
        return False
    if isinstance(value, (int, float)):
        return value != 0
    inside = value.values() if isinstance(value, dict) else value[:400] if isinstance(value, list) else ()
    return any(_has_money(part, depth + 1) for part in inside)
