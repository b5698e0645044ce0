"""A change of layout changes no digit, word or formula of the shipped cases (`tests/project/frozen.py`)."""

import pytest

from study.presets import presets
from tests.project import frozen


@pytest.mark.parametrize("name", presets())
def test_a_shipped_case_shows_what_it_showed(name):
    assert frozen.differing(name) == []


@pytest.mark.parametrize("name", presets())
def test_no_file_shows_a_key_or_a_broken_number(name):
    assert frozen.looked_at(name)[1] == {}


def test_every_kind_of_output_is_frozen():
    kinds = {key.split()[0] for key in frozen.frozen("blank")}
    assert kinds == {"json", "trace", "csv", "workbook", "proposal"}
