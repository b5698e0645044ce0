"""Reading meter files: formats, units, columns, numbers that can be read in two ways, and refusals."""

import io
import time as clock
import zipfile
from datetime import datetime, timedelta

import numpy as np
import pytest

from sim.meter.file import find_delimiter
from sim.meter.findings import MeterError, MeterQuestion
from sim.meter.read import inspect
from sim.meter.scripts import decode
from tests.sim.meter_files import (
    EXCEL_EPOCH,
    KW,
    KW15,
    ROWS,
    T15,
    T,
    codes,
    csv_text,
    found,
    read,
    refused,
    stamps,
    workbook,
)

# Formats


@pytest.mark.parametrize("name", ROWS)
def test_format_is_read_exactly_and_without_remarks(name):
    header, row = ROWS[name]
    text = header + "\n" + "\n".join(row(t, v) for t, v in zip(T, KW, strict=True))
    reading = read(text)
    assert np.array_equal(reading.kw, KW)
    assert (reading.step_minutes, reading.year, reading.start, reading.end) == (60, 2025, T[0], T[-1])
    assert reading.findings == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_encodings_of_chinese_headers(encoding):
    reading = read(csv_text(T, KW, "时间,有功功率(kW)").encode(encoding))
    assert (reading.time_column, reading.value_column, reading.unit) == ("时间", "有功功率(kW)", "kW")
    assert np.array_equal(reading.kw, KW)


def test_western_accents_are_not_taken_for_chinese():
    assert decode("Zähler;Größe;°C".encode("cp1252")) == "Zähler;Größe;°C"
    assert decode("日期,时间,电量".encode("gb18030")) == "日期,时间,电量"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends(newline):
    assert np.array_equal(read(csv_text(T, KW).replace("\n", newline)).kw, KW)


def test_delimiter_is_not_the_decimal_comma():
    assert find_delimiter("a;b\n" + "1,5;2,5\n" * 9) == ";"
    assert find_delimiter("a\tb\n" + "1,5\t2,5\n" * 9) == "\t"
    assert find_delimiter('a,b\n"1;2",3\n' * 9) == ","


WORKBOOKS = {
    "datetimes": (["Time", "Load kW"], lambda t, v: [t, v]),
    "date and time": (["Date", "Time", "Load kW"], lambda t, v: [t.date(), t.time(), v]),
    "serials": (["Time", "Load kW"], lambda t, v: [(t - EXCEL_EPOCH) / timedelta(days=1), v]),
    "text": (["Time", "Load kW"], lambda t, v: [f"{t:%d/%m/%Y %H:%M}", f"{v}"]),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_workbook(name):
    header, row = WORKBOOKS[name]
    data = workbook([["Meter 7"], [], header, *(row(t, v) for t, v in zip(T, KW, strict=True))])
    reading = read(data, "load.xlsx")
    assert np.array_equal(reading.kw, KW)
    assert reading.findings == ()
    # The name does not matter: the bytes say it is a workbook.
    assert inspect(data, "load.csv").value_column == "Load kW"


def test_workbook_whose_days_end_at_24_00():
    rows = [[t.date(), timedelta(hours=t.hour + 1), v / 1000] for t, v in zip(T, KW, strict=True)]
    reading = read(workbook([["Date", "Time", "Load MWh"], *rows]), "load.xlsx")
    assert reading.kw == pytest.approx(KW, rel=1e-12)
    assert codes(reading) == ["interval_end"]


def test_workbook_sheet_with_the_rows_is_found_and_named():
    data = workbook([["Report"], ["Made by", "A"]], [["Time", "kW"], *([t, v] for t, v in zip(T, KW, strict=True))])
    reading = read(data, "load.xlsx")
    assert np.array_equal(reading.kw, KW)
    assert found(reading, "sheet").text == 'The sheet "Sheet2" was read, not "Sheet".'


@pytest.mark.parametrize(
    ("labels", "extra"),
    [
        ([f"{h:02d}:00" for h in range(24)], ""),
        ([f"{h + 1:02d}:00" for h in range(24)], "interval_end"),
        ([f"P{h + 1}" for h in range(24)], ""),
    ],
)
def test_one_row_a_day(labels, extra):
    lines = [f"{T[24 * d]:%Y-%m-%d}," + ",".join(map(str, KW[24 * d : 24 * d + 24])) for d in range(365)]
    reading = read("\n".join(["日期," + ",".join(labels), *lines]), unit="kW")
    assert np.array_equal(reading.kw, KW)
    assert codes(reading) == ([extra] if extra else [])


def test_values_in_the_range_of_excel_serials_stay_values():
    kw = np.round(30000 + KW / 10)
    assert np.array_equal(read(csv_text(T, kw)).kw, kw)
    assert np.array_equal(read(workbook([["Time", "kW"], *zip(T, kw.tolist(), strict=True)])).kw, kw)


# Units


@pytest.mark.parametrize(
    ("unit", "per_kw"), [("kW", 1), ("MW", 1e-3), ("kWh", 0.25), ("MWh", 0.25e-3), ("W", 1e3), ("Wh", 250)]
)
def test_units_keep_the_energy(unit, per_kw):
    by_header = read(csv_text(T15, KW15 * per_kw, f"time,value ({unit})"))
    chosen = read(csv_text(T15, KW15 * per_kw, "time,value"), unit=unit)
    assert by_header.unit == chosen.unit == unit
    assert by_header.energy_kwh == pytest.approx(KW15.sum() / 4, rel=1e-12)
    assert np.array_equal(by_header.kw, chosen.kw)
    assert by_header.findings == chosen.findings == ()


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("电量(kWh)", "kWh"),
        ("用电量（千瓦时）", "kWh"),
        ("有功功率(兆瓦)", "MW"),
        ("KWH", "kWh"),
        ("kW.h", "kWh"),
        ("Energy kW/h", "kWh"),
        ("kWh/h", "kW"),
        ("load_mw", "MW"),
        ("P [W]", "W"),
    ],
)
def test_unit_of_a_header(header, unit):
    assert inspect(csv_text(T[:100], KW[:100], f"time,{header}").encode(), "a.csv").unit == unit


@pytest.mark.parametrize(("header", "first"), [("load", "kW"), ("consumption", "kWh"), ("x", "kW")])
def test_a_unit_that_nothing_tells_is_asked_for(header, first):
    text = csv_text(T, KW, f"time,{header}")
    with pytest.raises(MeterQuestion) as question:
        read(text)
    assert (question.value.code, question.value.options[0]) == ("unit_unknown", first)
    assert {"W", "Wh", "MW", "MWh"} <= set(question.value.options)
    assert np.array_equal(read(text, unit="kW").kw, KW)


def test_unit_against_the_header_is_obeyed_and_said():
    reading = read(csv_text(T, KW, "time,load (MW)"), unit="kW")
    assert np.array_equal(reading.kw, KW)
    assert codes(reading) == ["unit_differs"]


@pytest.mark.parametrize(
    ("header", "factor", "fits"),
    [("kW", 1e-3, "MW would"), ("MW", 1, "kW would"), ("MWh", 1, "kWh would"), ("kW", 1e3, "W would")],
)
def test_wrong_unit_is_warned_of_but_not_converted(header, factor, fits):
    text = csv_text(T, KW * factor, f"time,{header}")
    reading = read(text, expected_peak_kw=9000)
    assert fits in found(reading, "unit_1000").text
    assert np.array_equal(reading.kw, read(text).kw)
    assert "unit_1000" not in codes(read(text, expected_peak_kw=reading.peak_kw * 2))


@pytest.mark.parametrize(
    ("header", "factor"),
    [
        ("电量(万千瓦时)", 1e4),
        ("実績(万kW)", 1e4),
        ("使用量(千kWh)", 1e3),
        ("电量(亿千瓦时)", 1e8),
        ("P, МВт", 1e3),
        ("Потребление, кВт·ч", 1),
        ("Electricity [MJ]", 1 / 3.6),
        ("E [GJ]", 1 / 3.6e-3),
        ("Facility [J](Hourly)", 1 / 3.6e6),
        ("kilowatt-hours", 1),
        ("GWh", 1e6),
    ],
)
def test_units_of_other_scripts_and_sizes(header, factor):
    assert read(csv_text(T, KW, f'time,"{header}"')).kw == pytest.approx(KW * factor)


# Choosing columns


def test_inspect_for_the_choosers():
    text = csv_text(T15, KW15, "Datum,Uhrzeit,kvar,P (MW)", "{t:%Y-%m-%d},{t:%H:%M},7,{v}")
    table = inspect(b"Site A\n\n" + text.encode(), "a.csv")
    assert table.columns == ("Datum", "Uhrzeit", "kvar", "P (MW)")
    assert (table.time_column, table.clock_column, table.value_column, table.unit) == (
        "Datum",
        "Uhrzeit",
        "P (MW)",
        "MW",
    )
    assert (table.header_row, table.first_row) == (3, 4)
    assert table.rows[1] == ("2025-01-01", "00:15", "7", str(KW15[1]))
    assert len(table.why) == 3


def test_inspect_of_a_file_without_time_still_shows_its_columns():
    table = inspect(b"a,b\n1,2\n3,4\n", "a.csv")
    assert table.columns == ("a", "b")
    assert table.time_column is None
    assert table.why[0] == "No column holds dates."


def test_chosen_columns_are_used():
    rows = "created,taken,A,B\n" + "\n".join(f"2024-05-05 05:05,{t},{v},{2 * v}" for t, v in zip(T, KW, strict=True))
    reading = read(rows, time_column="taken", value_column="B", unit="kW")
    assert reading.kw == pytest.approx(2 * KW)
    assert reading.findings == ()


def test_load_is_guessed_anew_when_another_time_column_is_chosen():
    rows = "stamp,kWh\n" + "\n".join(f"{t:%Y%m%d%H%M},{t:%Y%m%d%H%M}" for t in T)
    refused("no_numbers", rows, time_column="kWh")


def test_several_likely_columns_are_said():
    reading = read("time,A,B\n" + "\n".join(f"{t},{v},{v}" for t, v in zip(T, KW, strict=True)), unit="kW")
    assert reading.value_column == "A"
    assert codes(reading) == ["column_guess"]


def test_no_header():
    reading = read(csv_text(T, KW, header=""), unit="kW")
    assert np.array_equal(reading.kw, KW)
    assert codes(reading) == ["no_header"]
    assert inspect(csv_text(T, KW, header="").encode(), "a.csv").columns == ("Column 1", "Column 2")


def test_equal_and_empty_headers_get_names_of_their_own():
    assert inspect(csv_text(T, KW, "time,,kW,kW", "{t},1,{v},{v}").encode(), "a.csv").columns == (
        "time",
        "Column 2",
        "kW",
        "kW (2)",
    )


# Numbers that can be read in two ways


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["950", "1.020", "998", "1.001"], [950, 1020, 998, 1001]),
        (["9.146", "9.2", "9"], [9.146, 9.2, 9]),
        (["1,5", "2,25", "10"], [1.5, 2.25, 10]),
        (["1.234,5", "999,0", "1.000.000,0"], [1234.5, 999, 1e6]),
        (["1,234.5", "999.0"], [1234.5, 999]),
        (["0,123", "0,999"], [0.123, 0.999]),
        (["1 234,5", "\u22121,0", "１２"], [1234.5, -1, 12]),
    ],
)
def test_decimal_and_thousands_marks(cells, expected):
    from sim.meter.cells import parse_numbers

    numbers = parse_numbers(cells, ";")
    assert numbers.values.tolist() == expected
    assert not numbers.is_guess


def test_true_ambiguity_is_warned_of():
    # Every cell reads d.ddd or d,ddd: between semicolons taken as decimals.
    reading = read(csv_text(T, [f"{v / 1000:.3f}" for v in KW], "time;MW", "{t};{v}"))
    assert codes(reading) == ["decimal_guess"]
    assert reading.kw == pytest.approx(KW, abs=0.51)


# Refusals


@pytest.mark.parametrize(
    ("start", "code", "word"),
    [
        (b"%PDF-1.7\n", "wrong_kind_pdf", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "wrong_kind_image", "picture"),
        (b"\xff\xd8\xff\xe0", "wrong_kind_image", "picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "damaged", "damaged"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "wrong_kind_locked", "password"),
        (b"\x1f\x8b\x08", "wrong_kind_zip", "damaged"),
        (b"PK\x03\x04 torn", "damaged", "damaged"),
        (b"<html><table><tr>", "wrong_kind_markup", "HTML"),
        (b'{"a": 1}', "wrong_kind_markup", "JSON"),
        (bytes(range(256)) * 4, "wrong_kind_binary", "not a text file"),
        (b"", "empty", "empty"),
        (b" \r\n\r\n", "empty", "empty"),
        (b"\xef\xbb\xbf", "empty", "empty"),
        (b'"",""\n"\t"', "empty", "empty"),
    ],
)
def test_wrong_kind_of_file(start, code, word):
    with pytest.raises(MeterError, match=word) as caught:
        inspect(start, "upload.csv")
    assert caught.value.code == code
    assert word in str(refused(code, start))


def zipped(*names):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("names", "word"),
    [
        (["a.doc"], "zip archive"),
        (["word/document.xml"], "Word"),
        (["xl/workbook.bin"], "damaged"),
        (["content.xml"], "OpenDocument"),
        (["xl/workbook.xml"], "damaged"),
    ],
)
def test_other_zipped_files(names, word):
    with pytest.raises(MeterError, match=word):
        inspect(zipped(*names), "load.xlsx")


def test_workbook_that_unpacks_too_far(monkeypatch):
    monkeypatch.setattr("sim.meter.file.MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(MeterError, match="unpacks to more than"):
        inspect(workbook([["Time", "kW"], *([t, 1.0] for t in T[:50])]), "load.xlsx")


def test_large_files_are_refused_at_once():
    data = b"1" * 50 * 1024 * 1024
    begin = clock.perf_counter()
    error = refused("too_large", data)
    assert clock.perf_counter() - begin < 0.2
    assert "50.0 MB" in str(error)


def test_file_with_headers_only():
    refused("empty", "time,kW\n")


def test_no_time_column():
    assert '"a", "b"' in str(refused("no_time", "a,b\n1,2\n3,4\n5,6\n"))


def test_unknown_column_and_unit():
    assert '"time", "kW"' in str(refused("no_column", csv_text(T, KW), value_column="Load"))
    refused("unit", csv_text(T, KW), unit="BTU")


def test_column_of_words():
    error = refused("no_numbers", csv_text(T, KW, "time,kW,state", "{t},{v},on"), value_column="state")
    assert (error.row, error.column) == (2, "state")


def test_column_of_unreadable_dates():
    error = refused("bad_stamps", csv_text(T, KW, "time,n,kW", "{t},x7,{v}"), time_column="n")
    assert (error.row, error.column) == (2, "n")


def test_comma_as_separator_and_decimal_mark():
    text = csv_text(T, [f"{v:.3f}".replace(".", ",") for v in KW])
    assert "semicolons" in str(refused("columns", text))


def test_dates_of_two_orders():
    mixed = [f"{t:%d/%m/%Y %H:%M},{v}" if i % 2 else f"{t:%m/%d/%Y %H:%M},{v}" for i, (t, v) in enumerate(zip(T, KW))]  # noqa: B905
    error = refused("date_order", "time,kW\n" + "\n".join(mixed))
    # 13 January is the first date that shows it: row 2 + 12 days of 24 rows.
    assert error.row == 2 + 12 * 24
    refused("date_order", csv_text(T, KW, row="{t:%m/%d/%Y %H:%M},{v}"), day_first=True)


def test_single_torn_dates_and_bytes_are_bad_rows_only():
    text = csv_text(T, KW, row="{t:%d/%m/%Y %H:%M},{v}").replace("15/05/2025 10:00", "05/15/2025 10:00")
    reading = read(
        text.replace(f"16/05/2025 10:00,{KW[T.index(datetime(2025, 5, 16, 10))]}", "16/05/2025 10:00,7\x009")
    )
    assert codes(reading) == ["bad_stamps", "not_a_number", "gap_line"]
    assert (np.flatnonzero(reading.kw != KW) // 24).tolist() == [134, 135]


def test_zero_counter_daily_and_odd_intervals():
    refused("all_zero", csv_text(T, KW * 0))
    refused("counter", csv_text(T, np.cumsum(KW)))
    refused("step", csv_text(stamps(1440), KW[:365]))
    refused("step", csv_text(stamps(7), np.resize(KW, 365 * 1440 // 7)))
    refused("too_short", csv_text([T[0]] * 50, KW[:50]))


def test_export_metering():
    kw = np.where(np.arange(8760) % 24 == 12, -100.0, KW)
    error = refused("export", csv_text(T, kw))
    assert (error.row, error.column) == (14, "kW")
