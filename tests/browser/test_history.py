"""State that is never lost: address, screen and fingerprint are one whenever the page rests; Back is undo."""

from __future__ import annotations

import os
import random
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from i18n import words
from sim.inputs.scenario import Scenario
from store.database import FOLDER
from store.store import Store
from study.presets import presets
from tests.browser.conftest import free_port, served
from tests.store.test_store import with_files
from ui import url

CODE = re.compile(r"(?:[0-9a-f]{4}-){4}[0-9a-f]{4}")
REST_MS, QUIET = 70, 6
REST_LIMIT, PATIENCE_MS = 900, 120_000  # wide, so that a busy machine fails no test
PAUSE_MS = 1500  # as in assets/one_step.js
MAIN = '[data-testid="stMain"]'
text = words("en").t

pytestmark = pytest.mark.browser


class Visitor:
    """A browser page on a server, and the store it writes to."""

    def __init__(self, page, data: str) -> None:
        self.page, self.store = page, Store(Path(data))
        page.set_default_timeout(PATIENCE_MS)

    def open(self, address: str) -> Visitor:
        self.page.goto(address)
        self.page.wait_for_selector(f"{MAIN} h1")
        self.rest()
        return self

    def rest(self) -> None:
        """Until the browser is connected and no script has run for a moment."""
        quiet = 0
        self.page.wait_for_timeout(3 * REST_MS)
        for _ in range(REST_LIMIT):
            app = self.page.locator("[data-testid=stApp]").first
            state = [app.get_attribute(f"data-test-{name}-state") for name in ("connection", "script")]
            quiet = quiet + 1 if state == ["CONNECTED", "notRunning"] else 0
            if quiet >= QUIET:
                return
            self.page.wait_for_timeout(REST_MS)
        pytest.fail(f"the page does not come to rest: {state}")

    def code(self) -> str:
        return CODE.search(self.page.get_by_test_id("stSidebar").inner_text()).group(0)

    def named(self) -> Scenario:
        """What the address names."""
        query = {key: values[-1] for key, values in parse_qs(urlsplit(self.page.url).query).items()}
        return self.store.load(query["s"]).scenario if "s" in query else url.decode(query).scenario

    def is_one(self) -> bool:
        """Whether address, fingerprint and what the levers show are the same."""
        named = self.named()
        return self.code() == named.fingerprint and self.lever() == named.storage.energy_kwh / 1000

    def slider(self):
        return self.page.get_by_role("slider", name=re.compile("Battery energy"))

    def lever(self) -> float:
        slider = self.slider()
        return float(slider.get_attribute("aria-valuenow") or slider.input_value())

    def move(self, keys: int = 1, key: str = "ArrowRight", pause_ms: int = 0) -> None:
        """Turn the battery's lever by the keyboard."""
        before = self.code()
        for _ in range(keys):
            self.slider().press(key)
            self.page.wait_for_timeout(pause_ms)
        self.page.wait_for_function("before => !document.body.innerText.includes(before)", arg=before)
        self.rest()

    def back(self, to: str) -> None:
        """Until the screen shows the fingerprint `to`."""
        self.page.go_back()
        self.shows(to)

    def forward(self, to: str) -> None:
        self.page.go_forward()
        self.shows(to)

    def shows(self, code: str) -> None:
        self.page.wait_for_function("code => document.body.innerText.includes(code)", arg=code)
        self.rest()

    def entries(self) -> int:
        return self.page.evaluate("history.length")


@pytest.fixture
def visitor(page, server: str) -> Visitor:
    return Visitor(page, os.environ[FOLDER]).open(f"{server}/?lang=en&preset=case_b")


def test_each_act_is_one_step_of_back_by_keyboard_mouse_and_menu(visitor: Visitor) -> None:
    """A burst of keys on a slider pushed four entries, a page of the bar two, the first of them without the state. Keys
    that a busy machine takes further apart than `PAUSE_MS` are acts of their own."""
    page, seen, entries = visitor.page, [visitor.code()], [visitor.entries()]
    page.evaluate("() => { window.keys = []; addEventListener('keydown', e => window.keys.push(e.timeStamp), true) }")
    visitor.move(4, pause_ms=250)
    seen.append(visitor.code())
    at = page.evaluate("window.keys")
    acts = 1 + sum(later - sooner >= PAUSE_MS for sooner, later in pairwise(at))
    box = visitor.slider().bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 40, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    visitor.rest()
    seen.append(visitor.code())
    entries.append(visitor.entries())
    assert len(set(seen)) == 3 and entries[1] == entries[0] + acts + 1 and visitor.is_one()
    page.get_by_test_id("stTopNav").get_by_role("link").nth(2).click()
    page.wait_for_url("**/*s=*")
    visitor.rest()
    assert visitor.entries() == entries[1] + 1 and urlsplit(page.url).path != "/" and visitor.is_one()
    visitor.back(seen[2])
    assert urlsplit(page.url).path == "/" and (visitor.code(), visitor.is_one()) == (seen[2], True)
    for k, go, times in (
        (1, page.go_back, 1),
        (0, page.go_back, acts),
        (1, page.go_forward, acts),
        (2, page.go_forward, 1),
    ):
        for _ in range(times):
            go()
            visitor.rest()
        visitor.shows(seen[k])
        assert (visitor.code(), visitor.is_one()) == (seen[k], True)


def test_a_link_and_a_reload_show_the_same_and_two_tabs_keep_their_own(visitor: Visitor, browser, server: str) -> None:
    page = visitor.page
    visitor.move()
    before, address = visitor.code(), page.url
    page.reload()
    page.wait_for_selector(f"{MAIN} h1")
    visitor.rest()
    assert (visitor.code(), page.url, visitor.is_one()) == (before, address, True)
    context = browser.new_context(locale="en-GB")
    other = Visitor(context.new_page(), os.environ[FOLDER]).open(address)
    assert (other.code(), other.is_one()) == (before, True)
    other.move(2)
    visitor.move(1, "ArrowLeft")
    theirs, mine = other.code(), visitor.code()
    for one in (other, visitor):
        one.page.reload()
        one.page.wait_for_selector(f"{MAIN} h1")
        one.rest()
    assert (other.code(), visitor.code()) == (theirs, mine) and theirs != mine
    visitor.back(before)
    assert (visitor.code(), visitor.is_one()) == (before, True)
    visitor.open(f"{server}/?lang=en&s=nothing-is-kept-under-")
    assert text("shell.notice.not_kept_here") in page.locator(MAIN).inner_text()
    context.close()


class Killed:
    """A server of its own that can be ended without warning and started again at the same place."""

    def __init__(self, data: Path) -> None:
        self.data, self.port, self.life = data, free_port(), ExitStack()

    def start(self) -> str:
        self.process = self.life.enter_context(served(self.port, {FOLDER: str(self.data)}))
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.life.close()


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Killed]:
    if sys.platform == "win32":
        pytest.skip("there is no kill -9")
    own = Killed(tmp_path / "data")
    with own.life:
        yield own


def test_nothing_is_lost_when_the_server_is_killed(browser, killed: Killed) -> None:
    """With a meter file of quarter hours and a painted tariff: the page goes on, its first change is kept, Back goes on
    through the restart, and the link opens in another browser."""
    address = killed.start()
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    me = Visitor(context.new_page(), str(killed.data)).open(f"{address}/downloads?lang=en&preset=case_c")
    me.page.get_by_role("button", name=text("shell.sidebar.file"), exact=True).click()
    file = {"name": "mine.json", "mimeType": "application/json", "buffer": with_files().to_json().encode()}
    me.page.locator('input[type="file"]').last.set_input_files(file)
    me.page.get_by_text(text("shell.notice.file_loaded", name="mine.json")).wait_for()
    me.rest()
    assert me.code() == with_files().fingerprint and me.named() == with_files()
    me.page.keyboard.press("Escape")
    killed.kill()
    killed.start()
    me.page.wait_for_timeout(1500)
    me.rest()
    me.move()
    after = me.code()
    assert after != with_files().fingerprint and me.is_one() and me.named().load.meter == with_files().load.meter
    killed.kill()
    killed.start()
    me.page.wait_for_timeout(1500)
    me.rest()
    assert (me.code(), me.is_one()) == (after, True)
    me.back(with_files().fingerprint)
    assert me.code() == with_files().fingerprint and me.is_one()
    me.forward(after)
    assert me.code() == after and me.is_one()
    other = browser.new_context(locale="en-GB")
    assert Visitor(other.new_page(), str(killed.data)).open(me.page.url).code() == after
    other.close()
    context.close()


@pytest.mark.parametrize("acts", [10, pytest.param(200, marks=[pytest.mark.nightly, pytest.mark.timeout(3600)])])
def test_a_random_walk_never_loses_a_value(visitor: Visitor, acts: int) -> None:
    """Levers, a typed price, Back, Forward, reload: at rest the screen shows what the way through the history says."""
    page, draw = visitor.page, random.Random(7)
    visitor.open(page.url.replace("/?", "/terms?"))
    way, at = [visitor.code()], 0
    for k in range(acts):
        act = draw.choice(["lever", "lever", "typed", "back", "forward", "reload"])
        if (act == "back" and at == 0) or (act == "forward" and at == len(way) - 1):
            continue
        if act == "lever":
            page.wait_for_timeout(PAUSE_MS)  # sooner it would be the same act as the key before
            visitor.move(1, "ArrowRight" if visitor.lever() < 10 or draw.random() < 0.5 else "ArrowLeft")
        elif act == "typed":
            field = page.get_by_role("spinbutton", name="Diesel price, CNY/L")
            field.fill(f"{7 + k / 100:.2f}")
            field.press("Enter")
            page.wait_for_function("before => !document.body.innerText.includes(before)", arg=way[at])
            visitor.rest()
        elif act == "reload":
            page.reload()
            page.wait_for_selector(f"{MAIN} h1")
            visitor.rest()
        else:
            at += 1 if act == "forward" else -1
            getattr(visitor, act)(way[at])
        if act in ("lever", "typed") and visitor.code() != way[at]:
            way, at = [*way[: at + 1], visitor.code()], at + 1
        assert (k, act, visitor.code(), visitor.is_one()) == (k, act, way[at], True)


def test_presets_have_addresses_that_can_be_read(visitor: Visitor) -> None:
    assert visitor.named() == presets()["case_b"].scenario
    assert urlsplit(visitor.page.url).query == "lang=en&preset=case_b"
