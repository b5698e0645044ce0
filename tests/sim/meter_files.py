"""Meter files for tests: a year of load written in every form, and what its reading said."""

import io
from datetime import datetime, timedelta

import numpy as np
import openpyxl
import pytest

from sim.meter.findings import MeterError
from sim.meter.read import read_meter

HOUR = timedelta(hours=1)
EXCEL_EPOCH = datetime(1899, 12, 30)


def stamps(step=60, start=datetime(2025, 1, 1), count=None):
    count = count or 365 * 1440 // step
    return [start + timedelta(minutes=step * i) for i in range(count)]


def load_curve(step=60, peak_kw=9000.0, seed=1):
    """A year of kW with days, weeks and noise, in whole watts so that text with three decimals holds it exactly."""
    i = np.arange(365 * 1440 // step)
    day, week = np.sin(i * step / 1440 * 2 * np.pi), (i * step // 1440 % 7 < 5) * 0.2
    kw = peak_kw * (0.7 + 0.1 * day + week) + np.random.default_rng(seed).normal(0, 20, len(i))
    return np.round(kw, 3)


T, KW = stamps(), load_curve()
T15, KW15 = stamps(15), load_curve(15)


def csv_text(times, values, header="time,kW", row="{t:%Y-%m-%d %H:%M},{v}"):
    lines = [header] if header else []
    return "\n".join(lines + [row.format(t=t, v=v) for t, v in zip(times, values, strict=True)]) + "\n"


def read(text, filename="load.csv", **options):
    return read_meter(text.encode() if isinstance(text, str) else text, filename, **options)


def workbook(rows, *more_sheets):
    book = openpyxl.Workbook()
    for i, sheet_rows in enumerate((rows, *more_sheets)):
        sheet = book.active if i == 0 else book.create_sheet(f"Sheet{i + 1}")
        for row in sheet_rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def codes(reading):
    return [found.code for found in reading.findings]


def found(reading, code):
    return next(f for f in reading.findings if f.code == code)


def refused(code, text, **options):
    with pytest.raises(MeterError) as caught:
        read(text, **options)
    assert caught.value.code == code, str(caught.value)
    message = str(caught.value)
    assert message[0].isupper() or message[0] == '"'
    assert message.endswith((".", "?"))
    return caught.value


def german(value):
    return f"{value:,.3f}".translate(str.maketrans(",.", ".,"))


ROWS = {
    "iso": ("start,power_kw", lambda t, v: f"{t.isoformat()},{v}"),
    "iso with offset": ("start,power_kw", lambda t, v: f"{t.isoformat()}+08:00,{v}"),
    "iso with seconds and fraction": ("start,power_kw", lambda t, v: f"{t:%Y-%m-%dT%H:%M:%S}.000,{v}"),
    "slashes without zeros": ("Time,kW", lambda t, v: f"{t.year}/{t.month}/{t.day} {t.hour}:{t:%M},{v}"),
    "German": ("Zeitstempel;Wirkleistung [kW]", lambda t, v: f"{t:%d.%m.%Y %H:%M};{german(v)}"),
    "German, date and time": ("Datum;Uhrzeit;Lastgang in kW", lambda t, v: f"{t:%d.%m.%Y};{t:%H:%M};{german(v)}"),
    "German range": ("Datum;Von - bis;kW", lambda t, v: f"{t:%d.%m.%Y};{t:%H:%M} - {t + HOUR:%H:%M};{german(v)}"),
    "German weekday": (
        "Datum;kW",
        lambda t, v: f"{['Mo', 'Di', 'Mi', 'Do', 'Fr', 'Sa', 'So'][t.weekday()]} {t:%d.%m.%y %H:%M};{german(v)}",
    ),
    "US": ("Date/Time,Demand (kW)", lambda t, v: f"{t.month}/{t.day}/{t.year} {(t.hour - 1) % 12 + 1}:{t:%M %p},{v}"),
    "US thousands": ("Date/Time,Demand (kW)", lambda t, v: f'{t:%m/%d/%y %I:%M:%S %p},"{v:,.3f}"'),
    "UK": ("Read time,kW", lambda t, v: f"{t:%d/%m/%Y %H:%M},{v}"),
    "month names": ("Date,kW", lambda t, v: f"{t:%d-%b-%Y %H:%M},{v}"),
    "month first": ("Date;kW", lambda t, v: f"{t:%b %d, %Y %H:%M};{v}"),
    "Chinese": ("日期,时间,有功功率(kW)", lambda t, v: f"{t.year}/{t.month}/{t.day},{t.hour}:{t:%M},{v}"),
    "Chinese words": (
        "采集时间,有功功率（kW）,无功功率（kvar）",
        lambda t, v: f"{t.year}年{t.month}月{t.day}日 {t.hour}时{t:%M}分,{v},5",
    ),
    "Chinese halves": (
        "时间,总有功功率(千瓦)",
        lambda t, v: f"{t:%Y-%m-%d} {'上下'[t.hour // 12]}午 {(t.hour - 1) % 12 + 1}:{t:%M},{v}",
    ),
    "Excel serials": ("Timestamp,kW", lambda t, v: f"{(t - EXCEL_EPOCH) / timedelta(days=1):.8f},{v}"),
    "Excel serials, decimal comma": (
        "Zeit;kW",
        lambda t, v: f"{(t - EXCEL_EPOCH) / timedelta(days=1):.6f};{v}".replace(".", ","),
    ),
    "compact": ("time,kW", lambda t, v: f"{t:%Y%m%d%H%M},{v}"),
    "compact, time apart": ("date,time,kW", lambda t, v: f"{t:%Y%m%d},{t:%H%M},{v}"),
    "hours only": ("time,kW", lambda t, v: f"{t:%Y-%m-%d %H},{v}"),
    "hour numbers from 0": ("date,hour,kW", lambda t, v: f"{t:%Y-%m-%d},{t.hour},{v}"),
    "tabs": ("time\tkW", lambda t, v: f"{t:%Y-%m-%d %H:%M}\t{v}"),
    "bars": ("time|kW", lambda t, v: f"{t:%Y-%m-%d %H:%M}|{v}"),
    "apostrophes": ("time;kW", lambda t, v: f"{t:%Y-%m-%d %H:%M};" + f"{v:,.3f}".replace(",", "'")),
    "spaces": ("time;kW", lambda t, v: f"{t:%Y-%m-%d %H:%M};" + f"{v:,.3f}".replace(",", "\u202f")),
    "preamble": ("Site;North\nPeriod;01.01.2025;31.12.2025\n\nTime;Load [kW];Quality", lambda t, v: f"{t};{v};ok"),
    "unit row": ("Time,Load,Temperature\nyyyy-mm-dd hh:mm,kW,°C", lambda t, v: f"{t},{v},21.5"),
    "separator hint": ("sep=;\ntime;kW", lambda t, v: f"{t};{v}"),
    "other columns": (
        "No.,Time,Voltage (V),Reactive power (kvar),Active power total (kW),PF",
        lambda t, v: f"7,{t},398.2,120.5,{v},0.98",
    ),
}
