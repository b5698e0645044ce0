"""Tables of a Word file: repeated heads, rows that stay whole, numbers to the right, widths as on paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

from report.word.marks import para, run

TWIPS_PER_MM = 56.693
STYLE = "PowerLadderTable"
SHORT = 20  # rows that stay on one page
LOOK = (
    "<w:tblLook w:val='0020' w:firstRow='1' w:lastRow='0' w:firstColumn='0' w:lastColumn='0' w:noHBand='1' "
    "w:noVBand='1'/>"
)


def data_table(block: dict[str, Any], width_mm: float) -> str:
    """A table block; its head repeats on every page."""
    widths = twips(block["widths"], width_mm)
    rows, is_short = block["rows"], len(block["rows"]) <= SHORT
    size = _half_points(len(block["head"]), block.get("wide", False))
    body = _row(block["head"], block["align"], widths, size, is_head=True, keep=True)
    for k, cells in enumerate(rows):
        keep, strong = is_short and k + 1 < len(rows), k in block["strong"]
        body += _row(cells, block["align"], widths, size, is_strong=strong, keep=keep)
    said = block.get("caption") or block["head"][0]
    return framed(body, widths, style=STYLE, said=said)


def framed(rows: str, widths: Sequence[int], *, style: str = "", border: str = "", said: str = "") -> str:
    """Rows as a table of fixed widths; `border` is the colour of a grid, `said` its description for a screen reader."""
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    lines = "".join(f"<w:{side} w:val='single' w:sz='4' w:space='0' w:color='{border}'/>" for side in sides)
    look = f"<w:tblStyle w:val='{style}'/>" if style else ""
    look += f"<w:tblW w:w='{sum(widths)}' w:type='dxa'/>"
    look += f"<w:tblBorders>{lines}</w:tblBorders>" if border else ""
    look += "<w:tblLayout w:type='fixed'/>"
    look += _margins() if border else ""
    look += LOOK
    look += f"<w:tblDescription w:val={quoteattr(said)}/>" if said else ""
    grid = "".join(f"<w:gridCol w:w='{width}'/>" for width in widths)
    return f"<w:tbl><w:tblPr>{look}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"


def cell(inside: str, width: int) -> str:
    """A cell of paragraphs; one that ends with a table gets an empty paragraph behind it."""
    closing = "" if inside.endswith("</w:p>") else para("", "Note")
    return f"<w:tc><w:tcPr><w:tcW w:w='{width}' w:type='dxa'/></w:tcPr>{inside}{closing}</w:tc>"


def row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """A row that is never parted."""
    inside = "".join(cell(text, width) for text, width in zip(cells, widths, strict=True))
    return f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{inside}</w:tr>"


def twips(shares: Sequence[float], width_mm: float) -> list[int]:
    """Widths of columns, which share a width."""
    return [round(width_mm * TWIPS_PER_MM * share / sum(shares)) for share in shares]


def _half_points(columns: int, is_wide: bool) -> int:
    return 13 if is_wide or columns > 8 else 14 if columns > 6 else 16


def _row(
    cells: Sequence[str],
    sides: Sequence[str],
    widths: Sequence[int],
    size: int,
    *,
    is_head: bool = False,
    is_strong: bool = False,
    keep: bool = False,
) -> str:
    found = []
    for k, (text, side, width) in enumerate(zip(cells, sides, widths, strict=True)):
        follows_numbers = k > 0 and side == "l" and sides[k - 1] == "r"
        look = f"<w:tcW w:w='{width}' w:type='dxa'/>"
        look += "<w:tcMar><w:left w:w='200' w:type='dxa'/></w:tcMar>" if follows_numbers else ""
        look += f"<w:vAlign w:val='{'bottom' if is_head else 'center'}'/>"
        inside = run(str(text), bold=is_strong or is_head, half_points=size)
        style = "TableNumber" if side == "r" else "TableText"
        found.append(
            f"<w:tc><w:tcPr>{look}</w:tcPr>"
            + para(inside, style, keep=keep, align="center" if side == "c" else "")
            + "</w:tc>"
        )
    repeats = "<w:tblHeader/>" if is_head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeats}</w:trPr>{''.join(found)}</w:tr>"


def _margins() -> str:
    sides = (("top", 90), ("left", 120), ("bottom", 90), ("right", 120))
    margins = "".join(f"<w:{side} w:w='{width}' w:type='dxa'/>" for side, width in sides)
    return f"<w:tblCellMar>{margins}</w:tblCellMar>"
