"""A change of layout changes no figure, word or formula of the shipped cases (`tests/project/frozen.py`)."""

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


def test_a_print_tells_a_moved_number_a_word_and_a_form_but_not_a_last_bit():
    shown = {"cost": 8.987e6, "share": 0.0487, "text": "17 Mio. in year 3", "month": [1.0, 2.0]}
    own = frozen.print_of(shown)
    assert frozen.alike(own, frozen.print_of(shown | {"cost": 8.987e6 * (1 + 1e-12)}))
    for other in ({"share": 0.0487 * (1 + 1e-5)}, {"text": "17.0 Mio. in year 3"}, {"month": [2.0, 1.0]}):
        assert not frozen.alike(own, frozen.print_of(shown | other))
