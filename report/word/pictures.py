"""Charts of a Word file: the vector picture, and beside it a pixel one for programs that do not draw vectors."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any
from xml.sax.saxutils import quoteattr

import typst
from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from PIL import Image

FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"
PPI, COLOURS, MOST_KEPT = 150.0, 64, 200
EMU_PER_MM = 36_000
SVG_NAMES = "http://schemas.microsoft.com/office/drawing/2016/SVG/main"
SVG_EXTENSION = "{96DAC541-7B7A-43D3-8B79-37D633B846F1}"
FONT_LIST = "'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
SETTINGS: dict[str, Any] = {"font_paths": [FONTS], "ignore_system_fonts": True, "format": "png", "ppi": PPI}
_drawn: dict[str, bytes] = {}  # by the picture's digest, so that a chart is drawn once for all files
_one_at_a_time = Lock()
SOURCE = """
#let d = json(bytes(sys.inputs.d))
#set text(font: "Noto Sans SC", fallback: false)
#for s in d { page(width: auto, height: auto, margin: 0pt, image(bytes(s), format: "svg")) }
"""


def drawn(pictures: Iterable[str]) -> dict[str, bytes]:
    """Each SVG as a PNG, by its text."""
    wanted = {_name(svg): svg for svg in pictures}
    with _one_at_a_time:
        missing = {name: svg for name, svg in wanted.items() if name not in _drawn}
        if missing:
            told = json.dumps(list(missing.values()), ensure_ascii=False)
            made = typst.compile(SOURCE.encode(), **SETTINGS, sys_inputs={"d": told})
            found = made if isinstance(made, list) else [made]
            _drawn.update({name: _few_colours(png) for name, png in zip(missing, found, strict=True)})
        pngs = {svg: _drawn[name] for name, svg in wanted.items()}
        while len(_drawn) > MOST_KEPT:
            del _drawn[next(iter(_drawn))]
    return pngs


def vector_charts(part: dict[str, Any]) -> Iterator[str]:
    """Every SVG of a proposal in one language."""
    yield part["cover"]["diagram"]
    yield part["decision"]["stack"]
    for chapter in part["chapters"]:
        for block in chapter["blocks"]:
            yield from _of_block(block)


def _of_block(block: dict[str, Any]) -> Iterator[str]:
    if block["kind"] == "chart":
        yield block["svg"]
    if block["kind"] == "pair":
        for one in (*block["left"], *block["right"]):
            yield from _of_block(one)


def picture(document: Document, png: bytes, alt: str, width_mm: float, number: int, svg: str = "") -> str:
    """A run with a picture; `svg` is the vector one behind its pixels."""
    name, image = document.part.get_or_add_image(io.BytesIO(png))
    width = round(width_mm * EMU_PER_MM)
    height = round(width * image.px_height / image.px_width)
    size = f'cx="{width}" cy="{height}"'
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/>'
        f'<wp:docPr id="{number}" name="Figure {number}" descr={quoteattr(alt)}/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
        f'<pic:nvPicPr><pic:cNvPr id="{number}" name="Figure {number}"/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip r:embed="{name}">{_vector(document, svg)}</a:blip><a:stretch><a:fillRect/></a:stretch>'
        f'</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
    )


def _vector(document: Document, svg: str) -> str:
    if not svg:
        return ""
    clean = re.sub(r"<!DOCTYPE.*?>|<metadata>.*?</metadata>", "", svg, flags=re.S)
    clean = clean.replace("'Noto Sans SC'", FONT_LIST)
    place = PackURI(f"/word/media/{_name(clean)}.svg")
    known = (
        key for key, one in document.part.rels.items() if not one.is_external and one.target_part.partname == place
    )
    name = next(known, None)
    if name is None:
        part = Part(place, "image/svg+xml", clean.encode(), document.part.package)
        name = document.part.relate_to(part, RELATIONSHIP_TYPE.IMAGE)
    blip = f'<asvg:svgBlip xmlns:asvg="{SVG_NAMES}" r:embed="{name}"/>'
    return f'<a:extLst><a:ext uri="{SVG_EXTENSION}">{blip}</a:ext></a:extLst>'


def _name(svg: str) -> str:
    return hashlib.sha256(svg.encode()).hexdigest()[:16]


def _few_colours(png: bytes) -> bytes:
    """A chart on white in few colours: a quarter of the bytes."""
    with Image.open(io.BytesIO(png)) as given:
        flat = Image.new("RGB", given.size, "white")
        flat.paste(given, mask=given.split()[-1] if given.mode == "RGBA" else None)
    stream = io.BytesIO()
    flat.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return stream.getvalue()
