"""A document as the typesetter sees it."""

from __future__ import annotations

from typing import Any

import typst

from report.paper.pdf import STANDARDS, TEMPLATE, _settings


def complaints(content: dict[str, Any]) -> list[str]:
    """What the typesetter complains about; none in a good document."""
    _, found = typst.compile_with_warnings(str(TEMPLATE), **_settings(content), format="pdf", pdf_standards=STANDARDS)
    return [str(complaint) for complaint in found]
