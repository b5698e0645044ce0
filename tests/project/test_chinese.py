"""The Chinese app is Chinese: no page, message or file shows a run of English words that is ours to translate."""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from i18n import words
from report import files
from report.book.workbook import workbook
from report.text import inputs as register_text
from report.text import say
from sim.inputs import library
from sim.inputs.base import InputError
from sim.inputs.register import register
from sim.inputs.scenario import scenario_from_json
from sim.inputs.tariff import library_ids, library_tariff
from sim.meter.findings import MeterError
from sim.meter.read import inspect, read_meter
from sim.problem import Problem
from sim.sun.files import read_weather
from sim.sun.year import WeatherError
from study.own_site import Start, scenario_of
from study.place import prices_of
from study.presets import presets
from tests.report.documents import book_of, paper
from tests.studies import study_of
from tests.ui.apps import PAGES, drawn_alone
from tests.ui.crawl import crawl, texts_of
from ui import state

ROOT = Path(__file__).resolve().parents[2]
# What stays as it is: names of fonts, products, publications and projects, columns of a file.
KEPT = re.compile(
    r"'?Source Sans'?, '?Noto Sans SC'?, sans-serif|Noto Sans SC|year,energy,fuel|"
    r"year, energy, demand, fuel, om, carbon|" + "|".join(re.escape(p.scenario.site.name) for p in presets().values())
)
# Publications and products among the sources.
TITLES = re.compile(
    r"NREL BLAST-Lite, Lfp|J\. Energy Storage|Harvard TrainMover, arXiv|Colangelo et al|"
    r"Turning AI Data Centers into Grid-Interactive Assets, arXiv"
)
RUN = re.compile(r"[A-Za-z]{2,}(?:[ ,'\u2019-]+[A-Za-z]{2,}){2,}")


def english(text: str) -> list[str]:
    """Runs of three and more English words, beside sources (they have a test of their own)."""
    text = sources().sub("", re.sub("(来源|未核实)：.*", "", text))
    return RUN.findall(KEPT.sub("", " ".join(text.split())))


@cache
def sources() -> re.Pattern[str]:
    """Every source of a shipped value as the Chinese app says it: titles of publications stay in their language."""
    chinese = words("zh")
    texts = {register_text.source_words(text, chinese) for text in shipped_sources()} - {""}
    return re.compile("|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)))


def shipped_sources() -> list[str]:
    texts = [entry.source for entry in register().values()]
    texts += [note.source for preset in presets().values() for note in preset.scenario.provenance.values()]
    for tariff in map(library_tariff, library_ids()):
        texts += [tariff.source, tariff.as_of]
    facts = [fact for code in library.countries() for fact in prices_of(code).values()]
    texts += [fact.note.source for fact in facts if fact.note]
    sites = [Start(place, peak_kw=600, months=4) for place in library.sites()] + [Start()]
    return texts + [note.source for site in sites for note in scenario_of(site).provenance.values()]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("preset", list(presets()))
def test_no_page_shows_english(page: str, preset: str) -> None:
    texts = set(crawl(page, preset, "zh").texts()) - glossary()
    assert {run for text in texts for run in english(text)} == set()


def glossary() -> set[str]:
    """The English columns of the glossary on the method page."""
    with (ROOT / "assets" / "i18n" / "glossary.csv").open(encoding="utf-8") as stream:
        return {row[name] for row in csv.DictReader(stream) for name in ("en", "definition_en")}


def test_the_crawl_sees_every_kind_of_text() -> None:
    """In English the same crawl finds what stands in headings, helps, options, tables and charts."""
    seen = {
        "grid": ("Grid already there, kW", "Import limit before the works are done.", "SAIFI and SAIDI"),
        "operation": ("The longest outage: diesel from the first step", "Energy flows in year 1"),
        "method": ("Total cost", "levelised cost of storage (LCOS)", "engineering general knowledge"),
    }
    for page, parts in seen.items():
        found = "\n".join(crawl(page, "case_a", "en").texts())
        assert [part for part in parts if part not in found] == []


# --- notes of the data files ------------------------------------------------------------------------------------------


def test_sources_and_notes_are_said_in_chinese() -> None:
    """What is not a title stands in `assets/i18n/zh/notes.json` by its English."""
    texts = [TITLES.sub("", register_text.source_words(text, words("zh"))) for text in shipped_sources()]
    assert {run for text in texts for run in RUN.findall(text)} == set()
    for tariff in map(library_tariff, library_ids()):
        assert bool(tariff.notes) == bool(tariff.notes_zh) and english(tariff.notes_zh) == []


# --- refusals and findings --------------------------------------------------------------------------------------------


def year_csv(step_minutes: int = 60, days: int = 365, unit: str = "kW") -> list[str]:
    stamps = np.datetime64("2025-01-01T00:00") + np.arange(days * 1440 // step_minutes) * np.timedelta64(
        step_minutes, "m"
    )
    return [f"Time,Load [{unit}]", *(f"{str(at).replace('T', ' ')},{1000 + k % 24}" for k, at in enumerate(stamps))]


def meter_files() -> dict[str, list[str]]:
    """Load curves with a fault each: what is found, repaired or refused."""
    good, half, quarter = year_csv(), year_csv(30), year_csv(15)
    spoiled = good.copy()
    spoiled[50:53] = ["2025-01-03 01:00,", "2025-01-03 02:00,n.a.?", "soon,7"]
    spoiled[100], spoiled[200] = "2025-01-05 03:00,-3", "2025-01-09 07:00,99000"
    spoiled[300:300] = [good[299], "2025-01-13 10:00,555"]
    spoiled[400:430] = []
    spoiled[900], spoiled[1000] = good[1000], good[900]
    summer = [row for row in good if not row.startswith("2025-03-30 02")]
    summer[summer.index(good[7251]) :] = [good[7251], *summer[summer.index(good[7251]) :]]
    return {
        "good": good,
        "spoiled": spoiled,
        "summer": summer,
        "leap": [row.replace("2025", "2024") for row in good],
        "short": good[:1500],
        "very short": good[:300],
        "watts": year_csv(unit="W"),
        "five minutes": year_csv(5, 60),
        "shifted": [half[0], *half[9000:], *(row.replace("2025", "2026") for row in half[1:9000])],
        "two steps": [*good[:3000], *(row for row in quarter if row > good[3000])],
        "late stamps": [row.replace(":00,", ":07,") for row in good],
        "a gap": good[:3000] + good[3200:],
        "zeros": [good[0], *(f"{row.partition(',')[0]},0" for row in good[1:])],
        "counter": [good[0], *(f"{row.partition(',')[0]},{k}" for k, row in enumerate(good[1:]))],
        "export": [good[0], *(f"{row.partition(',')[0]},{k % 3 - 1}" for k, row in enumerate(good[1:]))],
        "ten thousand": [good[0].replace("kW", "万千瓦"), *good[1:]],
        "no numbers": ["Time,Load", *(f"{row.partition(',')[0]},x" for row in good[1:200])],
        "no dates": ["a,b", "1,2", "3,4"],
        "no rows": ["Time,Load"],
        "days": ["Date,Load", *(f"2025-01-{day:02d},5" for day in range(1, 29))],
        "empty": [""],
    }


def meter_sentences(lines: list[str], **options: object) -> list[Problem]:
    data = "\n".join(lines).encode()
    found: list[Problem] = []
    for read in (
        lambda: inspect(data, "x.csv").why,
        lambda: [f.text for f in read_meter(data, "x.csv", **options).findings],
    ):
        try:
            found += read()
        except MeterError as error:
            found.append(error.problem)
    return found


@pytest.mark.parametrize("name", list(meter_files()))
def test_meter_findings_are_chinese(name: str) -> None:
    for allow_short in (False, True):
        for problem in meter_sentences(meter_files()[name], allow_short=allow_short, expected_peak_kw=1.0):
            assert isinstance(problem, Problem)
            assert english(words("zh").problem(problem)) == [], problem


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.4",
        b"\x89PNG....",
        b"PAR1",
        b"<html>",
        b'{"a": 1}',
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0",
        b"\x01\x02" * 99,
    ],
)
def test_files_of_another_kind_are_refused_in_chinese(data: bytes) -> None:
    with pytest.raises(MeterError) as caught:
        read_meter(data, "x.csv")
    assert english(words("zh").problem(caught.value)) == []


SCENARIOS = (
    '{"a"',
    "[]",
    '{"storage": {"enery_kwh": 1, "power_kw": -1}, "stroage": 1, "pv": {"dc_kwp": "a", "weather": {"name": "x"}}}',
    '{"site": {"currency": "eur", "place": "moon", "step_minutes": 7, "name": 3}, "load": {"kind": "meter"}}',
    '{"grid": {"stages": [{"month": 0}], "saidi_h_per_year": 3, "existing_kw": 1e99, "ups_bridges": "perhaps"}}',
    '{"grid": {"import_limit_kw": 0, "existing_kw": 5}, "site": {"currency": "USD"}}',
    '{"dispatch": {"reserve_fraction": 1}, "load": {"kind": "meter", "meter": {"file_name": "x", "year": 2025}}}',
    '{"storage": {"power_kw": 0}, "genset": {"sets": 1.5, "min_load_fraction": 1, "max_load_fraction": 0.5}}',
    '{"storage": {"renewal": "augment", "augment_by": "years"}}',
    '{"storage": {"soc_min_fraction": 0.9, "soc_max_fraction": 0.2}, "tariff": {"library_id": "cn_nowhere"}}',
    '{"tariff": {"library_id": "cn_shanghai_35kv", "demand_basis": "transformer_kva"}, "grid": {"transformer_kva": 0}}',
    '{"finance": {"discount_rate": 8, "baseline": "coal"}, "provenance": {"x": {"source": "y"}}}',
)


@pytest.mark.parametrize("text", SCENARIOS)
def test_refused_inputs_are_chinese(text: str) -> None:
    with pytest.raises(InputError) as caught:
        scenario_from_json(text)
    for problem in (*caught.value.problems, caught.value):
        assert english(say.refused(problem, words("zh"))) == [], problem


@pytest.mark.parametrize(
    "text", ["", "x", "LOCATION,a,b", "Latitude (decimal degrees): 1\n", "Source,Location ID\n1,2\n3"]
)
def test_refused_weather_is_chinese(text: str) -> None:
    with pytest.raises(WeatherError) as caught:
        read_weather(text.encode(), "x.epw")
    assert english(words("zh").problem(caught.value)) == []


def test_a_refused_entry_is_told_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tester asks the widgets for their options outside a session, where there is no language.
    monkeypatch.setattr(state, "words", lambda: words("zh"))
    app = drawn_alone("grid", presets()["case_a"].scenario, language="zh")
    app.get_by_key("page.grid.outage_source").set_value("statistics").run()
    app.get_by_key("page.grid.import_limit_kw").set_value(-1.0).run()
    found = [error.value for error in app.error]
    assert found and [run for text in found for run in english(text)] == []


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", ["case_a", "case_c"])
def test_files_are_chinese(preset: str) -> None:
    study, chinese = study_of(preset), words("zh")
    content = workbook(study, chinese) if preset == "case_a" else book_of(preset, "zh")  # one table of steps is enough
    sheets = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    cells = [cell.value for sheet in sheets for row in sheet.iter_rows() for cell in row]
    texts = [text for text in cells if isinstance(text, str) and not text.startswith("=")]
    texts += [text for text in texts_of(paper(preset, "zh")["parts"]) if not text.startswith("<")]
    for name in ("summary", "bill", "lines", "balance", "prices"):
        texts += files.table_csv(study, name, chinese).decode("utf-8-sig").split(",")
    assert {run for text in texts for run in english(text)} == set()
