"""The dashboard in a real browser: links, levers, files, phone, dark. Console and foreign requests fail every test."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from i18n import words
from report.text.currency import words_for
from report.text.say import say as say_finding
from store.database import FOLDER
from store.store import Store
from study.answer import headline
from study.evaluate import evaluate
from study.place import elsewhere
from study.presets import presets
from tests.shared import a_few
from ui.navigation import PLACES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
MAIN = '[data-testid="stMain"]'
ANSWER = ".st-key-answer h2"
# A page of each kind for a server that has drawn none yet: the answer, a search; inputs with charts, an upload.
COLD = a_few(("overview", "sizing", "equipment", "tariff"), "sizing")
# A page of each kind for axe-core: the answer, what is asked, many fields, an upload, tables.
READ = ("overview", "proposal", "terms", "load", "money")
GRAVE = ("serious", "critical")
ALSO = ("heading-order",)
DARK = "rgb(15, 22, 32)"
FITS = (
    "() => [document.documentElement, ...document.querySelectorAll('[data-testid=stMain]')]"
    ".every(e => e.scrollWidth <= e.clientWidth + 1)"
)
RESIZE_LIMIT_MS = 10_000
CODE = re.compile(r"(?:[0-9a-f]{4}-){4}[0-9a-f]{4}")
text = words("en").t

pytestmark = pytest.mark.browser


@pytest.fixture
def show(page, server: str, settle):
    """`show("grid", "preset=case_b")` opens that page and returns the browser page once it is drawn."""

    def open_page(name: str = "", query: str = ""):
        page.goto(f"{server}/{name}?{query}")
        settle(page)
        page.wait_for_selector(f"{MAIN} h1, {MAIN} h2")
        settle(page)
        return page

    return open_page


def code(page) -> str:
    """The inputs' fingerprint in the sidebar."""
    return CODE.search(page.get_by_test_id("stSidebar").inner_text()).group(0)


def alerts(page) -> list[str]:
    return page.get_by_test_id("stAlert").all_inner_texts()


def faults(page) -> list:
    """What axe-core finds that is serious: contrast, names, roles; and headings out of order."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        (fault["id"], [node["html"][:120] for node in fault["nodes"][:3]])
        for fault in found
        if fault["impact"] in GRAVE or fault["id"] in ALSO
    ]


def no_page_failed(page) -> bool:
    return not any(text("shell.notice.failed") in alert for alert in alerts(page))


@pytest.mark.parametrize("name", COLD)
def test_cold_deep_link_opens_its_page_with_its_data(fresh_server: str, page, settle, name: str) -> None:
    path = "" if name == "overview" else name
    page.goto(f"{fresh_server}/{path}?preset=case_b&storage.energy_kwh=25000")
    settle(page)
    page.wait_for_selector(f"{MAIN} h1, {MAIN} h2")
    settle(page)
    changed = presets()["case_b"].scenario.with_({"storage.energy_kwh": 25_000})
    assert code(page) == changed.fingerprint
    assert no_page_failed(page)
    assert page.get_by_role("dialog").count() == 0
    assert "storage.energy_kwh=25000" in page.url


@pytest.mark.parametrize("name", a_few(PAGES, *READ, "equipment", "sizing", "operation", "present"))
def test_every_page_opens_by_its_address_on_a_desk_in_the_dark_and_on_a_phone(show, name: str) -> None:
    """One visit a page, in a session of its own: its case, then the dark scheme, then a phone's width. A page of each
    kind is looked at by axe-core in both schemes, in Chinese."""
    language = "zh" if name in READ else "en"
    page = show("" if name == "overview" else name, f"preset=case_c&storage.energy_kwh=25000&lang={language}")
    assert name not in READ or faults(page) == []
    if name != "present":  # what a client sees has no sidebar
        assert code(page) == presets()["case_c"].scenario.with_({"storage.energy_kwh": 25_000}).fingerprint
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "colour => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor == colour", arg=DARK
    )
    assert name not in READ or faults(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(FITS, timeout=RESIZE_LIMIT_MS)  # charts follow a moment after the window
    page.wait_for_timeout(400)
    assert page.evaluate(FITS)
    assert no_page_failed(page)


def test_reload_and_page_change_keep_the_inputs(show, settle) -> None:
    page = show("terms", "preset=case_a")
    field = page.get_by_role("spinbutton", name="Diesel price, CNY/L")
    field.fill("9.1")
    field.press("Enter")
    settle(page)
    after, kept = code(page), state_of(page)
    assert kept
    bar = page.get_by_test_id("stTopNavLink")
    assert bar.all_inner_texts() == [text(f"shell.place.{place}") for place in PLACES]
    assert page.get_by_test_id("stTopNavLink").and_(page.locator("[aria-current=page]")).inner_text() == "Site"
    page.get_by_role("link", name="Answer").click()
    settle(page)
    assert code(page) == after
    assert page.title() == "Overview | Case A: 3.2 MW for 4 months"
    assert state_of(page) == kept
    page.reload()
    settle(page)
    page.wait_for_selector(f"{MAIN} h1")
    assert code(page) == after


def test_lever_moves_the_answer_in_place(show, settle) -> None:
    page = show("", "preset=case_a")
    before, answer = code(page), page.locator(MAIN).inner_text()
    slider = page.get_by_role("slider").first
    for _ in range(5):
        slider.press("ArrowRight")
    settle(page)
    page.wait_for_function("before => !document.body.innerText.includes(before)", arg=before)
    assert code(page) != before
    assert page.locator(MAIN).inner_text() != answer
    page.get_by_role("button", name="Reset").click()
    settle(page)
    page.wait_for_function("before => document.body.innerText.includes(before)", arg=before)


def test_a_policy_case_that_is_taken_changes_the_whole_page_and_can_be_undone(show, settle) -> None:
    """Its button stands in a fragment: sidebar and figures stayed those of the old scenario, without a word."""
    page = show("risk", "preset=case_a")
    before = code(page)
    page.get_by_role("button", name=text("policy.take", case=text("policy.case.price_up"))).click()
    page.wait_for_function("before => !document.body.innerText.includes(before)", arg=before)
    settle(page)
    assert page.get_by_text(text("policy.taken", case=text("policy.case.price_up"))).count() == 1
    page.get_by_role("button", name=text("shell.undo")).click()
    page.wait_for_function("before => document.body.innerText.includes(before)", arg=before)
    assert no_page_failed(page)


def test_preset_and_baseline_switch(show, settle) -> None:
    page = show()
    page.get_by_role("combobox", name="Start from").click()
    page.get_by_role("option", name="C: 15 MW in Johor").click()
    settle(page)
    case_c = presets()["case_c"].scenario
    shows(page, case_c.fingerprint)
    page.get_by_test_id("stSidebar").get_by_text("Grid", exact=True).click()
    settle(page)
    shows(page, case_c.with_({"finance.baseline": "grid"}).fingerprint)
    assert no_page_failed(page)


def state_of(page) -> str:
    """The id of the kept state that the address names; empty where it names none."""
    return parse_qs(urlsplit(page.url).query).get("s", [""])[0]


def shows(page, fingerprint: str) -> None:
    """Wait until the sidebar says so."""
    page.wait_for_function("code => document.body.innerText.includes(code)", arg=fingerprint)


def upload_scenario(page, name: str, content: bytes) -> None:
    """Hand the file over; the caller waits for what is said of it, as the menu with the name may close first."""
    if not page.locator('[data-testid="stPopoverBody"] input[type="file"]').count():
        page.get_by_role("button", name="File", exact=True).click()
    chooser = page.locator('input[type="file"]').last
    chooser.set_input_files({"name": name, "mimeType": "application/json", "buffer": content})


def test_a_bad_scenario_file_changes_nothing_and_a_saved_one_loads_again(show) -> None:
    page = show("downloads", "preset=case_a")
    before = code(page)
    upload_scenario(page, "bad.json", json.dumps({"storage": {"energy_kwhh": 3}}).encode())
    page.get_by_text("did you mean 'energy_kwh'?").wait_for()
    shows(page, before)
    mine = presets()["case_c"].scenario.with_({"storage.energy_kwh": 22_222})
    upload_scenario(page, "mine.json", mine.to_json().encode())
    page.get_by_text("mine.json is loaded.").wait_for()
    shows(page, mine.fingerprint)


def test_wrong_meter_file_and_a_file_of_50_mb_are_refused(show, settle, tmp_path: Path) -> None:
    page = show("load", "preset=case_a")
    before = code(page)
    chooser = page.locator(f'{MAIN} input[type="file"]')
    chooser.set_input_files({"name": "plan.csv", "mimeType": "text/csv", "buffer": b"%PDF-1.7 not a table"})
    page.get_by_text("plan.csv cannot be used; your inputs are as before.").wait_for()
    big = tmp_path / "big.csv"
    big.write_bytes(b"time,kW\n" + b"0" * 50_000_000)
    chooser.set_input_files(big)
    page.get_by_text(re.compile("must be .*20.*MB|20.*MB.*smaller|exceed", re.IGNORECASE)).first.wait_for()
    settle(page)
    assert code(page) == before


def test_download_has_the_figures_of_the_study(show, settle, tmp_path: Path) -> None:
    page = show("downloads", "preset=case_a")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").nth(1).click()
    study = evaluate(presets()["case_a"].scenario)
    download = waiting.value
    assert download.suggested_filename == f"powerladder-{study.fingerprint}-summary.csv"
    download.save_as(tmp_path / "summary.csv")
    table = csv.DictReader(io.StringIO((tmp_path / "summary.csv").read_text("utf-8-sig")))
    rows = {row["figure"]: row for row in table}
    for name, kpis in study.kpis.items():
        assert float(rows["total_cost"][name]) == kpis.total_cost


def test_bad_address_is_told_and_the_rest_is_used(show) -> None:
    page = show("", "preset=case_b&storage.energy_kwh=ten&finance.diesel_per_l=8")
    assert any("storage.energy_kwh" in alert for alert in alerts(page))
    shows(page, presets()["case_b"].scenario.with_({"finance.diesel_per_l": 8}).fingerprint)
    assert "storage.energy_kwh" not in page.url


def test_an_upload_speaks_the_visitors_language(show) -> None:
    page = show("load", "preset=case_a&lang=zh")
    field = page.locator('[data-testid="stMain"] [data-testid="stFileUploader"]').first
    field.wait_for()
    shown = "(e, part) => getComputedStyle(e.querySelector(part), '::after').content"
    assert field.evaluate(shown, "button p") == '"选择文件"'
    assert field.evaluate(shown, "[data-testid=stFileUploaderDropzoneInstructions] span").startswith('"单个文件不超过')
    hidden = "(e, part) => getComputedStyle(e.querySelector(part)).fontSize"
    assert field.evaluate(hidden, "button p") == "0px"


def test_health_and_assets_answer(page, server: str) -> None:
    assert page.request.get(f"{server}/health").json() == {"status": "ok"}
    assert page.request.get(f"{server}/assets/fonts/NotoSansSC-Regular.woff2").ok


# Language, place as typed, MW, delivered diesel; what the place must bring.
WALKS = {
    "guangdong": ("zh", "广州", "12", "8.2", ("cn_guangdong_prd_110kv", "CNY", 0.4403)),
    "johor": ("en", "Johor", "15", "3.5", ("my_tnb_mv_tou", "MYR", 0.758)),
    "virginia": ("en", "Virginia", "20", "1.2", ("us_va_large_proxy", "USD", 0.271)),
}


class Walk:
    """A visitor on the start card: his clicks, and the answers he has seen."""

    def __init__(self, page, settle) -> None:
        self.page, self.settle, self.clicks = page, settle, 0
        self.answer = page.locator(ANSWER)
        settle(page)
        self.answer.wait_for()
        self.seen = [self.answer.inner_text()]

    def press(self, target) -> None:
        target.click()
        self.clicks += 1

    def entered(self, text: str) -> None:
        """Type into what was pressed, and wait for another answer."""
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.moved()

    def moved(self) -> None:
        other = f"before => document.querySelector('{ANSWER}')?.innerText !== before"
        self.settle(self.page)
        self.page.wait_for_function(other, arg=self.seen[-1])
        self.settle(self.page)
        self.seen.append(self.answer.inner_text())

    def fill(self, label: str, text: str) -> None:
        self.press(self.page.get_by_role("spinbutton", name=label))
        self.entered(text)

    def code(self) -> str:
        """The fingerprint in the sidebar, in any language."""
        return code(self.page)


@pytest.mark.parametrize("name", a_few(WALKS, "guangdong"))
def test_from_the_bare_address_to_the_answer_in_eight_clicks_and_six_fields(browser, server, settle, name: str) -> None:
    """Where, how big, how long, the grid's month, diesel: the answer stands beside from the start and moves with
    each, and the tariff, currency and CO2 factor are those of the place."""
    language, place, mw, diesel, brought = WALKS[name]
    local, say = {"zh": "zh-CN", "en": "en-GB"}[language], words(language).t
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=local)
    page = context.new_page()
    page.goto(server)
    walk = Walk(page, settle)
    walk.press(page.get_by_role("combobox", name=words(language).lookup("input.site.place.label") or "Place"))
    walk.entered(place)
    walk.fill(say("start.mw"), mw)
    walk.fill(say("start.months"), "48")
    walk.press(page.get_by_role("combobox", name=say("start.ready")))
    walk.press(page.get_by_role("option", name=say("start.ready_after", n=9)))
    walk.moved()
    walk.fill(say("start.diesel", unit=f"{words(language).currency(brought[1])}/L"), diesel)
    assert walk.clicks <= 8 and len(walk.seen) == 6 and urlsplit(page.url).path in ("", "/")
    scenario = Store(Path(os.environ[FOLDER])).load(state_of(page)).scenario
    assert walk.code() == scenario.fingerprint
    assert (scenario.tariff.library_id, scenario.site.currency, scenario.grid.co2_kg_per_kwh) == brought
    assert elsewhere(scenario) is None
    assert (scenario.load.peak_kw, scenario.site.term_months, scenario.grid.ready_month) == (1000 * float(mw), 48, 9)
    assert scenario.finance.diesel_per_l + scenario.finance.delivery_per_l == pytest.approx(float(diesel))
    found = say_finding(headline(evaluate(scenario)), words_for(scenario, language), scenario.site.currency)
    assert "".join(walk.seen[-1].split()) == "".join(found.split())
    assert no_page_failed(page)
    page.reload()
    assert Walk(page, settle).code() == scenario.fingerprint
    context.close()


@pytest.mark.parametrize(("lang", "scheme"), [("en", "light"), ("zh", "dark")])
@pytest.mark.parametrize("start", ["", "preset=case_b"])
def test_on_a_phone_the_answer_its_reason_and_its_warnings_are_seen_at_once(show, page, lang, scheme, start) -> None:
    """Question, winner and margin, what it rests on, count of warnings, nothing cut; the fields follow the answer."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    show("", f"lang={lang}&{start}")
    box = page.locator(".st-key-answer_box")
    seen = [page.locator(f"{MAIN} h1"), page.locator(ANSWER), box.locator(".stMarkdownBadge").nth(1)]
    edges = [one.bounding_box() for one in seen]
    assert all(edge["x"] >= 0 and edge["x"] + edge["width"] <= 390 for edge in edges)
    assert max(edge["y"] + edge["height"] for edge in edges) <= 844, edges
    if not start:
        assert page.get_by_role("spinbutton").first.bounding_box()["y"] > edges[-1]["y"]


def press(page, part, across: float = 0.5, up: float = 0.5) -> None:
    """Press a point of a chart, as a share of the part's width and height."""
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    at = box["x"] + across * box["width"], box["y"] + up * box["height"]
    page.mouse.move(*at)
    page.mouse.click(*at)


def test_a_chart_answers_where_it_is_pressed(show, settle) -> None:
    """A part of a bar shows its cost lines; an hour why it is as it is."""
    page = show("", "preset=case_b")
    press(page, page.locator(".st-key-cost_stack .barlayer .point path").first)
    page.get_by_text("504 M CNY in present value").wait_for()
    show("operation", "preset=case_b")
    why = page.get_by_role("heading", name=re.compile("why the hybrid"))
    before = why.inner_text()
    press(page, page.locator(".st-key-dispatch .nsewdrag").first, 0.3, 0.4)
    other = "before => ![...document.querySelectorAll('h3')].some(e => e.innerText == before)"
    page.wait_for_function(other, arg=before)
    settle(page)
    assert "why the hybrid" in why.inner_text() and no_page_failed(page)
