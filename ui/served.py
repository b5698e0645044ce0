"""What is changed in the files Streamlit serves: our styles in the page, and scripts made small for the way.

The page comes with an empty main part; what follows would push it aside. So the styles (`assets/page.css`) keep the
room from the first paint on. The script that draws charts is named in the page, so that it is fetched while the others
still load.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ROOT = Path(__file__).resolve().parent.parent
STYLE = f"<style>{(ROOT / 'assets' / 'page.css').read_text(encoding='utf-8')}</style>"
CHARTS = '<link rel="modulepreload" crossorigin href="./static/js/{name}">'
SMALLER = (b"text/", b"application/javascript", b"application/json", b"image/svg")
HERE = ("127.0.0.1", "::1", "testclient")  # on one's own machine packing takes longer than sending
LEAST_BYTES = 4096
PAGES_AND_FILES = ("GET", "HEAD")


class Served:
    """Middleware around the whole dashboard."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app
        self.packed: dict[str, bytes] = {}  # by address: the names hold a hash, and there are some dozens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in PAGES_AND_FILES:
            await self.app(scope, receive, send)
            return
        # A page kept by the browser is the one without our additions; files are told apart by their names.
        headers = [pair for pair in scope["headers"] if pair[0] != b"if-none-match" or "/static/" in scope["path"]]
        await self.app({**scope, "headers": headers}, receive, _Answer(self, scope, send).take)

    async def smaller(self, path: str, body: bytes) -> bytes:
        if path not in self.packed:
            self.packed[path] = await asyncio.to_thread(gzip.compress, body, 6)
        return self.packed[path]


class _Answer:
    """One answer on its way: held back where its body is to change, else passed on as it comes."""

    def __init__(self, served: Served, scope: Scope, send: Send) -> None:
        self.served, self.scope, self.send = served, scope, send
        self.start: Message = {}
        self.body = b""
        self.is_held = False

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start, self.is_held = message, self._is_page(message) or self._is_packed(message)
            if self.is_held:
                return
        elif self.is_held and message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish()
            return
        await self.send(message)

    def _is_page(self, start: Message) -> bool:
        return start["status"] == 200 and _header(start["headers"], b"content-type").startswith(b"text/html")

    def _is_packed(self, start: Message) -> bool:
        """Whether the file goes packed: to another machine that takes it so, where it shrinks."""
        given, sent = self.scope["headers"], start["headers"]
        is_near = (self.scope.get("client") or ("",))[0] in HERE and not _header(given, b"x-forwarded-for")
        return (
            start["status"] == 200
            and self.scope["method"] == "GET"
            and "/static/" in self.scope["path"]
            and not is_near
            and b"gzip" in _header(given, b"accept-encoding")
            and not _header(sent, b"content-encoding")
            and _header(sent, b"content-type").startswith(SMALLER)
        )

    async def _finish(self) -> None:
        body, added, changed = self.body, [], [b"content-length", b"etag"]
        if self._is_page(self.start):
            if _header(self.start["headers"], b"content-encoding") == b"gzip":  # so comes a page below the first
                body, changed = gzip.decompress(body), [*changed, b"content-encoding"]
            body = body.replace(b"</head>", f"{STYLE}{_charts()}</head>".encode(), 1)
        elif len(body) >= LEAST_BYTES:
            body = await self.served.smaller(self.scope["path"], body)
            added = [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
        if self.scope["method"] == "GET":
            added.append((b"content-length", str(len(body)).encode()))
        headers = [pair for pair in self.start["headers"] if pair[0] not in changed]
        await self.send({**self.start, "headers": [*headers, *added]})
        await self.send({"type": "http.response.body", "body": body})


def _header(headers: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    return next((value for key, value in headers if key.lower() == name), b"")


@cache
def _charts() -> str:
    """The hint of the script that draws charts; none where Streamlit calls it otherwise."""
    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    return "".join(CHARTS.format(name=path.name) for path in sorted(folder.glob("PlotlyChart.*.js")))
