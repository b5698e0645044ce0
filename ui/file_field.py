"""A field for a file whose own words are in the visitor's language: Streamlit's are English in every language."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import streamlit as st

from ui import state
from ui.state import t

STYLE = """<style>
.st-key-{name} [data-testid=stFileUploaderDropzone] > span button p,
.st-key-{name} [data-testid=stFileUploaderDropzoneInstructions] span {{font-size: 0}}
.st-key-{name} [data-testid=stFileUploaderDropzone] > span button p::after {{content: {button}; font-size: 0.9375rem}}
.st-key-{name} [data-testid=stFileUploaderDropzoneInstructions] span::after {{content: {limit}; font-size: 0.875rem}}
</style>"""


def file_field(label: str, types: Sequence[str], limit_mb: int, *, key: str, **call: Any) -> Any:
    """The file brought, or None."""
    if state.words().language != "en":
        limit = t("shell.upload.limit", n=limit_mb, kinds=t("shell.upload.comma").join(map(str.upper, types)))
        name = re.sub(r"[^A-Za-z0-9_-]", "-", key)
        st.html(STYLE.format(name=name, button=_quoted(t("shell.upload.button")), limit=_quoted(limit)))
    return st.file_uploader(label, type=list(types), key=key, max_upload_size=limit_mb, **call)


def _quoted(text: str) -> str:
    """A text as CSS takes it."""
    return json.dumps(text, ensure_ascii=False)
