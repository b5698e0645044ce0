"""The method text says the same in both languages: sections, figures, formulas, tables and lists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEADINGS = {
    "How it is calculated": "计算方法",
    "Conventions": "约定",
    "A site of one's own": "自己的项目",
    "The four alternatives": "四个方案",
    "Lead times and stages": "到位时间与分期",
    "Load": "负荷",
    "Compute that gives way": "可让出的算力",
    "PV": "光伏",
    "The ladder: who carries the load in a step": "供电优先级：每一步由谁供电",
    "Battery over the years": "储能逐年变化",
    "Diesel": "柴发",
    "Outages": "停电",
    "Electricity bill": "电费",
    "Cost lines": "成本科目",
    "Key figures": "关键指标",
    "Risk": "风险",
    "Best size": "最优规模",
    "Sources": "数据来源",
}
MONTH = r"(?:January|February|July|December)"
# A figure with its unit, where the unit is a sign both languages write.
FIGURE = re.compile(r"(?<![\w.])(\d[\d,]*(?:\.\d+)?)(?:\s?(%|°C|kWh|kW|kVA|km|m\b|L/h|C\b))?")
OPERATORS = "=×Σ^±"


def sections(name: str) -> dict[str, str]:
    """Heading -> text of a document."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    parts = re.split(r"^#+ (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


ENGLISH, CHINESE = sections("method.md"), sections("method.zh.md")


def figures(text: str) -> set[tuple[str, str]]:
    """(number, unit) of a text without dates, item numbers and names such as CO2."""
    text = re.sub(rf"\d+ {MONTH}|\d+ 月 \d+ 日|^\d+\. |`[^`]*`", " ", text, flags=re.MULTILINE)
    text = re.sub(r"(\d)\s?(?:%|°C)?( to | 至 )(−?[\d.]+)(\s?(?:%|°C))", r"\1\4\2\3\4", text)  # of a range both
    return {(number.replace(",", "").rstrip("."), unit) for number, unit in FIGURE.findall(text)}


def test_both_have_the_same_sections_in_the_same_order() -> None:
    assert [HEADINGS.get(heading) for heading in ENGLISH] == list(CHINESE)


@pytest.mark.parametrize("heading", list(ENGLISH))
def test_a_section_has_the_same_figures_and_formulas(heading: str) -> None:
    english, chinese = ENGLISH[heading], CHINESE[HEADINGS[heading]]
    assert figures(english) == figures(chinese)
    assert {sign: english.count(sign) for sign in OPERATORS} == {sign: chinese.count(sign) for sign in OPERATORS}


@pytest.mark.parametrize("heading", list(ENGLISH))
def test_a_section_has_the_same_items_and_rows(heading: str) -> None:
    english, chinese = ENGLISH[heading], CHINESE[HEADINGS[heading]]
    for mark in (r"^- ", r"^\d\. ", r"^\|"):
        assert len(re.findall(mark, english, re.MULTILINE)) == len(re.findall(mark, chinese, re.MULTILINE)), mark
    assert english.count("**") == chinese.count("**")


def test_chinese_keeps_a_paragraph_on_one_line() -> None:
    """A line break inside a paragraph shows as a space, which Chinese does not have."""
    lines = "\n".join(CHINESE.values()).split("\n")
    pairs = zip(lines, lines[1:], strict=False)
    broken = [b for a, b in pairs if re.match(r"[^\s|#\-\d]", b) and re.match(r"[^\s|]", a)]
    assert broken == []


def test_emphasis_is_seen_as_emphasis() -> None:
    """A closing mark between punctuation and a Chinese character does not close for markdown."""
    lines = [re.split(r"\*+", line) for line in "\n".join(CHINESE.values()).split("\n")]
    pairs = [pair for parts in lines for pair in zip(parts[1::2], parts[2::2], strict=True)]
    assert [
        marked for marked, after in pairs if re.match(r"[\u4e00-\u9fff]", after) and marked[-1] in "：。，）；”"
    ] == []
