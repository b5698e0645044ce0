"""Another currency for what is shown: every amount is multiplied by the rate, nothing else is, the rate is stated."""

import csv
import io
import re

import pytest
from openpyxl import load_workbook

from cli import _table
from i18n.words import Exchange, words
from report import files
from report.book.workbook import workbook
from report.paper.blocks import Draft, table_scale
from report.paper.offer import Offer
from report.paper.proposal import proposal
from report.text.amounts import amounts
from report.text.currency import exchange, rate_note, words_for
from report.text.plain import as_part
from sim.inputs import library
from sim.inputs.scenario import Scenario
from study.evaluate import evaluate
from study.presets import presets
from tests.ui.apps import drawn_alone

TWICE = {"finance.shown_currency": "USD", "finance.shown_rate": 2.0, "finance.shown_rate_as_of": "2026-11-20"}
AMOUNT = re.compile(r"([+\u2212]?)([\d,]+(?:\.\d+)?)\u00a0?([kMB]?)\u00a0(CNY|USD)(/?)")
TIMES = {"": 1.0, "k": 1e3, "M": 1e6, "B": 1e9}


@pytest.fixture(scope="module")
def pair():
    scenario = presets()["case_a"].scenario
    return evaluate(scenario), evaluate(scenario.with_(TWICE))


def amounts_in(text: str) -> list[tuple[float, str]]:
    """(amount, currency) of every sum in a text; a price of an input, such as 7.80 CNY/L, counts as "input"."""
    found = []
    for sign, number, scale, code, per in AMOUNT.findall(text):
        value = float(number.replace(",", "")) * TIMES[scale] * (-1 if sign == "\u2212" else 1)
        found.append((value, "input" if per and code == "CNY" else code))
    return found


def assert_doubled(before: str, after: str) -> int:
    """Every sum of one text is twice that of the other and in dollars; prices of inputs are as they were."""
    firsts, seconds = amounts_in(before), amounts_in(after)
    assert len(firsts) == len(seconds), (before, after)
    for (one, _), (two, code) in zip(firsts, seconds, strict=True):
        assert code in ("USD", "input"), after
        assert two == (one if code == "input" else pytest.approx(2 * one, rel=0.011)), (before, after)
    return sum(code == "USD" for _, code in seconds)


def strings(node) -> list[str]:
    if isinstance(node, str):
        return [node]
    found = node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ()
    return [text for child in found for text in strings(child)]


def test_the_table_has_every_shipped_currency_and_the_figures_of_the_countries():
    for code in library.countries():
        facts = library.country(code)
        assert library.units_per_usd(facts["currency"]).value == facts["currency_units_per_usd"]["value"]
    assert {tariff["currency"] for tariff in library.raw_tariffs().values()} <= set(library.currencies())


def test_cross_rate_by_hand():
    assert library.table_rate("CNY", "USD") == pytest.approx(1 / 7.1)
    assert library.table_rate("CNY", "MYR") == pytest.approx(4.2 / 7.1)
    with pytest.raises(KeyError, match="no rate from CNY to JPY"):
        library.table_rate("CNY", "JPY")


def test_words_convert_amounts_of_the_site_only():
    said = words("en").showing(Exchange("CNY", "USD", 0.5))
    assert said.money(3e6, "CNY") == words("en").money(1.5e6, "USD")
    assert said.money(3e6, "MYR") == words("en").money(3e6, "MYR")
    assert said.price(0.8, "CNY", "kWh") == "0.4\u00a0USD/kWh".replace("0.4", "0.400")
    assert said.number(3e6) == words("en").number(3e6) and said.currency("CNY") == "CNY"
    scale = amounts(said, 3e6, "CNY")
    assert scale.label(3e6) == "1.50" and "USD" in scale.unit
    chinese = words("zh").showing(Exchange("USD", "CNY", 7.0))
    assert chinese.money(1e7, "USD") == "7,000\u00a0万元" and words("zh").money(3e8, "CNY") == "3.00\u00a0亿元"


def test_a_table_of_the_paper_is_converted(pair):
    drafts = [Draft(study, words_for(study.scenario, "en"), Offer()) for study in pair]
    one, two = (table_scale(draft, 4e6) for draft in drafts)
    assert float(two.text(4e6).replace(",", "")) == pytest.approx(2 * float(one.text(4e6).replace(",", "")))
    assert one.unit.endswith("CNY") and two.unit.endswith("USD")


def test_the_study_stays_in_the_currency_of_the_site(pair):
    one, two = pair
    assert two.kpis == one.kpis and two.fingerprint != one.fingerprint
    assert two.dispatch.scenario.dispatch_key == one.dispatch.scenario.dispatch_key


@pytest.mark.parametrize("language", ["en", "zh"])
def test_only_prices_of_inputs_keep_the_currency_of_the_site_in_the_proposal(pair, language):
    own = "元" if language == "zh" else "CNY"
    found = [text for text in shown_texts(pair[1], language) if re.search(rf"\d[^<>。，]*{own}(?!/)", text)]
    assert not [text for text in found if not text.lstrip().startswith("<")]


def test_every_amount_of_the_proposal_is_doubled(pair):
    one, two = (shown_texts(study, "en") for study in pair)
    texts = [both for both in zip(one, two, strict=True) if not both[0].lstrip().startswith("<")]
    assert sum(assert_doubled(before, after) for before, after in texts) > 40


def shown_texts(study, language: str) -> list[str]:
    """Texts of the decision page and the chapters but the annex, which lists inputs and tariff as entered."""
    paper = proposal(study, language)
    chapters = [chapter for chapter in paper["chapters"] if chapter["key"] != "annex"]
    return strings([paper["decision"], chapters])


def rows_of(content: bytes) -> list[dict]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("name", ["bill", "lines", "cash-flow", "prices"])
def test_columns_of_money_are_doubled_and_no_other(pair, name):
    one, two = (rows_of(files.table_csv(study, name)) for study in pair)
    for before, after in zip(one, two, strict=True):
        for (name, value), (renamed, new) in zip(before.items(), after.items(), strict=True):
            is_money = name.endswith(("_cny", "_cny_per_kwh"))
            assert renamed == (name.replace("_cny", "_usd") if is_money else name)
            assert float(new) == 2 * float(value) if is_money else new == value


def test_the_hours_and_the_summary_are_doubled(pair):
    one, two = (rows_of(files.hourly_csv(study, "hybrid", 1)) for study in pair)
    assert float(two[0]["energy_price_usd_per_kwh"]) == 2 * float(one[0]["energy_price_cny_per_kwh"])
    assert two[0]["import_kw"] == one[0]["import_kw"]
    one, two = ({row["figure"]: row for row in rows_of(files.table_csv(study, "summary"))} for study in pair)
    for name, row in one.items():
        is_money = row["unit"].startswith("CNY")
        if name != "fingerprint" and row["hybrid"]:
            twice = float(two[name]["hybrid"]) == 2 * float(row["hybrid"]) if is_money else two[name] == row
            assert twice, name
    assert two["exchange_rate"]["diesel"] == "2.0" and two["exchange_rate_as_of"]["diesel"] == "2026-11-20"
    assert "exchange_rate" not in one


def test_chinese_headers_name_the_shown_currency(pair):
    content = files.table_csv(pair[1], "lines", words("zh")).decode("utf-8-sig")
    header = content.partition("\r\n")[0]
    assert "USD" in header and "元" not in header and "_usd" not in header


def test_the_workbook_stays_in_the_currency_of_the_site_and_states_the_rate(pair):
    sheets = []
    for study in pair:
        content = workbook(study, words_for(study.scenario, "en"), hourly=False)
        sheets.append(load_workbook(io.BytesIO(content)).worksheets[1])
    texts = [[str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value] for sheet in sheets]
    notes = [text for text in texts[1] if text not in texts[0]]
    assert sum("CNY 1 = 2.0000\u00a0USD" in note for note in notes) == 1
    assert not [note for note in notes if "USD" in note and "CNY 1 =" not in note]


def test_the_command_line_doubles_and_states_the_rate(pair):
    one, two = (_table(study) for study in pair)
    note = "CNY 1 = 2.0000\u00a0USD, own rate, 2026-11-20"
    assert note in two and assert_doubled(one, two.replace(note, "")) >= 5


@pytest.mark.parametrize("page", ["overview", "money", "autonomy", "outages", "saving", "operation", "deal", "sizing"])
def test_every_amount_of_a_page_is_doubled(page):
    case = presets()["case_b" if page == "deal" else "case_a"].scenario
    one, two = (page_texts(page, case.with_(changes)) for changes in ({}, TWICE))
    note = as_part("CNY 1 = 2.0000\u00a0USD, own rate, 2026-11-20")
    assert any(note in text for text in two)
    counted = 0
    for before, after in zip(one, two, strict=True):
        if "Source:" not in before and note not in after:
            assert not re.search(r"CNY(?!/)", after), after
            counted += assert_doubled(before, after)
    assert counted >= 2


def page_texts(page: str, scenario: Scenario) -> list[str]:
    app = drawn_alone(page, scenario)
    frames = [frame.value for frame in app.dataframe]
    cells = [str(cell) for frame in frames for cell in (*frame.columns, *frame.to_numpy().ravel())]
    shown = [element.value for kind in (app.header, app.subheader, app.markdown, app.metric) for element in kind]
    return shown + [metric.label for metric in app.metric] + cells


def test_a_currency_without_a_rate_needs_one():
    with pytest.raises(ValueError, match="no rate of JPY"):
        Scenario().with_({"finance.shown_currency": "JPY"})
    given = Scenario().with_({"finance.shown_currency": "JPY", "finance.shown_rate": 21.0})
    assert exchange(given) == Exchange("CNY", "JPY", 21.0) and "no date given" in rate_note(given, words("en"))
    with pytest.raises(ValueError, match="ISO 4217"):
        Scenario().with_({"site.currency": "XYZ"})
    assert exchange(Scenario()) is None and rate_note(Scenario(), words("en")) == ""
