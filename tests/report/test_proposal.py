"""The proposal: its digits are the study's, its text is only text, its pages have no complaint, its bytes repeat."""

from __future__ import annotations

import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

import cli
from finance.kpis import by_period
from i18n import words
from report.paper import charts as paper_charts
from report.paper import money as proposal_money
from report.paper import pdf
from report.paper.blocks import Draft, table_scale
from report.paper.front import first_year_saving
from report.paper.offer import CHAPTERS, Offer, missing_characters, printable, with_papers_of
from report.paper.plant import energy_rungs
from report.paper.proposal import proposal, warnings
from report.paper.tables import cash_rows
from report.text import say
from sim.inputs.bills import RealBill
from sim.inputs.register import unverified
from sim.inputs.text import clean
from sim.problem import Refusal
from study.answer import headline
from study.beside import Beside, beside, sizes_of
from study.decision import decision
from study.evaluate import evaluate
from study.financing import overall_efficiency, returns, storage_costs
from study.presets import presets
from study.risk import asked
from study.study import Study
from study.summary import summary
from study.turning import TurningPoint
from tests.report.documents import paper, pdf_of, squeezed, text_of
from tests.report.typeset import complaints
from tests.studies import beside_of, study_of

KEY = re.compile(r"\b(proposal|answers|charts|inputs|shell|downloads)\.[a-z_]+\.?[a-z_]*")
CASES = ("case_a", "case_b", "case_c")
HOSTILE = (
    '#read("/etc/passwd") $x^2$ *bold* @ref <label>',
    "<script>alert(1)</script>&amp;",
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "@SUM(A1)",
    "\ttab",
)


def draft_of(name: str, language: str = "en") -> Draft:
    study = study_of(name)
    return Draft(study, words(language), Offer(), frozenset(unverified(study.scenario)))


def all_texts(node: object) -> list[str]:
    if isinstance(node, str):
        return [node]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return [text for child in children for text in all_texts(child)]


def blocks_of(node: dict) -> list[dict]:
    """All blocks, those in columns too."""
    inner = [child for side in ("left", "right", "blocks") for child in node.get(side, ()) if isinstance(child, dict)]
    return [*inner, *(block for child in inner for block in blocks_of(child))]


@pytest.mark.parametrize("language", ("en", "zh"))
@pytest.mark.parametrize("name", presets())
def test_every_case_is_set_without_a_complaint(name: str, language: str) -> None:
    content = paper(name, language)
    assert complaints(content) == []
    shown = [text for text in all_texts(content["parts"]) if not text.startswith("<")]
    assert [text for text in shown if KEY.search(text)] == []


@pytest.mark.parametrize("name", presets())
def test_no_frame_is_empty(name: str) -> None:
    for chapter in paper(name, "en")["parts"][0]["chapters"]:
        assert chapter["finding"] and chapter["blocks"]
        for block in blocks_of(chapter):
            if block["kind"] == "table":
                assert block["rows"] and all(len(row) == len(block["head"]) for row in block["rows"])
            if block["kind"] == "chart":
                assert len(block["svg"]) > 300 and len(block["alt"]) > 3


@pytest.mark.parametrize("language", ("en", "zh"))
@pytest.mark.parametrize("name", CASES)
def test_the_pdf_holds_the_studys_digits(name: str, language: str) -> None:
    study, text = study_of(name), squeezed(text_of(pdf_of(name, language)))
    own = study.kpis["hybrid"]
    w, currency = words(language), study.scenario.site.currency
    expected = [
        study.fingerprint,
        *(w.money(figures.total_cost, currency) for figures in study.kpis.values()),
        *(w.number(figures.co2_t) for figures in study.kpis.values()),
        w.money(own.capex, currency),
        w.money(own.npv.value, currency),
        w.number(own.lcoe_per_kwh.value),
        w.number(own.cost_per_kwh.value),
        say.years(own.payback_years.value, w),
    ]
    assert [figure for figure in expected if squeezed(figure) not in text] == []


@pytest.mark.parametrize("language", ("en", "zh"))
@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_on_the_second_page(name: str, language: str) -> None:
    study, page = study_of(name), text_of(pdf_of(name, language), "-f", "2", "-l", "2")
    answer = say.say(headline(study), words(language), study.scenario.site.currency)
    assert squeezed(answer) in squeezed(page)
    assert squeezed(words(language).t("proposal.decision.asks")) in squeezed(page)
    assert squeezed(words(language).t("proposal.decision.weak", n=len(unverified(study.scenario)))) in squeezed(page)


@pytest.mark.parametrize("language", ("en", "zh"))
@pytest.mark.parametrize("name", CASES)
def test_returns_have_the_same_digits_everywhere(name: str, language: str) -> None:
    """After-tax IRR, weakest DSCR and LCOS of a case with a loan: paper, command line and study."""
    base = presets()[name].scenario
    study = evaluate(base.with_({"finance.loan_share": 0.7, "finance.loan_years": 8}), study_of(name).dispatch)
    text, w = squeezed(text_of(pdf.proposal_pdf(study, language))), words(language)
    found, told = returns(study), summary(study)["returns"]
    figures = {
        "after_tax.irr": found.views["after_tax"].irr,
        "equity.irr": found.views["equity"].irr,
        "loan.least_dscr": found.coverage.least_dscr,
        "lcos_per_kwh": storage_costs(study)[0],
    }
    for key, figure in figures.items():
        node = told
        for part in key.split("."):
            node = node[part]
        assert node == figure.value, key
        if figure.value is not None:
            is_share = key.endswith("irr")
            shown = say.share(figure.value, w) if is_share else w.number(figure.value)
            assert squeezed(shown) in text, key


def test_both_languages_make_one_document() -> None:
    text = squeezed(text_of(pdf_of("case_a", "both")))
    for language in ("en", "zh"):
        assert squeezed(words(language).t("proposal.annex.disclaimer_1")) in text


def test_the_same_study_gives_the_same_bytes_and_a_tagged_file() -> None:
    first = pdf_of("case_a", "en")
    assert first == pdf.proposal_pdf(study_of("case_a"), "en", None, beside_of("case_a"))
    assert b"pdfuaid" in first and b"/StructTreeRoot" in first and b"/Lang" in first


def test_ten_at_once_do_not_disturb_each_other() -> None:
    jobs = [(name, language) for name in CASES for language in ("en", "zh")] + [("case_a", "en")] * 4
    alone = [pdf_of(*job) for job in jobs]
    studies = {name: (study_of(name), beside_of(name)) for name in CASES}

    def build(job: tuple[str, str]) -> bytes:
        study, extra = studies[job[0]]
        return pdf.proposal_pdf(study, job[1], None, extra)

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(build, jobs)) == alone


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_user_typed_stays_text(text: str) -> None:
    study = study_of("case_a")
    named = evaluate(study.scenario.with_({"site.name": text}), study.dispatch)
    offer = Offer(client=text, vendor=text, contact=text, title=text, terms=text)
    found = squeezed(text_of(pdf.proposal_pdf(named, "en", offer)))
    assert found.count(squeezed(text)) >= 5
    assert "root:" not in found


def test_marks_that_turn_the_direction_and_controls_are_left_out() -> None:
    assert clean("a\u202eb\u200fc\u0000d\te\nf") == "abcd e\nf"


def test_a_character_outside_the_font_is_a_box_and_a_warning() -> None:
    study = study_of("case_a")
    assert missing_characters("Acme \U0001f600\U00030edd \u4e2d") == "\U0001f600\U00030edd"
    assert printable("x\U0001f600y") == "x□y"
    assert "\U0001f600" in warnings(study, Offer(client="x\U0001f600"), words("en"))[0]
    assert warnings(study, Offer(client="Acme 储能"), words("en")) == []


@pytest.mark.parametrize(
    ("field", "value", "says"),
    (
        ("client", "x" * 5000, "client: 5000 characters are too many; use 120 or fewer"),
        ("issued", "20.11.2026", "issued: '20.11.2026' is not a date; write it as 2026-11-20"),
        ("accent", "red;", "accent: 'red;' is not a colour; write it as #17344F"),
        ("logo", b"<svg onload=x>", "logo: this is neither a PNG nor a JPEG picture; save it as one of these"),
        ("chapters", ("weather",), "chapters: there is no 'weather'"),
    ),
)
def test_an_offer_that_cannot_be_used_says_why(field: str, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        Offer(**{field: value})


def drawn_logo(side: int, kind: str = "PNG", **more: object) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (side, side // 2), 200).save(stream, kind, **more)
    return stream.getvalue()


@pytest.mark.parametrize("side", (4001, 12_000, 20_000))
def test_a_logo_of_too_many_pixels_is_refused_before_it_is_unpacked(side: int) -> None:
    with pytest.raises(Refusal, match="logo: it has too many pixels; use 4,000 or fewer a side"):
        Offer(logo=drawn_logo(side))


def test_a_torn_logo_is_refused() -> None:
    whole = drawn_logo(900)
    for logo in (whole[: len(whole) // 2], whole[:40], drawn_logo(900, "JPEG")[:300], b"\x89PNG\r\n\x1a\n" + b"x" * 99):
        with pytest.raises(Refusal, match="logo: "):
            Offer(logo=logo)


def test_a_logo_is_drawn_anew_and_brings_nothing_else() -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "a secret of the maker")
    for logo in (drawn_logo(3000, pnginfo=note), drawn_logo(3000, "JPEG", comment=b"a secret of the maker")):
        assert b"secret" in logo
        picture = Offer(logo=logo).picture
        assert b"secret" not in picture
        with Image.open(io.BytesIO(picture)) as found:
            assert found.format == "PNG" and found.size == (1600, 800)


def test_only_the_chapters_asked_for_are_written() -> None:
    study = study_of("case_a")
    found = proposal(study, "en", Offer(chapters=("money", "bill")))
    assert [chapter["key"] for chapter in found["chapters"]] == ["bill", "money"]
    without_contract = [key for key in CHAPTERS if key not in ("deal", "variants")]
    assert [chapter["key"] for chapter in proposal(study, "en")["chapters"]] == without_contract


@pytest.mark.parametrize("name", presets())
def test_the_bridge_adds_up(name: str) -> None:
    draft = draft_of(name)
    amounts = [amount for _, amount, _ in proposal_money.bridge_steps(draft)]
    assert sum(amounts[:-1]) == pytest.approx(amounts[-1], rel=1e-9)
    assert amounts[-1] == pytest.approx(draft.study.kpis["hybrid"].present_cost)


@pytest.mark.parametrize("name", presets())
def test_the_cash_flow_table_is_the_difference_of_all_lines(name: str) -> None:
    draft = draft_of(name)
    study, rows = draft.study, cash_rows(draft)
    total = study.ledger.total
    flows = by_period(total[draft.hybrid_row] - total[draft.base_row], study.scenario.site.term_months)
    found = {row.number: row.values for row in rows}
    assert np.allclose(found["3"], flows, rtol=1e-12, atol=1e-6)
    assert np.allclose(found["1"] - found["2"], flows, rtol=1e-12, atol=1e-6)
    assert rows[-1].values[-1] == pytest.approx(study.kpis["hybrid"].npv.value, rel=1e-9)


def test_first_year_saving_by_hand() -> None:
    """Case B: flow of year 1 of the hybrid less its rival and baseline, without investment and resale."""
    draft = draft_of("case_b")
    net = next(row for row in cash_rows(draft) if row.key == "before_tax")
    assert first_year_saving(draft) == pytest.approx(net.values[1])


def test_the_energy_ladder_by_hand() -> None:
    """3 200 kWh: window 5-95 % = 2 880 kWh; times 0.945 = 2 721.6 kWh at the bus."""
    rungs = [value for _, value in energy_rungs(draft_of("case_a"))]
    assert rungs[:3] == pytest.approx([3200, 2880, 2721.6])


def test_overall_efficiency_is_below_the_round_trip() -> None:
    storage = presets()["case_b"].scenario.storage
    found = overall_efficiency(draft_of("case_b").study).value
    assert 0.8 < found < storage.charge_efficiency * storage.discharge_efficiency


def test_chinese_tables_stand_in_ten_thousands() -> None:
    assert table_scale(draft_of("case_a", "zh"), 17.5e6).unit == "万元"
    assert table_scale(draft_of("case_a", "zh"), 17.5e6).text(17_526_400) == "1,752.64"
    assert table_scale(draft_of("case_a"), 17.5e6).text(17_526_400) == "17.53"


def test_pictures_of_the_pages() -> None:
    study = study_of("case_a")
    found = pdf.pages(pdf.data(study, "en", Offer(chapters=())), 40)
    assert len(found) == 3 and all(picture.startswith(b"\x89PNG") for picture in found)


def test_charts_are_drawn_alike_every_time() -> None:
    study = study_of("case_c")
    assert paper_charts.cost_stack(study, words("en")) == paper_charts.cost_stack(study, words("en"))


def test_the_command_line_writes_all_kinds(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["export", "case_a", "--lang", "both", "--out", str(tmp_path), "--client", "储能 \U0001f600"]) == 0
    printed = capsys.readouterr()
    written = sorted(path.name for path in tmp_path.iterdir())
    assert sorted(Path(line).name for line in printed.out.splitlines()) == written
    assert "\U0001f600" in printed.err
    assert {"both.pdf", "both.docx", "zh.xlsx"} <= {name.rpartition("_")[2] for name in written}
    assert cli.main(["export", "case_a", "--issued", "tomorrow"]) == 2


def test_a_chinese_csv_has_the_same_numbers_under_words() -> None:
    from report.files import hourly_csv, table_csv

    study = study_of("case_a")
    for write in (partial(table_csv, name="bill"), partial(hourly_csv, alternative="hybrid", year=1)):
        content, chinese = write(study), write(study, words=words("zh"))
        given, found = (text.decode("utf-8-sig").split("\r\n") for text in (content, chinese))
        assert found[1:] == given[1:] and len(found[0].split(",")) == len(given[0].split(","))
        assert re.search("[\u4e00-\u9fff]", found[0]) and chinese.startswith(b"\xef\xbb\xbf")


def test_content_is_plain() -> None:
    content = paper("case_a", "en")
    assert json.loads(json.dumps(content)) == content


def test_a_turning_point_is_written_in_one_unit() -> None:
    """Case A without PV, turned by 3.8 MWp: the distance is megawatts, not "+3.8 kWp"."""
    from report.text.levers import distance

    study = study_of("case_a")
    point = TurningPoint("pv.dc_kwp", 0.0, 0.0, 30_000.0, 3_800.0, "above", 0.13)
    assert distance(study, point, words("en")) == f"+{words('en').number(point.at / 1000, 'MWp')}"


@pytest.fixture(scope="module")
def own_b() -> tuple[Study, Beside]:
    """Case B run by windows of its own, and what stands beside it."""
    windows = [
        {"start_hour": 0, "end_hour": 6, "action": "charge"},
        {"start_hour": 17, "end_hour": 21, "action": "discharge"},
    ]
    inputs = {"dispatch.arbitrage": "windows", "dispatch.windows": windows}
    own = evaluate(study_of("case_b").scenario.with_(inputs))
    return own, beside(own)


@pytest.mark.parametrize("language", ("en", "zh"))
def test_the_operation_chapter_shows_table_controls_and_sizes(own_b: tuple[Study, Beside], language: str) -> None:
    study, extra = own_b
    content, w = pdf.data(study, language, extra=extra), words(language)
    assert complaints(content) == []
    chapters = {chapter["key"]: all_texts(chapter) for chapter in content["parts"][0]["chapters"]}
    assert w.t("control.paper.title") in chapters["operation"]
    names = [w.t(f"control.name.{name}") for name in ("plain", "own", "forecast", "optimum")]
    assert [name for name in names if name not in chapters["operation"]] == []
    shares = [w.percent(extra.controls.found.share(cost)) for cost in extra.controls.costs.values()]
    assert [share for share in shares if share not in chapters["operation"]] == []
    assert extra.sizes == ()  # the table is made for one size


def test_the_annex_asks_for_the_weightiest_unverified_inputs_first() -> None:
    study = study_of("case_a")
    extra = Beside(None, (), asked(study))
    (annex,) = proposal(study, "en", Offer(chapters=("annex",)), extra)["chapters"]
    at = next(k for k, block in enumerate(annex["blocks"]) if block.get("text") == "Ask for these first")
    rows = annex["blocks"][at + 2]["rows"]
    assert rows[0][0].startswith("Battery rent")
    assert [cell.split("\N{NO-BREAK SPACE}")[0] for cell in rows[0][1:4]] == ["55.0", "35.0", "90.0"]
    assert len(rows) == 10 and rows[0][4] == words("en").money(extra.asked[0].swing, "CNY")


def test_other_sizes_keep_the_hours_of_storage() -> None:
    study = study_of("case_b")
    extra = Beside(None, sizes_of(study))
    sizes = [one.scenario.storage for one in extra.sizes]
    chapters = {chapter["key"]: all_texts(chapter) for chapter in proposal(study, "en", None, extra)["chapters"]}
    worth = [words("en").money(decision(one).margin, "CNY") for one in extra.sizes]
    assert [text for text in worth if text not in chapters["solution"]] == []
    assert [size.energy_kwh for size in sizes] == pytest.approx([10e3, 15e3, 20e3, 25e3, 30e3])
    assert {round(size.energy_kwh / size.power_kw, 9) for size in sizes} == {2.0}
    assert study in extra.sizes


def test_wide_tables_stand_at_the_end_and_leave_no_page_nearly_empty() -> None:
    """Case C: the pages across are the last, and the page before them is not cut short by them."""
    text = text_of(pdf_of("case_c", "en"))
    title = words("en").t("paper.tables_title")
    assert text.count(title) == 2
    assert text.rindex(title) > text.rindex(words("en").t("proposal.annex.disclaimer_4")[:40])


def test_papers_in_the_scenario_count_as_at_hand() -> None:
    scenario = presets()["case_b"].scenario
    bills = tuple(RealBill(month=f"2025-{month:02d}", kwh=1e6) for month in range(1, 13))
    assert with_papers_of(Offer(), scenario).papers == frozenset()
    assert with_papers_of(Offer(), scenario.with_({"bills": bills[:11]})).papers == frozenset()
    assert with_papers_of(Offer(papers=frozenset({"site"})), scenario.with_({"bills": bills})).papers == {
        "site",
        "bills",
    }


def test_a_plan_without_sets_does_not_speak_of_them() -> None:
    """Case B keeps no sets; case A does."""
    for name, has in (("case_b", False), ("case_a", True)):
        chapter = next(c for c in paper(name, "en")["parts"][0]["chapters"] if c["key"] == "operation")
        assert (words("en").t("proposal.operation.sets") in all_texts(chapter)) is has
