"""Own price curves: what a file may look like, what a tariff holds of it, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from sim.inputs.tariff import DAY_TYPES, Tariff, library_tariff, price_classes
from sim.problem import Refusal
from sim.tariff.curve import curve_fields, curve_table, fit_curve
from sim.tariff.price_file import PriceChoices, read_curve
from sim.timeline import timeline

PLAIN = library_tariff("my_tnb_mv_general")
PER_KWH = PriceChoices(unit="per kWh")
FLAT_KW = np.full(8760, 1000.0)
DAY = np.round(0.3 + 0.1 * np.sin(np.arange(24)), 4)
TABLE = DAY[:, None] + np.arange(12) / 100  # hours, months
CLOCK = timeline("2026-01", 12, 60)


def csv(rows) -> bytes:
    return "\n".join(",".join(str(cell) for cell in row) for row in rows).encode()


def held(data: bytes, tariff: Tariff = PLAIN, year: int = 2026) -> Tariff:
    fit = fit_curve(read_curve(data, "curve.csv", PER_KWH), year, FLAT_KW)
    return Tariff.model_validate(curve_fields(tariff, fit, "mine", "curve.csv"))


def step_prices(tariff: Tariff) -> np.ndarray:
    classes = price_classes(tariff.model_copy(update={"energy_adders_per_kwh": 0.0, "energy_tax_rate": 0.0}), CLOCK)
    return classes.step_price_per_kwh(CLOCK)


@pytest.mark.parametrize(
    "data",
    [
        csv([[v] for v in DAY]),
        csv([["price"], *([v] for v in DAY)]),
        csv([["hour", "price"], *([h, v] for h, v in enumerate(DAY))]),
        csv([[f"{h:02d}:00", v] for h, v in enumerate(DAY)]),
        csv([DAY]),
        "\n".join(f"{h};{str(v).replace('.', ',')}" for h, v in enumerate(DAY)).encode(),
    ],
)
def test_a_day_in_every_form(data: bytes) -> None:
    np.testing.assert_allclose(step_prices(held(data)), DAY[CLOCK.hour], rtol=1e-12)


@pytest.mark.parametrize(
    "rows",
    [
        TABLE.tolist(),
        TABLE.T.tolist(),
        [["h", *range(1, 13)], *([h, *row] for h, row in enumerate(TABLE.tolist()))],
        [["hour", *"abcdefghijkl"], *([f"{h}:00", *row] for h, row in enumerate(TABLE.tolist()))],
        [["month", *range(24)], *([f"m{m}", *row] for m, row in enumerate(TABLE.T.tolist()))],
    ],
)
def test_a_day_a_month_in_every_form(rows) -> None:
    np.testing.assert_allclose(step_prices(held(csv(rows))), TABLE[CLOCK.hour, CLOCK.month_index], rtol=1e-12)


@pytest.mark.parametrize("step_minutes", [60, 15])
def test_a_year_of_equal_days_is_held_exactly(step_minutes: int) -> None:
    """Weekday and weekend apart: every hour of the year comes back as it was given."""
    year = TABLE[CLOCK.hour, CLOCK.month_index] * np.where(CLOCK.is_weekend, 0.5, 1.0)
    given = np.repeat(year, 60 // step_minutes)
    fit = fit_curve(read_curve(csv([[f"t{k}", v] for k, v in enumerate(given)]), "y.csv", PER_KWH), 2026, FLAT_KW)
    assert fit.is_exact
    assert fit.bill_error == pytest.approx(0, abs=1e-12)
    tariff = Tariff.model_validate(curve_fields(PLAIN, fit, "mine", ""))
    np.testing.assert_allclose(step_prices(tariff), year, rtol=1e-9)


def test_days_that_differ_are_held_by_their_mean_and_the_error_is_told() -> None:
    """Prices go up and down by 20 % from day to day. A flat load pays the mean: no error. A load that takes twice as
    much on the cheap days pays (2 x 0.8 + 1.2) / 3 = 0.9333 of the mean: the mean is off by about 1 / 0.9333 - 1."""
    day = np.arange(8760) // 24
    year = 0.5 * np.where(day % 2 == 0, 0.8, 1.2)
    curve = read_curve(csv([[v] for v in year]), "y.csv", PER_KWH)
    fit = fit_curve(curve, 2026, FLAT_KW)
    assert not fit.is_exact
    assert fit.bill_error == pytest.approx(0, abs=1e-9)
    assert fit.mean_deviation == pytest.approx(0.2, abs=0.01)
    with pytest.raises(Refusal, match=r"off by (6|7)\.\d %"):
        fit_curve(curve, 2026, np.where(day % 2 == 0, 2000.0, 1000.0))


def test_demand_charges_go_on_measuring_their_hours() -> None:
    tariff = library_tariff("us_ca_large_tou_proxy")
    assert any(charge.measured_periods for charge in tariff.demand_charges)
    mine = held(csv([[v] for v in DAY]), tariff)
    before, after = price_classes(tariff, CLOCK), price_classes(mine, CLOCK)
    for at in range(len(tariff.demand_charges)):
        np.testing.assert_array_equal(before.measured[at][before.period], after.measured[at][after.period])


def test_tiers_go_on_counting_their_periods() -> None:
    rule = {"tiers": [{"up_to": 100, "adder": 0.01}, {"adder": 0.02}], "periods": ["peak"]}
    tariff = Tariff.model_validate(library_tariff("my_tnb_mv_tou").model_dump() | {"energy_tiers": [rule]})
    before, after = price_classes(tariff, CLOCK), price_classes(held(csv([[v] for v in DAY]), tariff), CLOCK)
    np.testing.assert_array_equal(before.tier_share[0][before.period], after.tier_share[0][after.period])


def test_the_template_reads_back() -> None:
    tariff = library_tariff("cn_shanghai_10kv")
    again = held(csv(curve_table(tariff, "weekday").tolist()), tariff)
    for day_type in DAY_TYPES:
        np.testing.assert_allclose(curve_table(again, day_type), curve_table(tariff, "weekday"), rtol=1e-12)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (csv([[v] for v in DAY[:20]]), "20 rows of 1 prices"),
        (csv([["hour", "price"], *([h, "x" if h == 3 else v] for h, v in enumerate(DAY))]), "row 5, column 2: 'x'"),
        (csv([[1.0] * 12 for _ in range(20)]), "20 rows of 12 prices"),
        (csv([[0.1]] * 8783), "8783 rows of 1 prices"),
        (csv([*([v] * 12 for v in DAY[:-1]), [0.1] * 5]), "row 24 has another number of columns"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        read_curve(data, "curve.csv", PER_KWH)
