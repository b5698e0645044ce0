"""PDF pages that an offer brings along: checked when they come, drawn as pictures for the paper.

A page of somebody else's PDF cannot stand in a PDF/A as it is, so each becomes a picture with its own words beside it;
the file itself travels with the offer.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

import typst

from report.paper.offer_rows import Attachment
from sim.inputs.text import clean
from sim.problem import Named, Problem, Refusal

MOST_FILES, MOST_BYTES, MOST_PAGES = 6, 8_000_000, 40
PPI = 150.0
LONGEST_ALT = 600
NO_PDF = Problem("{name}: this is not a PDF that can be read; save it anew as PDF without a password")


def check_attachments(attachments: Sequence[Attachment]) -> None:
    """Raises Refusal where they are too many, too large, or no PDF."""
    size, name = sum(len(one.pdf) for one in attachments), Named("attachments")
    if len(attachments) > MOST_FILES or size > MOST_BYTES:
        counts = {"most": MOST_FILES, "size": MOST_BYTES / 1e6}
        raise Refusal("{name}: use {most} files or fewer, {size:.0f} MB in all", name=name, **counts)
    if sum(len(page_words(one.pdf)) for one in attachments) > MOST_PAGES:
        raise Refusal("{name}: use {most} pages or fewer", name=name, most=MOST_PAGES)


@lru_cache(maxsize=8)
def page_words(pdf: bytes) -> tuple[str, ...]:
    """The words on each page. Raises Refusal where it cannot be read."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(pdf))
        if len(reader.pages) > MOST_PAGES:
            return ("",) * len(reader.pages)
        return tuple(" ".join(clean(page.extract_text()).split())[:LONGEST_ALT] for page in reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, RecursionError) as error:
        raise Refusal(NO_PDF, name=Named("attachments")) from error


@lru_cache(maxsize=8)
def page_pictures(pdf: bytes) -> tuple[bytes, ...]:
    """Each page as a PNG. Raises Refusal where the typesetter cannot draw it."""
    pages = range(1, len(page_words(pdf)) + 1)
    source = "".join(
        f'#page(width: auto, height: auto, margin: 0pt, image(bytes(d), format: "pdf", page: {n}))\n' for n in pages
    )
    head = "#let d = json(bytes(sys.inputs.d))\n"
    try:
        made = typst.compile(
            (head + source).encode(), format="png", ppi=PPI, sys_inputs={"d": str(list(pdf))}, ignore_system_fonts=True
        )
    except typst.TypstError as error:
        raise Refusal(NO_PDF, name=Named("attachments")) from error
    return tuple(made) if isinstance(made, list) else (made,)
