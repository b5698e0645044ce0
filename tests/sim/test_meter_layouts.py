"""One load in many layouts of real exports: whatever the layout, the energy is right, and what was guessed is asked."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sim.meter.findings import MeterError, MeterQuestion
from sim.meter.read import MeterReading, read_meter

FIRST, DAYS, SITE_H = datetime(2025, 3, 3), 30, 8
QUARTER = timedelta(minutes=15)


def stamps(step: int) -> list[datetime]:
    return [FIRST + timedelta(minutes=step * i) for i in range(DAYS * 1440 // step)]


Q, H = stamps(15), stamps(60)
DATES = [FIRST + timedelta(days=d) for d in range(DAYS)]


def kw(t: datetime) -> int:
    return 800 + 20 * t.hour + (t - FIRST).days + t.minute // 15


QUARTERS_KWH, HOURS_KWH = sum(map(kw, Q)) / 4, float(sum(map(kw, H)))
COUNTED = 100_000 + np.concatenate([[0], np.cumsum([kw(t) / 4 for t in Q])])
Q_AND_LAST = [*Q, Q[-1] + QUARTER]


def table(head: str, row: Callable[[datetime], str], times: Sequence[datetime] = Q) -> str:
    return "\n".join([head, *map(row, times)])


def iso(t: datetime) -> str:
    return f"{t:%Y-%m-%d %H:%M}"


def rows(head: str, lines: Sequence[str]) -> str:
    return "\n".join([head, *lines])


def by_day(labels: Sequence[str]) -> str:
    lines = [f"{d:%Y-%m-%d}," + ",".join(str(kw(d + timedelta(hours=h))) for h in range(24)) for d in DATES]
    return rows("Date," + ",".join(labels), lines)


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        for name, text in files.items():
            written.writestr(f"{name}.csv", text)
        written.writestr("readme.md", "x")
    return buffer.getvalue()


BERLIN = ZoneInfo("Europe/Berlin")


def marked(t: datetime) -> str:
    """An hour in Berlin, whose zone is named on the day of a change only."""
    at = (t - timedelta(hours=1)).replace(tzinfo=UTC).astimezone(BERLIN)
    zone = f" ({at.tzname()})" if (at.month, at.day) == (3, 30) else ""
    return f"{at:%d/%m/%Y %H:%M:%S}{zone} - {at + timedelta(hours=1):%d/%m/%Y %H:%M:%S}{zone}"


def unix(t: datetime) -> int:
    return round((t - timedelta(hours=SITE_H) - datetime(1970, 1, 1)).total_seconds())


def lakhs(watts: int) -> str:
    """10,12,000 for a million and twelve thousand."""
    thousands, rest = divmod(watts, 1000)
    high, low = divmod(thousands, 100)
    return f"{high},{low:02d},{rest:03d}" if high else f"{low},{rest:03d}"


def day(date: datetime) -> list[datetime]:
    return [date + QUARTER * k for k in range(96)]


def half_hours(date: datetime) -> list[datetime]:
    return day(date)[::2]


def midnight(t: datetime) -> datetime:
    return t.replace(hour=0, minute=0)


def at(t: datetime) -> int:
    return t.hour * 4 + t.minute // 15


# What a logger writes without a reading, by the minute of the day.
MARKS = {300: -999, 615: -999, 900: 9999999}
HALF = "time,kW", lambda t: f"{iso(t)},{kw(t) / 2}"
PLAIN = table("time,kW", lambda t: f"{iso(t)},{kw(t)}")
PAGE = "".join(f"<tr><td>{iso(t)}</td><td>{kw(t)}</td></tr>" for t in Q)
RECORDS = [{"consumption_kwh": kw(t) / 4, "interval_start": f"{t.isoformat()}+08:00"} for t in Q]

# name: (file, energy in the 30 days, codes of the questions that are asked)
LAYOUTS: dict[str, tuple[str | bytes, float, set[str]]] = {
    "point of delivery first": (
        table(
            "POD;Data;Ora;Consum activ [kWh];Inductiv [kVArh]",
            lambda t: f"594020100001234567;{t:%d.%m.%Y};{t.hour + 1};{kw(t)};3",
            H,
        ),
        HOURS_KWH,
        set(),
    ),
    "identifier without a word": (
        table("EAN,timestamp,qty", lambda t: f"871687110001234567,{iso(t)},{kw(t)}"),
        QUARTERS_KWH,
        {"unit"},
    ),
    "taken and given": (
        table(
            "PPE;Data i godzina;Energia pobrana [kWh];Energia oddana [kWh]",
            lambda t: f"590322400000000000;{iso(t)};{str(kw(t) / 4).replace('.', ',')};0",
        ),
        QUARTERS_KWH,
        set(),
    ),
    "Korean": (table("일시,사용량(kWh)", lambda t: f"{iso(t)},{kw(t)}", H).encode("euc-kr"), HOURS_KWH, set()),
    "Traditional Chinese": (
        table("時間,用電量(千瓦時)", lambda t: f"{iso(t)},{kw(t)}", H).encode("big5"),
        HOURS_KWH,
        set(),
    ),
    "ten thousand": (table("时间,电量(万度)", lambda t: f"{iso(t)},{kw(t) / 1e4}", H).encode("gbk"), HOURS_KWH, set()),
    "unit in a second line": (table("Timestamp,Meter A\n,kW", lambda t: f"{iso(t)},{kw(t)}"), QUARTERS_KWH, set()),
    "merged heading over phases": (
        table("Zeit;Leistung in MW;;\n;L1;L2;L3", lambda t: f"{iso(t)}" + f";{kw(t) / 3000:.6f}" * 3),
        QUARTERS_KWH,
        {"series"},
    ),
    "phases": (
        table("time,L1 [kW],L2 [kW],L3 [kW]", lambda t: iso(t) + f",{kw(t) / 3:.5f}" * 3),
        QUARTERS_KWH,
        {"series"},
    ),
    "phases and their total": (
        table(
            "time,A相有功(kW),B相有功(kW),C相有功(kW),总有功功率(kW)",
            lambda t: iso(t) + f",{kw(t) / 3:.5f}" * 3 + f",{kw(t)}",
        ),
        QUARTERS_KWH,
        set(),
    ),
    "two meters one after another": (
        rows("meter,time,kW", [f"M{k},{iso(t)},{kw(t) / 2}" for k in (1, 2) for t in Q]),
        QUARTERS_KWH,
        {"series"},
    ),
    "two meters in turn": (
        rows("time;meter;kWh", [f"{iso(t)};{k};{kw(t) / 8}" for t in Q for k in ("Hall A", "Hall B")]),
        QUARTERS_KWH,
        {"series"},
    ),
    "day and night registers": (
        table("Horodate;Poste;Puissance (kW)", lambda t: f"{iso(t)};{'HP' if 6 <= t.hour < 22 else 'HC'};{kw(t)}"),
        QUARTERS_KWH,
        set(),
    ),
    "active and reactive rows": (
        rows(
            "time,quantity,value,unit",
            [f"{iso(t)},{q},{v},{u}" for t in Q for q, v, u in (("P", kw(t), "kW"), ("Q", 5, "kvar"))],
        ),
        QUARTERS_KWH,
        {"series"},
    ),
    "channels": (
        rows("NMI,time,channel,kWh", [f"61020,{iso(t)},{c},{v}" for t in Q for c, v in (("E1", kw(t) / 4), ("B1", 1))]),
        QUARTERS_KWH,
        {"series"},
    ),
    "dates with midnight": (
        table("Datum;Zeit;kW", lambda t: f"{t:%d.%m.%Y} 00:00:00;{t:%H:%M:%S};{kw(t)}"),
        QUARTERS_KWH,
        set(),
    ),
    "American dates with midnight": (
        table("Date,Time,kW", lambda t: f"{t.month}/{t.day}/{t.year} 12:00:00 AM,{t:%I:%M %p},{kw(t)}"),
        QUARTERS_KWH,
        set(),
    ),
    "both ends, ISO": (
        table("interval,kWh", lambda t: f"{t.isoformat()}/{(t + QUARTER).isoformat()},{kw(t) / 4}"),
        QUARTERS_KWH,
        set(),
    ),
    "both ends, dash": (
        table("interval;kWh", lambda t: f"{t:%d.%m.%Y %H:%M} - {t + QUARTER:%d.%m.%Y %H:%M};{kw(t) / 4}"),
        QUARTERS_KWH,
        set(),
    ),
    "both ends, wave": (
        table("时段,电量(kWh)", lambda t: f"{iso(t)}~{t + QUARTER:%H:%M},{kw(t) / 4}"),
        QUARTERS_KWH,
        set(),
    ),
    "both ends, no blank": (
        table("interval,kWh", lambda t: f"{iso(t)}-{t + QUARTER:%H:%M},{kw(t) / 4}"),
        QUARTERS_KWH,
        set(),
    ),
    "hour ending": (
        table("Date,Hour Ending,MWh", lambda t: f"{t:%m/%d/%Y},{t.hour + 1},{kw(t) / 1000}", H),
        HOURS_KWH,
        set(),
    ),
    "hours from and to": (
        table("Fecha;Hora;kWh", lambda t: f"{t:%d/%m/%Y};{t.hour:02d} - {t.hour + 1:02d};{kw(t)}", H),
        HOURS_KWH,
        set(),
    ),
    "0h15": (table("Date;Heure;kW", lambda t: f"{t:%d/%m/%Y};{t.hour}h{t:%M};{kw(t)}"), QUARTERS_KWH, set()),
    "no year, month first": (table("Date/Time,kW", lambda t: f"{t:%m/%d %H:%M},{kw(t)}"), QUARTERS_KWH, {"year"}),
    "no year, day first": (table("Zeit;kW", lambda t: f"{t:%d.%m. %H:%M};{kw(t)}"), QUARTERS_KWH, {"year"}),
    "no year, Chinese": (table("时间,kW", lambda t: f"{t.month}月{t.day}日 {t:%H:%M},{kw(t)}"), QUARTERS_KWH, {"year"}),
    "no year, month name": (table("Time,kW", lambda t: f"{t:%b %d %H:%M},{kw(t)}"), QUARTERS_KWH, {"year"}),
    "day table with a total": (
        rows(
            "Date,Total," + ",".join(f"{h:02d}:00" for h in range(24)),
            [f"{d:%Y-%m-%d},9999," + ",".join(str(kw(d + timedelta(hours=h))) for h in range(24)) for d in DATES],
        ),
        HOURS_KWH,
        {"unit"},
    ),
    **{
        f"day table {name}": (by_day(labels), HOURS_KWH, {"unit"})
        for name, labels in {
            "H01": [f"H{h + 1:02d}" for h in range(24)],
            "HE1": [f"HE{h + 1}" for h in range(24)],
            "hour 1": [f"Hour {h + 1}" for h in range(24)],
            "1点": [f"{h + 1}点" for h in range(24)],
            "0时": [f"{h}时" for h in range(24)],
            "V0000": [f"V{h:02d}00" for h in range(24)],
            "from-to": [f"{h:02d}:00-{h + 1:02d}:00" for h in range(24)],
            "numbers": [str(h) for h in range(24)],
        }.items()
    },
    "counter": (
        rows("time,Zählerstand (kWh)", [f"{iso(t)},{v:.2f}" for t, v in zip(Q_AND_LAST, COUNTED, strict=True)]),
        QUARTERS_KWH,
        {"counter"},
    ),
    "counter newest first": (
        rows("time,Zählerstand (kWh)", [f"{iso(t)},{v:.2f}" for t, v in zip(Q_AND_LAST, COUNTED, strict=True)][::-1]),
        QUARTERS_KWH,
        {"counter"},
    ),
    "counter that wraps": (
        rows("time,示数(kWh)", [f"{iso(t)},{(v + 8.9e5) % 1e6:.2f}" for t, v in zip(Q_AND_LAST, COUNTED, strict=True)]),
        QUARTERS_KWH,
        {"counter"},
    ),
    "counter with gaps": (
        rows(
            "time,示数(kWh)",
            [
                f"{iso(t)},{v:.2f}"
                for k, (t, v) in enumerate(zip(Q_AND_LAST, COUNTED, strict=True))
                if k % 50 not in (7, 8, 9)
            ],
        ),
        QUARTERS_KWH,
        {"counter"},
    ),
    "counter before its ratio": (
        rows(
            "表号,倍率,时间,正向有功总示数(kWh)",
            [f"7,4000,{iso(t)},{v / 4000:.6f}" for t, v in zip(Q_AND_LAST, COUNTED, strict=True)],
        ),
        QUARTERS_KWH,
        {"counter", "ratio"},
    ),
    "counter beside consumption": (
        rows(
            "time,Reading (kWh),Consumption (kWh)",
            [f"{iso(t)},{v:.2f},{kw(t) / 4}" for t, v in zip(Q, COUNTED[:-1], strict=True)],
        ),
        QUARTERS_KWH,
        set(),
    ),
    "ratio above the table": (
        "综合倍率: 2000\n" + table("时间,有功功率(kW)", lambda t: f"{iso(t)},{kw(t) / 2000}"),
        QUARTERS_KWH,
        {"ratio"},
    ),
    "current and voltage ratio": (
        table("CT,PT,time,kW", lambda t: f"400/5,100,{iso(t)},{kw(t) / 8000}"),
        QUARTERS_KWH,
        {"ratio"},
    ),
    "gzip": (gzip.compress(PLAIN.encode()), QUARTERS_KWH, set()),
    "zip": (archive(load=PLAIN), QUARTERS_KWH, set()),
    "zip of months": (archive(a=table(*HALF, Q[:1440]), b=table(*HALF, Q[1440:])), QUARTERS_KWH / 2, set()),
    "zip of meters": (archive(a=table(*HALF), b=table(*HALF)), QUARTERS_KWH, {"series"}),
    "web page": (f"<html><table><tr><th>time</th><th>kW</th></tr>{PAGE}</table></html>", QUARTERS_KWH, set()),
    "JSON records": (json.dumps({"results": RECORDS}), QUARTERS_KWH, set()),
    "units in the cells": (table("time,load", lambda t: f"{iso(t)},{kw(t)} kW"), QUARTERS_KWH, set()),
    "UTC in the stamps": (
        table("time,kW", lambda t: f"{(t - timedelta(hours=SITE_H)).isoformat()}Z,{kw(t)}"),
        QUARTERS_KWH,
        {"utc"},
    ),
    "UTC in the heading": (
        table("time (UTC),kW", lambda t: f"{iso(t - timedelta(hours=SITE_H))},{kw(t)}"),
        QUARTERS_KWH,
        {"utc"},
    ),
    "UTC beside local time": (
        table("Start UTC,Start local,kW", lambda t: f"{iso(t - timedelta(hours=SITE_H))},{iso(t)},{kw(t)}"),
        QUARTERS_KWH,
        set(),
    ),
    "unit column": (
        table("Start;End;Value;UOM", lambda t: f"{iso(t)};{iso(t + QUARTER)};{kw(t) * 250};Wh"),
        QUARTERS_KWH,
        set(),
    ),
    "unit above the table": (
        "Site: North\nUnit: kWh\n\n" + table("Time,Value", lambda t: f"{iso(t)},{kw(t) / 4}"),
        QUARTERS_KWH,
        set(),
    ),
    "watts": (table("time;Watt", lambda t: f"{iso(t)};{kw(t) * 1000}"), QUARTERS_KWH, set()),
    "a zone's name where clocks change": (
        table("MTU (CET/CEST),Area,Actual Total Load (MW)", lambda t: f"{marked(t)},BZN|XX,{kw(t) / 1000}", H),
        HOURS_KWH,
        set(),
    ),
    "unit beside the records": (
        json.dumps({"reading_type": {"unit": "Wh"}, "values": [{"date": iso(t), "value": kw(t) * 250} for t in Q]}),
        QUARTERS_KWH,
        set(),
    ),
    "half hours to midnight": (
        rows(
            "MPAN,Type,Units,Date," + ",".join(f"{m // 60 % 24:02d}:{m % 60:02d}" for m in range(30, 1441, 30)),
            [
                f"1200012345678,{kind},kWh,{d:%d/%m/%Y}," + ",".join(str(kw(t) * share) for t in half_hours(d))
                for d in DATES
                for kind, share in (("AI", 0.5), ("RI", 0.1), ("AE", 0))
            ],
        ),
        sum(kw(t) for t in stamps(30)) / 2,
        {"series"},
    ),
    "a hundred quarter hours": (
        rows(
            "POD;DATA;" + ";".join(f"E{k}" for k in range(1, 101)),
            [f"IT001E1;{d:%Y%m%d};" + ";".join(str(kw(t)) for t in day(d)) + ";0,0" * 4 for d in DATES],
        ),
        QUARTERS_KWH,
        {"unit"},
    ),
    "blocks of a day": (
        table("Date,Block No,Drawal (MW)", lambda t: f"{t:%d-%m-%Y},{t.hour * 4 + t.minute // 15 + 1},{kw(t) / 1000}"),
        QUARTERS_KWH,
        set(),
    ),
    "year of Reiwa": (
        table("日付,時刻,電力量(kWh)", lambda t: f"令和7年{t.month}月{t.day}日,{t:%H:%M},{kw(t) / 4}").encode("cp932"),
        QUARTERS_KWH,
        set(),
    ),
    "year of the Republic": (
        table("日期,時間,需量(kW)", lambda t: f"{t.year - 1911}/{t:%m/%d},{t:%H:%M},{kw(t)}").encode("big5"),
        QUARTERS_KWH,
        set(),
    ),
    "Buddhist year": (
        table("วันที่,เวลา,kW", lambda t: f"{t:%d/%m}/{t.year + 543},{t:%H:%M},{kw(t)}"),
        QUARTERS_KWH,
        set(),
    ),
    "Unix seconds": (table("unix_time,P_W", lambda t: f"{unix(t)},{kw(t) * 1000}"), QUARTERS_KWH, {"utc"}),
    "Unix milliseconds": (json.dumps([[unix(t) * 1000, kw(t)] for t in Q]), QUARTERS_KWH, {"utc", "unit"}),
    "lakhs": (table("time;Power (W)", lambda t: f"{iso(t)};{lakhs(kw(t) * 1000)}"), QUARTERS_KWH, set()),
    "kW and MW in the cells": (
        table("time,load", lambda t: f"{iso(t)},{f'{kw(t)} kW' if kw(t) < 1000 else f'{kw(t) / 1000} MW'}"),
        QUARTERS_KWH,
        set(),
    ),
    "British thermal units": (
        table("time,Electricity (kBtu)", lambda t: f"{iso(t)},{kw(t) / 4 / 0.29307107}"),
        QUARTERS_KWH,
        set(),
    ),
    "dotted date and clock": (
        table("Datum;tijd;kW", lambda t: f"{t:%Y.%m.%d.};{t:%H.%M};{kw(t)}"),
        QUARTERS_KWH,
        set(),
    ),
    "a. m.": (
        table("Fecha;kW", lambda t: f"{t:%d/%m/%Y} {t.hour % 12 or 12}:{t:%M} {'ap'[t.hour > 11]}. m.;{kw(t)}"),
        QUARTERS_KWH,
        set(),
    ),
    "de marzo de": (
        table("Fecha;kW", lambda t: f"{t.day} de {('marzo', 'abril')[t.month - 3]} de {t.year} {t:%H:%M};{kw(t)}"),
        QUARTERS_KWH,
        set(),
    ),
    "Russian months": (
        table("Время;кВт", lambda t: f"{t.day} {('марта', 'апреля')[t.month - 3]} {t.year} {t:%H:%M};{kw(t)}"),
        QUARTERS_KWH,
        set(),
    ),
    "year, month, day and hour apart": (
        table("Year,Month,Day,Hour,kW", lambda t: f"{t.year},{t.month},{t.day},{t.hour},{kw(t)}", H),
        HOURS_KWH,
        set(),
    ),
    "days across": (
        rows(
            "时间," + ",".join(f"{d.month}月{d.day}日" for d in DATES),
            [f"{t:%H:%M}," + ",".join(str(kw(d + (t - FIRST))) for d in DATES) for t in Q[:96]]
            + ["合计" + ",9" * DAYS],
        ),
        QUARTERS_KWH,
        {"unit", "year"},
    ),
    "a date on the day's first row": (
        table(
            "日期,时间,功率(kW)", lambda t: f"{t:%Y-%m-%d},{t:%H:%M},{kw(t)}" if t in DATES else f",{t:%H:%M},{kw(t)}"
        ),
        QUARTERS_KWH,
        set(),
    ),
    "day and night side by side": (
        table(
            "Datum;Laag tarief (kWh);Normaal tarief (kWh)",
            lambda t: f"{iso(t)};" + (f"0;{kw(t) / 4}" if 7 <= t.hour < 23 else f"{kw(t) / 4};0"),
        ),
        QUARTERS_KWH,
        {"series"},
    ),
    "bought, made and used": (
        table(
            "time,Energy Produced (Wh),Energy Consumed (Wh),Imported from Grid (Wh)",
            lambda t: f"{iso(t)},{9000 * (8 < t.hour < 17)},{kw(t) * 250},{kw(t) * 250 - 9000 * (8 < t.hour < 17)}",
        ),
        QUARTERS_KWH,
        set(),
    ),
    "numbered channels": (
        rows(
            "time,Channel,Value,UOM",
            [f"{iso(t)},{c},{v},{u}" for t in Q for c, v, u in ((1, kw(t), "kW"), (2, 9, "kVAr"))],
        ),
        QUARTERS_KWH,
        {"series"},
    ),
    "energy of the day": (
        table(
            "Time,Energy today (kWh)", lambda t: f"{iso(t + QUARTER)},{sum(map(kw, day(midnight(t))[: at(t) + 1])) / 4}"
        ),
        QUARTERS_KWH,
        {"counter"},
    ),
    "two registers that count": (
        rows(
            "time;1-0:1.8.1 [kWh];1-0:1.8.2 [kWh]",
            [f"{iso(t)};{v * 0.6:.3f};{v * 0.4:.3f}" for t, v in zip(Q_AND_LAST, COUNTED, strict=True)],
        ),
        QUARTERS_KWH,
        {"series", "counter"},
    ),
    "-999 and 9999999": (
        table("time,kW", lambda t: f"{iso(t)},{MARKS.get(t.hour * 60 + t.minute, kw(t)) if t.day % 7 == 0 else kw(t)}"),
        QUARTERS_KWH,
        {"spikes"},
    ),
    "official Chinese kWh": (
        table("时间,用电量（千瓦·时）", lambda t: f"{iso(t)},{kw(t) / 4}").encode("gb18030"),
        QUARTERS_KWH,
        set(),
    ),
    "thousands by power": (table("time;Energia (10³ kWh)", lambda t: f"{iso(t)};{kw(t) / 4e3}"), QUARTERS_KWH, set()),
    "apparent power": (table("time,kVA,PF", lambda t: f"{iso(t)},{kw(t)},0.95"), QUARTERS_KWH, {"unit"}),
    "flags between": (
        rows(
            "MPAN,Units,Date," + ",".join(f"HH{k:02d},Flag{k:02d}" for k in range(1, 49)),
            [f"12,kWh,{d:%d/%m/%Y}," + ",".join(f"{kw(t) / 2},A" for t in half_hours(d)) for d in DATES],
        ),
        sum(kw(t) for t in stamps(30)) / 2,
        set(),
    ),
    "INT 0015 READING": (
        rows(
            "METER,DATE,INTERVAL READING UNITS,"
            + ",".join(f"INT {m // 60:02d}{m % 60:02d} READING" for m in range(15, 1441, 15)),
            [f"14,{d:%m/%d/%Y},KWH," + ",".join(str(kw(t) / 4) for t in day(d)) for d in DATES],
        ),
        QUARTERS_KWH,
        set(),
    ),
    "hour and quarter": (
        table("Giorno;Ora;Quarto;kWh", lambda t: f"{t:%d/%m/%Y};{t.hour + 1};{t.minute // 15 + 1};{kw(t) / 4}"),
        QUARTERS_KWH,
        set(),
    ),
    "times below their date": (
        "\n".join(f"Date: {d:%d.%m.%Y}\nTime,kW\n" + "\n".join(f"{t:%H:%M},{kw(t)}" for t in day(d)) for d in DATES),
        QUARTERS_KWH,
        set(),
    ),
    "lists side by side": (
        json.dumps({"unit": "kW", "time": [iso(t) for t in Q], "value": [kw(t) for t in Q]}),
        QUARTERS_KWH,
        set(),
    ),
    "a JSON object a line": ("\n".join(json.dumps({"t": iso(t), "kw": kw(t)}) for t in Q), QUARTERS_KWH, set()),
    "columns of blanks": (table("time              kW", lambda t: f"{t.isoformat()}   {kw(t)}"), QUARTERS_KWH, set()),
    **{
        f"stamp {name}": (table("stamp;kW", lambda t, form=form: f"{t:{form}};{kw(t)}"), QUARTERS_KWH, set())
        for name, form in {
            "of Oracle": "%d-%b-%y %I.%M.%S %p",
            "with the time first": "%H:%M:%S %d/%m/%Y",
            "of ISO basic": "%Y%m%dT%H%M%S",
            "of Unix": "%a %b %d %H:%M:%S %Y",
            "by the day of the year": "%Y-%j %H:%M",
        }.items()
    },
    "two panels of one hall": (
        table("time,Panel 1 kW,Panel 2 kW", lambda t: f"{iso(t)},{kw(t) / 2},{kw(t) / 2}"),
        QUARTERS_KWH,
        {"series"},
    ),
}


def read(data: str | bytes) -> tuple[MeterReading, set[str]]:
    """(reading, codes of what was asked): a unit is answered with the likeliest option."""
    content = data.encode() if isinstance(data, str) else data
    asked: set[str] = set()
    try:
        reading = read_meter(content, "x.csv", allow_short=True, site_offset_h=SITE_H)
    except MeterQuestion as question:
        asked.add("unit")
        reading = read_meter(content, "x.csv", allow_short=True, site_offset_h=SITE_H, unit=question.options[0])
    return reading, asked | {found.code for found in reading.questions}


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_energy_of_a_layout_is_right_and_guesses_are_asked(name: str) -> None:
    data, due, questions = LAYOUTS[name]
    reading, asked = read(data)
    steps = 1440 // reading.step_minutes
    begin = (FIRST - datetime(2025, 1, 1)).days * steps
    energy = reading.kw[begin : begin + DAYS * steps].sum() / steps * 24
    assert energy == pytest.approx(due, rel=1e-3)
    assert asked == questions


def test_nothing_is_averaged_where_no_column_tells_rows_apart() -> None:
    lines = [f"{iso(t)},{kw(t) * k}" for t in Q for k in (1, 2)]
    with pytest.raises(MeterError, match="no column tells the rows apart"):
        read_meter(rows("time,kW", lines).encode(), "x.csv", allow_short=True)


def test_chosen_parts_and_columns_are_summed() -> None:
    data = rows(
        "time;meter;kWh", [f"{iso(t)};{k};{kw(t) / 4 * n}" for t in Q for n, k in ((1, "A"), (2, "B"))]
    ).encode()
    one = read_meter(data, "x.csv", allow_short=True, parts=["B"])
    assert (one.used, one.questions) == (("B",), ())
    assert [part.name for part in one.parts] == ["A", "B"]
    both = read_meter(data, "x.csv", allow_short=True, parts=["A", "B"])
    assert both.kw == pytest.approx(one.kw * 1.5)
    wide = table("time,a kW,b kW,c kW", lambda t: f"{iso(t)},{kw(t)},{kw(t)},7").encode()
    assert read_meter(wide, "x.csv", allow_short=True, value_columns=["a kW", "b kW"]).peak_kw == 2 * max(map(kw, Q))


def test_half_of_the_steps_missing_is_refused_and_a_long_file_offers_its_years() -> None:
    thinned = [t for k, t in enumerate(Q) if k % 7 not in (1, 3, 4)]
    with pytest.raises(MeterError, match="would decide the result"):
        read_meter(table("time,kW", lambda t: f"{iso(t)},{kw(t)}", thinned).encode(), "x.csv", allow_short=True)
    begin = datetime(2022, 1, 1)
    hours = [begin + timedelta(hours=h) for h in range(3 * 365 * 24)]
    data = table("time,kW", lambda t: f"{iso(t)},{t.year}", hours).encode()
    assert read_meter(data, "x.csv").years == (2022, 2023, 2024)
    assert set(read_meter(data, "x.csv", span_year=2023).kw) == {2023}
