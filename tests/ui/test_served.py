"""What is changed in the files Streamlit serves: room for the sidebar, and packed scripts for other machines."""

import asyncio
import gzip

import pytest
from starlette.responses import HTMLResponse, Response

from ui.served import LEAST_BYTES, STYLE, Served

SCRIPT = b"let a = 1;\n" * LEAST_BYTES
FAR, HERE = ("203.0.113.7", 1), ("127.0.0.1", 1)
PACKED = [(b"accept-encoding", b"gzip, br")]


def served(path: str, client: tuple[str, int], headers: list[tuple[bytes, bytes]]) -> tuple[dict[bytes, bytes], bytes]:
    """Headers and body of an answer."""
    page = b"<html><head></head><body></body></html>"
    is_packed = path != "/"  # as Streamlit does with every page but the first
    head = {"content-encoding": "gzip"} if is_packed else None
    answer: Response = HTMLResponse(gzip.compress(page) if is_packed else page, headers=head)
    if path.endswith(".js"):
        answer = Response(SCRIPT, media_type="application/javascript", headers={"etag": "x"})
    sent: list = []

    async def send(message) -> None:
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": path, "client": client, "headers": headers}
    asyncio.run(Served(answer)(scope, receive, send))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    return dict(sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize("path", ["/", "/operation"])
def test_every_page_keeps_room_for_the_sidebar_and_names_the_script_of_the_charts(path: str) -> None:
    headers, body = served(path, HERE, PACKED)
    assert b"content-encoding" not in headers
    assert STYLE.encode() in body and b"/static/js/PlotlyChart." in body
    assert int(headers[b"content-length"]) == len(body)


@pytest.mark.parametrize(
    ("client", "headers", "is_packed"),
    [
        (FAR, PACKED, True),
        (FAR, [], False),
        (HERE, PACKED, False),
        (HERE, [*PACKED, (b"x-forwarded-for", b"203.0.113.7")], True),
    ],
)
def test_scripts_go_packed_to_other_machines_that_take_them_so(client, headers, is_packed) -> None:
    sent, body = served("/static/js/index.abc.js", client, headers)
    assert (sent.get(b"content-encoding") == b"gzip") == is_packed
    assert (gzip.decompress(body) if is_packed else body) == SCRIPT
    assert int(sent[b"content-length"]) == len(body) < (len(SCRIPT) / 9 if is_packed else len(SCRIPT) + 1)
