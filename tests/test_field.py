"""Files in the layouts of real exports are read right, asked about or refused, as their `expected.json` says.

`FIELD_DIR=/some/folder` reads another folder of the same form instead of the project's own.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.field.files import allowed, cases, outcome

FILES = cases()


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_right_asked_about_or_refused(name: str) -> None:
    case: dict[str, Any] = FILES[name]
    found = outcome(name, case)
    assert found.kind in allowed(case), f"{found.kind}: {found.detail}"
