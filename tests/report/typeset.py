"""A document as the typesetter sees it."""

from __future__ import annotations

from typing import Any

import typst

from report.paper.pdf import TEMPLATE, _settings


def complaints(content: dict[str, Any]) -> list[str]:
    """What the typesetter complains about; none in a good document."""
    _, found = typst.compile_with_warnings(str(TEMPLATE), **_settings(content), format="pdf", pdf_standards=["ua-1"])
    return [str(complaint) for complaint in found]
