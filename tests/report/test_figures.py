"""Key figures: each has one definition, one name and one form, wherever it is shown."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import shutil
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import cli
from finance.figures import FIGURES, KINDS, OF_FLOWS, WORTH, Appraisal, KeyFigure, figures_on
from finance.metrics import Payback
from i18n import LANGUAGES, words
from i18n.words import catalogue
from report import files, views
from report.book.cells import KIND_FORMATS
from report.book.flows import KPI_FIRST_ROW
from report.sentences import decision_figure
from report.text import financing as financing_text
from report.text import say
from sim.dispatch.result import ALTERNATIVES
from sim.plant.battery import full_cycles, warranty_findings
from study import decision as rules
from study.answer import is_long_term
from study.evaluate import evaluate
from study.financing import full_cycles_per_year
from study.presets import presets
from study.project_figures import PROJECT_FIGURES
from study.study import Study
from study.summary import summary
from tests.patterns import placeholders
from tests.processes import run_well
from tests.report.documents import book_of, paper
from tests.studies import study_of
from tests.ui.crawl import crawl

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("app.py", "cli.py", "pages", "ui", "report", "study", "finance", "sim", "i18n")
CYCLES = re.compile(r"([\d,]+) equivalent full cycles")


# --- one definition of a cycle ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "told"), [("en", "above 100\u00a0%"), ("zh", "高于 100%")])
def test_a_rate_above_100_percent_tells_no_more_than_that(language, told):
    """Case D against diesel: 224 % a year is what little extra money sets free; the value stays in `--json`."""
    study = evaluate(presets()["case_d"].scenario.with_({"finance.baseline": "diesel"}), study_of("case_d").dispatch)
    spoken = words(language)
    assert study.kpis["hybrid"].irr.value > 1 and summary(study)["alternatives"]["hybrid"]["irr"] > 1
    assert say.figure(FIGURES["irr"], study.kpis["hybrid"].irr, spoken, "CNY") == told
    assert told in financing_text.views(study, spoken)[0] and told in say.lead(study, spoken)


def test_a_cycle_empties_the_nameplate_energy_of_the_cells_once():
    storage = presets()["case_b"].scenario.storage
    at_the_bus = storage.energy_kwh * storage.discharge_efficiency
    assert full_cycles(storage, [0.0, at_the_bus, 3 * at_the_bus]) == pytest.approx([0.0, 1.0, 3.0])


def test_operation_money_and_paper_count_the_same_cycles():
    """Case B: once Operation told year 1 by one definition, Money and paper the mean of the years by another."""
    study, english = study_of("case_b"), words("en")
    scenario = study.scenario
    mean, first = full_cycles_per_year(study)
    shown = financing_text.project_figure(PROJECT_FIGURES["full_cycles_per_year"], study, english)
    assert shown == f"{mean:.0f} on average, {first:.0f} in year 1" and round(mean) < round(first) == 441
    by_year = full_cycles(scenario.storage, study.dispatch.by_year("discharge_kwh")[study.dispatch.row("hybrid")])
    assert mean == pytest.approx(np.mean(by_year)) and first == pytest.approx(by_year[0])
    on_operation = CYCLES.search(" ".join(crawl("operation", "case_b").texts()))
    assert on_operation and on_operation[1] == f"{first:.0f}"
    assert f"**{shown}**" in " ".join(crawl("money", "case_b").texts())
    assert str(paper("case_b", "en")["parts"]).count(shown) == 2  # how it is run, and how it is defined


def test_the_warranty_counts_the_cycles_that_are_shown():
    """A warranty of one year holds at just more than the cycles shown for year 1, and fails at just less."""
    study = study_of("case_b")
    given = study.dispatch.by_year("discharge_kwh")[study.dispatch.row("hybrid")]
    first = full_cycles_per_year(study)[1]
    for limit, found in ((1.001 * first, []), (0.999 * first, ["cycles"])):
        changes = {"storage.warranty_years": 1, "storage.warranty_cycles_per_year": limit}
        storage = study.scenario.with_(changes).storage
        assert [one.limit for one in warranty_findings(storage, study.dispatch.life, given)] == found


# --- the table --------------------------------------------------------------------------------------------------------


def test_a_kind_or_place_that_is_not_known_fails():
    for given in ({"kind": "mony"}, {"kind": "plain"}, {"kind": "money", "shown": "papr"}):
        with pytest.raises(ValueError, match=r"figure kind|there is no place"):
            KeyFigure(**given)
    assert KeyFigure("plain", unit="kg/kWh").unit_in("CNY") == "kg/kWh"


def test_every_kind_can_be_written():
    written = {kind: say.figure(KeyFigure(kind), 0.5, words("en"), "CNY") for kind in KINDS}
    assert all(written.values()) and KIND_FORMATS.keys() <= {*KINDS, "plain"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_a_name_and_a_meaning_of_its_own(language: str):
    texts = catalogue(language)
    for key in (*FIGURES, *PROJECT_FIGURES):
        assert texts[f"figures.{key}"] and placeholders(texts[f"figures.{key}.meaning"]) <= {"rate", "baseline"}
    names = [texts[f"figures.{key}"] for key in (*FIGURES, *PROJECT_FIGURES)]
    assert len(set(names)) == len(names)


def test_the_figures_of_a_flow_are_those_of_the_table():
    assert [row.key for row in OF_FLOWS] == list(Appraisal.__dataclass_fields__) and WORTH in FIGURES


def product_files() -> list[Path]:
    roots = (ROOT / name for name in PRODUCT)
    return [path for root in roots for path in ([root] if root.suffix else sorted(root.rglob("*.py")))]


def stated(path: Path, key: str) -> Iterator[str]:
    """Lines that name a figure, be it as a name, an attribute, a word of a key or in a text; a call of the function of
    that name in `finance.metrics` or numpy-financial names no figure."""
    word = re.compile(rf"(?<![A-Za-z0-9]){key}(?![A-Za-z0-9])")
    tokens = list(tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline))
    for at, token in enumerate(tokens):
        is_call = token.type == tokenize.NAME and tokens[at - 2].string in ("metrics", "npf")
        if word.search(token.string) and not is_call:
            yield f"{path.relative_to(ROOT)}:{token.start[0]}"


def test_the_present_value_is_named_where_it_is_defined_and_nowhere_else():
    """31 files named it. The others ask for what they show by place, and for what ranks by `worth`."""
    found = {line.partition(":")[0] for path in product_files() for line in stated(path, "npv")}
    assert found == {"finance/figures.py", "finance/metrics.py"}


def test_no_list_of_figures_stands_beside_the_table():
    lists = []
    for path in product_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
                items = node.keys if isinstance(node, ast.Dict) else node.elts
                named = [item.value for item in items if isinstance(item, ast.Constant) and item.value in FIGURES]
                lists += [(path.name, named)] if len(named) > 2 else []
    assert lists == []


# --- the same digits everywhere ---------------------------------------------------------------------------------------

SCALES = {"B": 1e9, "M": 1e6, "k": 1e3, "亿": 1e8, "万": 1e4}
UNITS = {"MWh": 1e3, "GWh": 1e6, "MW": 1e3, "%": 0.01, "months": 1 / 12, "days": 1 / 365, "个月": 1 / 12, "天": 1 / 365}
NUMBER = re.compile(r"^(−?)([\d,]+)(?:\.(\d+))?\s*(.*)$")


def number_in(text: str) -> tuple[float, float, str]:
    """(value, half a unit of its last digit, what stands behind it) of a shown figure, in the figure's own unit."""
    sign, whole, decimals, unit = NUMBER.match(text.replace("\u00a0", " ")).groups()
    scale = UNITS.get(unit, 1.0)
    if unit[:1] in SCALES and (unit[1:2] in ("", " ") or not unit[:1].isascii()):
        scale, unit = SCALES[unit[:1]], unit[1:].strip()
    value = float(f"{whole.replace(',', '')}.{decimals or 0}") * (-1 if sign else 1)
    return value * scale, 0.5 * 10.0 ** -len(decimals or "") * scale, unit


def shown_text(study: Study, key: str, alternative: str, language: str) -> str:
    return say.figure(FIGURES[key], study.kpis[alternative].figure(key), words(language), study.scenario.site.currency)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", presets())
def test_what_is_written_is_the_value_to_the_last_digit_with_its_unit(preset: str, language: str):
    study, w = study_of(preset), words(language)
    for key, row in FIGURES.items():
        for name in ALTERNATIVES:
            figure, text = study.kpis[name].figure(key), shown_text(study, key, name, language)
            if figure.value is None:
                assert w.t(f"answers.missing.short_{figure.reason}") in text, (key, name)
                continue
            if row.kind == "rate" and figure.value > 1:
                assert text == w.t("answers.kpi.above", share=w.percent(1.0)), (key, name)
                continue
            if getattr(figure, "lost_again", False):
                assert say.first_back(figure, w) in text and say.lasting(figure, w) in text, (key, name)
                continue
            value, half, unit = number_in(text)
            assert abs(value - figure.value) <= half * (1 + 1e-9), (key, name, text, figure.value)
            if row.kind not in ("rate", "years", "energy", "power"):
                assert unit == say.figure_unit(row, w, study.scenario.site.currency), (key, text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", presets())
def test_screen_paper_sheet_and_file_show_the_same(preset: str, language: str):
    """Every place's own rendering against the figure as it is written once."""
    study, w = study_of(preset), words(language)
    order = views.alternatives_in_order(study)
    texts = {
        say.figure_name(row, w): [shown_text(study, key, name, language) for name in order]
        for key, row in FIGURES.items()
    }
    assert money_table(preset, language) == texts
    on_paper = {row[0]: row[1:] for row in paper_table(preset, language)}
    assert {name: on_paper[name] for name in on_paper if name in texts} == {
        say.figure_name(row, w): texts[say.figure_name(row, w)] for row in figures_on("paper")
    }
    assert cards(preset, language).items() >= expected_cards(study, language).items()
    assert decision(preset, language).items() >= expected_decision(study, language).items()
    assert_book(study, preset, language)
    assert_csv(study, language)


def money_table(preset: str, language: str) -> dict[str, list[str]]:
    """Rows of the table of all figures on the Money page."""
    corner = words(language).t("answers.money.figure")
    table = next(table for table in crawl("money", preset, language).tables() if table.columns[0] == corner)
    return {str(name): list(row) for name, *row in table.rows}


def paper_table(preset: str, language: str) -> list[list[str]]:
    chapters = paper(preset, language)["parts"][0]["chapters"]
    blocks = next(one for one in chapters if one["key"] == "alternatives")["blocks"]
    return next(block["rows"] for block in blocks if block["kind"] == "table")


def cards(preset: str, language: str) -> dict[str, str]:
    """Label and value of the overview's cards, without the mark of an unverified input."""
    found = crawl("overview", preset, language).of("metric")
    return {card.label.removesuffix(" ◇"): card.value for card in found}


def expected_cards(study: Study, language: str) -> dict[str, str]:
    w, currency = words(language), study.scenario.site.currency
    expected = {}
    for row in figures_on("long" if is_long_term(study.scenario) else "short"):
        figure, name = decision_figure(study, row), say.figure_name(row, w)
        label = w.t("figures.with_unit", name=name, unit=say.figure_unit(row, w, currency)) if row.is_money else name
        exists = figure.value is not None
        text = say.figure(row, figure, w, currency, unit=False) if exists else w.t("answers.kpi.none")
        is_lost = isinstance(figure, Payback) and figure.lost_again
        expected[label] = say.lasting(figure, w) if is_lost else text
    return expected


def decision(preset: str, language: str) -> dict[str, str]:
    """Label and value of the cards of the paper's first page."""
    return {card["label"]: card["value"] for card in paper(preset, language)["parts"][0]["decision"]["cards"]}


def expected_decision(study: Study, language: str) -> dict[str, str]:
    w, currency = words(language), study.scenario.site.currency
    taxed, expected = rules.decision(study).is_after_tax, {}
    for row in figures_on("decision"):
        name, figure = say.figure_name(row, w), decision_figure(study, row)
        if figure.value is None:
            expected[name] = w.t("answers.kpi.none")
        else:
            label = w.t("proposal.card.taxed", name=name) if row.flow and taxed else name
            expected[label] = say.figure(row, figure, w, currency)
    return expected


def assert_book(study: Study, preset: str, language: str) -> None:
    """The stored values of the summary sheet; that its formulas give them is tested by two engines elsewhere."""
    w = words(language)
    sheet = openpyxl.load_workbook(io.BytesIO(book_of(preset, language)), data_only=True).worksheets[1]
    rows = list(sheet.iter_rows(min_row=KPI_FIRST_ROW + 1, max_col=6, values_only=True))
    for row, found in zip(figures_on("book"), rows, strict=False):
        figures = [study.kpis[name].figure(row.key) for name in ALTERNATIVES]
        expected = [say.short_reason(one, w) if one.value is None else pytest.approx(one.value) for one in figures]
        unit = say.figure_unit(row, w, study.scenario.site.currency) or None
        assert list(found) == [say.figure_name(row, w), *expected, unit], row.key


def assert_csv(study: Study, language: str) -> None:
    table = csv.reader(io.StringIO(files.table_csv(study, "summary", words(language)).decode("utf-8-sig")))
    found = {row[0]: row[1:] for row in table}
    for key, row in FIGURES.items():
        figures = [study.kpis[name].figure(key).value for name in ALTERNATIVES]
        assert found[key][0] == row.unit_in(study.scenario.site.currency)
        assert [float(cell) if cell else None for cell in found[key][1:5]] == figures, key


@pytest.mark.parametrize("preset", presets())
def test_the_command_line_shows_the_same(preset: str, capsys: pytest.CaptureFixture[str]):
    study, w = study_of(preset), words("en")
    cli.main(["run", preset])
    lines = [re.split(r" {2,}", line.strip()) for line in capsys.readouterr().out.splitlines()]
    rows = figures_on("cli")
    assert [say.figure_name(row, w) for row in rows] in [line[: len(rows)] for line in lines]
    for name in ALTERNATIVES:
        expected = [shown_text(study, row.key, name, "en") for row in rows]
        assert [name, *expected] in [line[: len(rows) + 1] for line in lines]
    for name, found in summary(study)["alternatives"].items():
        assert {key: found[key] for key in FIGURES} == {key: study.kpis[name].figure(key).value for key in FIGURES}


# --- a new figure costs one row and its texts -------------------------------------------------------------------------

NEW = "co2_kg_per_kwh"
ROW = f"""    {NEW}: float = row(
        "plain",
        lambda each: each.book.co2_kg.sum(axis=1) / np.maximum(each.served.sum(axis=1), 1.0),
        "less",
        "paper book cli",
        unit="kg/kWh",
    )
"""
NAMES = {"en": "Carbon intensity", "zh": "碳排放强度"}


def with_one_more_row(folder: Path) -> None:
    """Copies with a new figure: one row before another, and in each language a name and a meaning. These are all the
    files there are to touch: `finance/figures.py`, `assets/i18n/en/figures.json` and `assets/i18n/zh/figures.json`."""
    text, before = (ROOT / "finance" / "figures.py").read_text(encoding="utf-8"), "    nox_t: float = row("
    assert text.count(before) == 1
    (folder / "finance").mkdir()
    (folder / "finance" / "figures.py").write_text(text.replace(before, ROW + before), encoding="utf-8")
    shutil.copytree(ROOT / "assets" / "i18n", folder / "i18n")
    for language, name in NAMES.items():
        path = folder / "i18n" / language / "figures.json"
        texts = json.loads(path.read_text(encoding="utf-8"))
        texts |= {f"figures.{NEW}": name, f"figures.{NEW}.meaning": name}
        path.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")


def test_a_new_figure_is_one_row_and_its_texts(tmp_path: Path):
    """Carbon intensity on the Money page, the paper, the workbook, the CSV file and the command line: its name in the
    language, its digits, and kg/kWh, where once stood CNY/kWh and kWh without a word."""
    with_one_more_row(tmp_path)
    command = [sys.executable, "-m", "tests.report.one_more_figure", tmp_path, "case_a", NEW]
    found = json.loads(run_well(command, cwd=ROOT).stdout)
    study = study_of("case_a")
    expected = {name: own.co2_t * 1000 / own.energy_served_kwh for name, own in study.kpis.items()}
    texts = {name: words("en").number(value, "kg/kWh") for name, value in expected.items()}
    in_order = [texts[name] for name in views.alternatives_in_order(study)]
    for language, name in NAMES.items():
        places = found[language]
        assert places["name"] == name
        assert places["money"] == [name, *in_order]
        assert places["paper"] == [name, *in_order]
        assert places["book"][:7] == [name, *(pytest.approx(value) for value in expected.values()), "kg/kWh", name]
        assert places["csv"][:2] == [NEW, "kg/kWh"]
        assert [float(cell) for cell in places["csv"][2:6]] == pytest.approx(list(expected.values()))
    assert NAMES["en"] in found["cli"] and all(text in found["cli"] for text in texts.values())
