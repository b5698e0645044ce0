"""The data of a study as one ZIP: every CSV file, a dictionary of their columns, and what every document carries, so
that an engineer computes it anew without us. Dropped on the app it gives the scenario back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from finance.figures import FIGURES, KINDS
from finance.lines import LINES, Line
from i18n import words
from report.carry.texts import ENGINE, OFFER, SCENARIO, SUMMARY, texts_of
from report.files import ENCODING, FORMULAS, Column, DataTable, tables, to_csv
from report.text import say
from report.text.csv_text import csv_text
from report.text.currency import shown_currency
from sim.inputs.scenario import ENGINE_VERSION
from study.study import Study

FORM, DICTIONARY = "data", "columns.csv"
CARRIED = {"scenario": SCENARIO, "summary": SUMMARY, "engine": ENGINE, "offer": OFFER, "verify": "cli verify"}
COLUMNS = ("file", "column", "unit", "name_en", "name_zh", "meaning_en", "meaning_zh", "formula")
MADE = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is made
# By the last part of a key that carries its unit; what has a kind has the unit of its kind (`finance.figures.KINDS`).
UNITS = {"kw": "kW", "mw": "MW", "kwh": "kWh", "l": "L", "c": "°C", "h": "h", "hours": "h", "nameplate": "1"}


def data_zip(study: Study, language: str = "en", offer: str = "{}", years: Iterable[int] = (1,)) -> bytes:
    """The archive; `years`: project years of which every step stands in it."""
    texts, found = words(language), list(tables(study, words(language), years))
    carried = texts_of(study, language, offer, FORM)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        written = {
            "README.txt": _readme(study, language, [name for name, _ in found]).encode("utf-8-sig"),
            DICTIONARY: csv_text([COLUMNS, *_dictionary(study, found)]).encode(ENCODING),
            **{name: text.encode() for name, text in carried.items()},
        }
        for name, content in written.items():
            archive.writestr(_member(name), content)
        for name, table in found:
            archive.writestr(_member(f"{name}.csv"), to_csv(study, table, texts))
    return stream.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, MADE)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _readme(study: Study, language: str, names: Sequence[str]) -> str:
    t = words(language).t
    step = f"{study.dispatch.clock.step_h * 60:g}"
    head = t(
        "downloads.data.head",
        name=say.project(study.scenario, words(language)),
        code=study.fingerprint,
        engine=ENGINE_VERSION,
    )
    about = [f"{name}.csv: {t(f'downloads.{_kind(name)}_note')}" for name in names]
    rules, carried = t("downloads.data.rules", minutes=step, columns=DICTIONARY), t("downloads.data.carried", **CARRIED)
    return "\n".join([head, "", rules, "", *about, "", carried, ""])


def _kind(name: str) -> str:
    """Files of steps differ by alternative and year alone."""
    return "hourly" if name.startswith("hourly-") else name


def _dictionary(study: Study, found: Iterable[tuple[str, DataTable]]) -> Iterator[list[str]]:
    """A row a column of every file, those of a step's flows once; then a row a figure of the summary."""
    currency, texts = shown_currency(study.scenario), [words("en"), words("zh")]
    told = set()
    for name, table in found:
        if _kind(name) in told:
            continue
        told.add(_kind(name))
        for column in table.columns:
            names = [column.words_of(one, currency) for one in texts]
            yield [name, column.plain(currency), _unit(column, currency), *names, "", "", _formula(name, column)]
    for key, row in FIGURES.items():
        names = [say.figure_name(row, one) for one in texts]
        meanings = [say.figure_meaning(row, study, one) for one in texts]
        yield ["summary", key, row.unit_in(currency), *names, *meanings, ""]


def _unit(column: Column, currency: str) -> str:
    return KINDS[column.kind].format(currency=currency) if column.kind else UNITS.get(column.key.rpartition("_")[2], "")


def _formula(name: str, column: Column) -> str:
    """How it follows from others; a cost line as the product that works it out."""
    if name == "lines" and column.key in LINES:
        return _product(LINES[column.key])
    return FORMULAS.get(column.key, "")


def _product(line: Line) -> str:
    factors = " ".join(f"/ {name[1:]}" if name.startswith("/") else f"x {name}" for name in line.factors)
    return f"{line.key} = {'-' if line.sign < 0 else ''}{factors.removeprefix('x ')}"
