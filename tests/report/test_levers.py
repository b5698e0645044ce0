"""An input that may turn the answer is read one way: on its lever, in the sentence, in the chart and on paper."""

from __future__ import annotations

from functools import cache

import pytest

from i18n import words
from report.screen.cost import turning_rows
from report.text import levers
from sim.inputs.register import register
from study.evaluate import evaluate
from study.presets import presets
from study.study import Study
from study.turning import ARRIVAL, TurningPoint, nearest
from ui.levers import lever

LANGUAGES = ("en", "zh")


@cache
def study_of(name: str) -> Study:
    return evaluate(presets()[name].scenario)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", presets())
def test_what_is_shown_is_read_back(name: str, language: str) -> None:
    study, said = study_of(name), words(language)
    for path in (path for path in presets()[name].levers if path == ARRIVAL or study.scenario.get(path)):
        now = float(study.scenario.get(path))
        form = levers.in_study(study, path, said, now)
        for value in (now, 1.7 * now + 1.0):
            assert form.value(form.number(value)) == pytest.approx(value, rel=1e-8)
        assert levers.label(path, said), path


def test_delivered_diesel_and_the_mean_price_are_read_whole() -> None:
    study, said = study_of("case_a"), words("en")
    finance = study.scenario.finance
    diesel = levers.in_study(study, "finance.diesel_per_l", said, finance.diesel_per_l)
    assert diesel.number(finance.diesel_per_l) == pytest.approx(finance.diesel_per_l + finance.delivery_per_l)
    assert levers.label("finance.diesel_per_l", said) == "Delivered diesel"
    energy = levers.in_study(study, "finance.energy_price_factor", said, 1.0)
    assert energy.number(2.0) == pytest.approx(2 * levers.mean_energy_price(study))
    assert energy.unit == "CNY/kWh"


@pytest.mark.parametrize("name", presets())
def test_lever_sentence_chart_and_paper_show_the_same(name: str) -> None:
    study, said = study_of(name), words("en")
    price = levers.mean_energy_price(study)
    for path in (path for path in presets()[name].levers if path == ARRIVAL or study.scenario.get(path)):
        now = float(study.scenario.get(path))
        at = now + 1 if register()[path].kind == "integer" else 1.2 * now + 0.01
        on_lever = lever(path, study.scenario, study.scenario, said, price).shown
        assert on_lever == levers.in_study(study, path, said, now)
        point = TurningPoint(path, now, 0.0, 10 * now + 2, at, "above", 0.2)
        (row,) = turning_rows(study, (point,), said)
        form, decimals = levers.in_study(study, path, said, now, at), 0 if path == ARRIVAL else None
        assert said.number(form.number(at), form.unit, decimals) in row.from_to
        assert row.distance == levers.distance(study, point, said)


@pytest.mark.parametrize("name", presets())
def test_the_sentence_of_what_the_answer_rests_on_names_the_nearest_turning_points(name: str) -> None:
    study, said = study_of(name), words("en")
    sentence = levers.holds(study, said, mark="<{}>")
    for point in nearest(study)[:2]:
        form = levers.in_study(study, point.path, said, point.now, point.at)
        decimals = 0 if point.path == ARRIVAL else None
        assert f"<{said.number(form.number(point.at), decimals=decimals)}" in sentence
    assert sentence.replace("<", "").replace(">", "") == levers.holds(study, said)
