"""Two languages say the same: same keys, same placeholders, every character in the shipped font, no known mistake."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from i18n.words import catalogue
from report.paper.offer import characters
from sim.inputs.register import register
from sim.inputs.tariff import library_ids, library_tariff
from tests.patterns import placeholders

ROOT = Path(__file__).resolve().parents[2]
HAN = re.compile(r"[\u4e00-\u9fff]")
# Chinese texts that need no Chinese character: units, names, patterns of figures only.
NO_HAN_NEEDED = re.compile(r"^[\s\W\dA-Za-z{}_/³²·]*$")
NAMES_KEPT = {"shell.language.en", "proposal.app.language_en"}
# Wrong translations of terms of the trade, and why: see the glossary for the right ones.
MISTAKES = (
    "需求电费",
    "基础电费",
    "容量费率",
    "产能",
    "评级",
    "可得性",
    "覆盖率",
    "穿越时间",
    "湿堆叠",
    "平段负荷",
    "股权内部",
    "项目IRR",
    "并网型",
    "停电中断",
    "缩减",
    "投资回报期",
    "回报期",
    "账单单",
)
LATIN_WORD = re.compile(r"[A-Za-z]{4,}")
LATIN_KEPT = {
    "JSON",
    "Schema",
    "XLSX",
    "DOCX",
    "Word",
    "LibreOffice",
    "base",  # base64, how a file stands in a text
    "verify",  # a command
    "Excel",
    "Green",  # Green Button, the name of a format
    "Button",
    "PowerLadder",
    "import",
    "price",
    "energy",
    "cost",
    "balance",
    "step",
    "LCOE",
    "LCOS",
    "BLAST",
    "Lite",
    "Ember",
    "REopt",
    "NFPA",
    "MWh",
    "MWp",
    "kvarh",
    "Shapley",
    "English",
    "YYYY",
    "JPEG",
    "Ascend",
    "CloudMatrix",
    "PVGIS",
    "NSRDB",
    "Tier",
    "SAIFI",
    "SAIDI",
    # names a file has
    "URDB",
    "detail",
    "energyratestructure",
    "false",
    "flatdemandmonths",
    "full",
    "gzip",
    "rate",
    "site",
    "true",
    "year",
    "MACRS",
    "OpenEI",
    # names of models and methods
    "Beta",
    "Erbs",
    "Heun",
    "Ineichen",
    "Linke",
    "Marion",
    "NOCT",
    "PVWatts",
    "Perez",
    "numpy",
    "physical",
    "pvlib",
    "tanh",
    "xlsb",
    "xlsx",
    # who publishes prices and weather
    "AEMO",
    "CAISO",
    "ENTSO",
    "ERCOT",
    "Nord",
    "Pool",
    "SolarAnywhere",
}


@pytest.mark.parametrize("language", ("en", "zh"))
def test_every_character_is_in_the_font(language: str) -> None:
    found = {c for text in catalogue(language).values() for c in text if c != "\n" and ord(c) not in characters()}
    allowed = {"✕"} if language in ("en", "zh") else set()  # on the page only, never on paper
    assert found - allowed == set()


def test_the_template_needs_no_other_character() -> None:
    text = (ROOT / "assets" / "templates" / "proposal.typ").read_text(encoding="utf-8")
    assert {c for c in text if c != "\n" and ord(c) not in characters()} == set()
    assert "@preview" not in text and "http" not in text


def test_names_of_places_and_tariffs_are_in_the_font() -> None:
    names = "".join(library_tariff(key).name_en + library_tariff(key).name_zh for key in library_ids())
    assert {c for c in names if ord(c) not in characters()} == set()


def test_same_keys_and_placeholders() -> None:
    english, chinese = catalogue("en"), catalogue("zh")
    inputs = {f"input.{path}.{part}" for path in register() for part in ("label", "help")}
    refusals = json.loads((ROOT / "assets" / "i18n" / "zh" / "problems.json").read_text(encoding="utf-8"))
    assert set(chinese) - inputs - set(refusals) == set(english) - inputs
    for key in set(english) & set(chinese):
        assert placeholders(english[key]) == placeholders(chinese[key]), key


def test_every_input_has_a_chinese_label_and_help() -> None:
    chinese = catalogue("zh")
    assert [
        path for path in register() if f"input.{path}.label" not in chinese or f"input.{path}.help" not in chinese
    ] == []


def test_chinese_texts_are_chinese() -> None:
    plain = {key: text for key, text in catalogue("zh").items() if not HAN.search(text) and key not in NAMES_KEPT}
    assert {key: text for key, text in plain.items() if not NO_HAN_NEEDED.match(text)} == {}
    words = {key: LATIN_WORD.findall(re.sub(r"\{\w+(:[^}]*)?\}", "", text)) for key, text in catalogue("zh").items()}
    odd = {
        key: [w for w in found if w not in LATIN_KEPT and (w.islower() or w not in key)]
        for key, found in words.items()
        if not key.startswith("proposal.source.")
    }
    assert {key: found for key, found in odd.items() if found and key not in NAMES_KEPT} == {}


def test_english_texts_are_english() -> None:
    allowed = {"shell.language.zh", "proposal.app.language_zh"}
    assert {key for key, text in catalogue("en").items() if HAN.search(text)} - allowed == set()


def test_known_mistakes_do_not_occur() -> None:
    assert {key: text for key, text in catalogue("zh").items() if any(wrong in text for wrong in MISTAKES)} == {}


def test_the_terms_of_the_trade_are_those_of_the_glossary() -> None:
    """The terms on which a reader judges the translation, as the glossary has them."""
    with (ROOT / "assets" / "i18n" / "glossary.csv").open(encoding="utf-8") as stream:
        terms = {row["en"]: row["zh"] for row in csv.DictReader(stream)}
    assert len(terms) >= 180
    text = "\n".join(catalogue("zh").values())
    used = (
        "maximum demand",
        "flat period",
        "overall efficiency (meter to meter)",
        "equivalent full cycles",
        "payback period, static",
        "payback period, dynamic (discounted)",
        "backup time",
    )
    assert [terms[name] for name in used if terms[name].partition("(")[0] not in text] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "report").rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_chinese_literal_in_reports(path: Path) -> None:
    assert not HAN.search(path.read_text(encoding="utf-8"))


def test_keys_asked_for_by_reports_exist() -> None:
    """Every plain key handed to `t` in the modules of the proposal and the workbook."""
    missing = set()
    for path in [*(ROOT / "report").rglob("*.py"), ROOT / "ui" / "proposal.py", ROOT / "pages" / "proposal.py"]:
        code = path.read_text(encoding="utf-8")
        for prefix, key in re.findall(
            r"\b(draft|pen|book|words|w|state|book\.words|draft\.words|pen\.words)?\.?t\(\s*\"([a-z_.]+[a-z0-9_])\"",
            code,
        ):
            start = {"draft": "proposal.", "book": "proposal.xlsx.", "pen": "proposal.diagram."}.get(prefix, "")
            if not any(f"{start}{key}" == known for known in catalogue("en")) and f"{start}{key}" not in (
                "proposal.proposal",
            ):
                missing.add(f"{path.name}: {start}{key}")
    assert missing == set()
