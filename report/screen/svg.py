"""A drawing as a browser's picture, which sees no font of the page: the signs it needs travel in it."""

from __future__ import annotations

import io
import re
from base64 import b64encode
from functools import lru_cache
from html import unescape
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"
WEIGHTS = {"400": "NotoSansSC-Regular.ttf", "700": "NotoSansSC-Bold.ttf"}
FAMILY = "Noto Sans SC"
TEXT = re.compile(r"<text[^>]*>([^<]*)</text>")


def with_fonts(svg: str) -> str:
    """The SVG with the signs of its texts in both weights, about 10 kB each."""
    signs = "".join(sorted(set(unescape("".join(TEXT.findall(svg))))))
    faces = "".join(_face(signs, weight) for weight in WEIGHTS)
    head, mark, rest = svg.partition(">")
    return f"{head}{mark}<style>{faces}</style>{rest}"


@lru_cache(maxsize=64)
def _face(signs: str, weight: str) -> str:
    cut, held = subset.Subsetter(subset.Options(layout_features=[], notdef_outline=True, hinting=False)), io.BytesIO()
    cut.populate(text=signs)
    with TTFont(FONTS / WEIGHTS[weight], lazy=True) as font:
        cut.subset(font)
        font.save(held)
    data = b64encode(held.getvalue()).decode()
    return f"@font-face{{font-family:'{FAMILY}';font-weight:{weight};src:url(data:font/ttf;base64,{data})}}"
