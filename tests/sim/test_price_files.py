"""One price in many layouts of markets: whatever the layout, it is per kWh, in order and in its own column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest

from sim.meter.findings import MeterError, MeterQuestion
from sim.tariff.price_file import PriceChoices, read_curve

FIRST = datetime(2025, 1, 1)
YEAR = [FIRST + timedelta(hours=h) for h in range(8760)]
DAY = YEAR[:24]
MEAN = 0.0515
HOUR = timedelta(hours=1)


def price(t: datetime) -> int:
    """EUR/MWh: 40 at midnight, one more each hour."""
    return 40 + t.hour


def table(head: str, row: Callable[[datetime], str], times: Sequence[datetime] = YEAR) -> str:
    return "\n".join([head, *map(row, times)])


def rows(head: str, lines: list[str]) -> str:
    return "\n".join([head, *lines])


def nodal(t: datetime) -> list[str]:
    gmt = t + 8 * HOUR
    kinds = (("LMP", 1.0), ("MCC", 0.0), ("MCE", 0.9))
    return [f"{gmt:%Y-%m-%dT%H:%M:%S}-00:00,{t:%Y-%m-%d},{t.hour + 1},NP15,{k},{price(t) * f},1" for k, f in kinds]


# As ENTSO-E's platform answers: a point that repeats the one before is left out.
DOCUMENT = (
    '<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">'
    + "".join(
        "<TimeSeries><currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
        f"<curveType>A03</curveType><Period><timeInterval><start>{t:%Y-%m-%dT%H:%MZ}</start>"
        f"<end>{t + timedelta(days=1):%Y-%m-%dT%H:%MZ}</end></timeInterval><resolution>PT15M</resolution>"
        + "".join(
            f"<Point><position>{4 * h + 1}</position><price.amount>{40 + h}</price.amount></Point>" for h in range(24)
        )
        + "</Period></TimeSeries>"
        for t in YEAR[::24]
    )
    + "</Publication_MarketDocument>"
)


POINTS = ",".join(f"{15 * (k + 1) // 60:02d}:{15 * (k + 1) % 60:02d}" for k in range(96))
SHEET = [f"{t:%Y-%m-%d}," + ",".join(str(40 + k // 4) for k in range(96)) for t in YEAR[::24]]
MONTHS = ",".join(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"])

# name: (file, kind, choices)
FILES: dict[str, tuple[str, str, PriceChoices]] = {
    "quarter hours of a market hour": (
        rows(
            "DeliveryDate,DeliveryHour,DeliveryInterval,SettlementPointName,SettlementPointPrice",
            [f"{t:%m/%d/%Y},{t.hour + 1},{q},HB_NORTH,{price(t)}" for t in YEAR for q in (1, 2, 3, 4)],
        ),
        "year",
        PriceChoices(unit="per MWh"),
    ),
    "settlement points": (
        rows(
            "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag",
            [f"{t:%m/%d/%Y},{t.hour + 1:02d}:00,{k},{price(t) + j * 99},N" for t in YEAR for j, k in enumerate("AB")],
        ),
        "year",
        PriceChoices(unit="per MWh"),
    ),
    "nodal components in UTC": (
        rows("INTERVALSTARTTIME_GMT,OPR_DT,OPR_HR,NODE,LMP_TYPE,MW,GROUP", [row for t in YEAR for row in nodal(t)]),
        "year",
        PriceChoices(unit="per MWh", site_offset_h=-8),
    ),
    "half hours with demand": (
        rows(
            "REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE",
            [
                f"NSW1,{t + timedelta(minutes=30 * k + 30):%Y/%m/%d %H:%M:%S},7000,{price(t)},TRADE"
                for t in YEAR
                for k in (0, 1)
            ],
        ),
        "year",
        PriceChoices(unit="per MWh"),
    ),
    "areas beside each other": (
        "Day-ahead prices in EUR/MWh\n\n"
        + table(
            "Date;Hours;SYS;SE1;FI",
            lambda t: f"{t:%d-%m-%Y};{t.hour:02d} - {(t.hour + 1) % 24:02d};{price(t)},0;{price(t) + 1},0;{price(t)},0",
        ),
        "year",
        PriceChoices(),
    ),
    "unit in the heading, both ends": (
        table(
            "Datum von;Datum bis;Deutschland [€/MWh] Originalauflösungen",
            lambda t: f"{t:%d.%m.%Y %H:%M};{t + HOUR:%d.%m.%Y %H:%M};{price(t)},00",
        ),
        "year",
        PriceChoices(),
    ),
    "sheet of 96 points a day": (rows("日前出清电价（元/MWh）\n日期," + POINTS, SHEET), "year", PriceChoices()),
    "one day with dates": (table("time,Price (EUR/MWh)", lambda t: f"{t},{price(t)}", DAY), "day", PriceChoices()),
    "pence": (table("Hour,p/kWh", lambda t: f"{t.hour},{price(t) / 10}", DAY), "day", PriceChoices()),
    "cents": (table("Hour,Price (cents/kWh)", lambda t: f"{t.hour},{price(t) / 10}", DAY), "day", PriceChoices()),
    "hour ending": (table("HE,Price $/MWh", lambda t: f"{t.hour + 1},{price(t)}", DAY), "day", PriceChoices()),
    "Chinese unit": (
        table("时段,电价(元/千瓦时)", lambda t: f"{t.hour}:00-{t.hour + 1}:00,{price(t) / 1000}", DAY),
        "day",
        PriceChoices(),
    ),
    "unit column": (table("Hour,Price,Unit", lambda t: f"{t.hour},{price(t)},EUR/MWh", DAY), "day", PriceChoices()),
    "from July": (
        table("Date,EUR/MWh", lambda t: f"{t},{price(t)}", [t - timedelta(days=184) for t in YEAR]),
        "year",
        PriceChoices(),
    ),
    "newest first": (
        rows("Hour;EUR/MWh", [f"{hour};{39 + hour}" for hour in range(24, 0, -1)]),
        "day",
        PriceChoices(),
    ),
    "rows of numbers without names": (
        rows(
            "MARGINALPDBC;", [f"{t.year};{t.month:02d};{t.day:02d};{t.hour + 1};{price(t)};{price(t)};" for t in YEAR]
        ),
        "year",
        PriceChoices(unit="per MWh"),
    ),
    "numbered blocks": (
        rows(
            "日期,时段,节点,电价(元/MWh)",
            [f"{t:%Y-%m-%d},{4 * t.hour + q},A,{price(t)}" for t in YEAR for q in (1, 2, 3, 4)],
        ),
        "year",
        PriceChoices(),
    ),
    "the whole price beside its parts": (
        table(
            "datetime_beginning_ept,system_energy_price_da,total_lmp_da,congestion_price_da",
            lambda t: f"{t:%m/%d/%Y %I:%M:%S %p},9,{price(t)},1",
        ),
        "year",
        PriceChoices(unit="per MWh"),
    ),
    "market document": (DOCUMENT, "year", PriceChoices()),
    "prices in a column of megawatts": (
        rows(
            "INTERVALSTARTTIME_LST,OPR_INTERVAL,LMP_TYPE,POS,MW,GROUP",
            [
                f"{t:%Y-%m-%dT%H:%M:%S},0,{kind},{at},{price(t) * share},1"
                for t in YEAR
                for at, (kind, share) in enumerate((("LMP", 1), ("MCE", 0.9), ("MCC", 0.06), ("MCL", 0.04)))
            ],
        ),
        "year",
        PriceChoices(unit="per MWh"),
    ),
    "hours of a day across, Korean": (
        rows(
            "기간 (원/MWh)," + ",".join(f"{h:02d}시" for h in range(1, 25)) + ",최대",
            [f"{t:%Y/%m/%d}," + ",".join(str(40 + h) for h in range(24)) + ",63" for t in YEAR[::24]],
        ),
        "year",
        PriceChoices(),
    ),
    "months": (
        rows(
            f"Hour (CNY/kWh),{MONTHS}",
            [f"{h:02d}:00," + ",".join([str((40 + h) / 1000)] * 12) for h in range(24)],
        ),
        "months",
        PriceChoices(),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_prices_are_per_kwh_in_order(name: str) -> None:
    data, kind, choices = FILES[name]
    curve = read_curve(data.encode(), "p.csv", choices)
    assert curve.kind == kind
    days = curve.per_kwh.reshape(-1, 24)
    np.testing.assert_allclose(days, np.broadcast_to((40 + np.arange(24)) / 1000, days.shape), rtol=1e-9)
    assert curve.per_kwh.mean() == pytest.approx(MEAN)


def test_negative_prices_stay_negative() -> None:
    curve = read_curve(table("time,EUR/MWh", lambda t: f"{t},{price(t) - 60}").encode(), "p.csv")
    assert curve.per_kwh[0] == pytest.approx(-0.02)
    assert (curve.year, curve.currency) == (2025, "EUR")


def test_a_unit_that_nothing_tells_is_asked_and_a_wrong_scale_is_told() -> None:
    data = table("hour,price", lambda t: f"{t.hour},{price(t)}", DAY).encode()
    with pytest.raises(MeterQuestion, match="money and energy"):
        read_curve(data, "p.csv")
    assert [found.code for found in read_curve(data, "p.csv", PriceChoices(unit="per kWh")).findings] == ["price_scale"]


def test_a_load_curve_is_no_price_and_a_month_no_year() -> None:
    with pytest.raises(MeterQuestion):
        read_curve(table("time,kW", lambda t: f"{t},{price(t)}").encode(), "p.csv")
    with pytest.raises(MeterError, match="a day or a year is needed"):
        read_curve(table("time,EUR/MWh", lambda t: f"{t},{price(t)}", YEAR[:720]).encode(), "p.csv")


def test_rows_that_share_a_day_s_stamp_are_refused_not_turned_round_for_ever() -> None:
    """Clocks that cannot be read leave 48 equal stamps a day; one day out of order turned the file round and round."""
    days = [*range(1, 31), 5, 31]
    lines = [f"{d:02d}.03.2025;00nan{k % 60:02d};{400 + k}" for d in days for k in range(48)]
    with pytest.raises(MeterError):
        read_curve(rows("Date;Time;EUR/MWh", lines).encode(), "p.csv")
