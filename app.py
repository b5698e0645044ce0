"""The dashboard as an ASGI application: `streamlit run app.py`, or any ASGI server with `app:app`."""

from __future__ import annotations

import asyncio
import importlib
import logging
import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.served import Served

ROOT = Path(__file__).resolve().parent
PATIENCE_S = 2.5
MORE_WARM_UP_AFTER_S = 15.0  # pvlib takes two seconds, the optimum's first compilation ten: after the first page
FIRST_PAGE_NEEDS = ("pandas", "plotly.io", "plotly.tools", "report.screen.charts", "study.answer")
WHILE_BROWSER_LOADS = ("streamlit.emojis", "PIL.Image", "PIL.PngImagePlugin")  # the first compiles for 0.17 s
log = logging.getLogger("powerladder")


async def health(request: Request) -> JSONResponse:
    """Answers as soon as the server takes requests."""
    return JSONResponse({"status": "ok"})


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Warm up in the background; wait a moment for it, since the first page is quicker after it than beside it."""
    worker = threading.Thread(target=warm_up, daemon=True, name="warm-up")
    worker.start()
    await asyncio.to_thread(worker.join, PATIENCE_S)
    yield {}


def warm_up() -> None:
    """Load what the first page needs and run one study like the one it shows (this compiles the simulation)."""
    try:
        _import(FIRST_PAGE_NEEDS)
        from study.evaluate import evaluate
        from study.own_site import Start, scenario_of

        evaluate(scenario_of(Start()))
        threading.Thread(target=_import, args=(WHILE_BROWSER_LOADS,), daemon=True).start()
        later = threading.Timer(MORE_WARM_UP_AFTER_S, warm_up_more)
        later.daemon = True
        later.start()
    except Exception:
        log.exception("the warm-up failed; the first page will say why")


def _import(names: tuple[str, ...]) -> None:
    for name in names:
        importlib.import_module(name)


def warm_up_more() -> None:
    """What other pages need: PV years, a worker with its programs, and the least-cost dispatch."""
    warm_up_pv()
    warm_up_optimum()


def warm_up_optimum() -> None:
    """Read the least-cost dispatch from numba's disk cache: after an installation a worker compiles it first, and the
    server goes on meanwhile."""
    try:
        from sim.dispatch import rolling
        from sim.optimum import solve as optimal
        from ui.apart import prepare

        prepare()
        optimal.warm_up()
        rolling.warm_up()
    except Exception:
        log.exception("the optimum's warm-up failed; the first page that needs it will say why")


def warm_up_pv() -> None:
    """Load pvlib and work out the PV years of the shipped cases, so that the first case with PV opens at once."""
    try:
        from sim.sun.pv import pv_kw_per_kwp
        from sim.timeline import timeline
        from study.presets import presets

        for preset in presets().values():
            site = preset.scenario.site
            if preset.scenario.pv.exists:
                pv_kw_per_kwp(preset.scenario.pv, site.place, timeline(site.start, site.term_months, site.step_minutes))
    except Exception:
        log.exception("the PV warm-up failed; the first page with PV will say why")


class BrowserName:
    """Gives a browser a name that nobody guesses with its first page, as a cookie: its recent work is found by it.
    Streamlit itself cannot set one."""

    YEAR_S = 365 * 24 * 3600

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from ui.history import COOKIE

        is_named = f"{COOKIE}=".encode() in dict(scope.get("headers", ())).get(b"cookie", b"")
        if scope["type"] != "http" or is_named:
            await self.app(scope, receive, send)
            return

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                if "text/html" in headers.get("content-type", ""):
                    name = secrets.token_urlsafe(24)
                    safe = "; Secure" if scope["scheme"] == "https" else ""
                    cookie = f"{COOKIE}={name}; Path=/; Max-Age={self.YEAR_S}; HttpOnly; SameSite=Lax{safe}"
                    headers.append("set-cookie", cookie)
                    message = {**message, "headers": headers.raw}
            await send(message)

        await self.app(scope, receive, named)


def say_sorry(error: Exception) -> bool:
    """A failure outside a page is logged and shown as one sentence, never as a traceback."""
    from ui.state import t

    log.error("script failed", exc_info=error)
    st.error(t("shell.notice.failed"))
    return True


app = st.App(
    ROOT / "ui" / "main.py",
    lifespan=lifespan,
    on_script_error=say_sorry,
    middleware=[Middleware(BrowserName), Middleware(Served)],
    routes=[Mount("/assets", StaticFiles(directory=ROOT / "assets")), Route("/health", health)],
)
