"""Own price curves: what a file may look like, what a tariff holds of it, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from sim.inputs.base import InputError
from sim.inputs.market import Market, MarketYear, price_text
from sim.inputs.tariff import DAY_TYPES, Tariff, library_tariff, price_classes
from sim.problem import Refusal
from sim.tariff.curve import curve_fields, curve_table, market_fields
from sim.tariff.market import laid, market_per_kwh
from sim.tariff.price_file import PriceChoices, read_curve
from sim.timeline import timeline

PLAIN = library_tariff("my_tnb_mv_general")
PER_KWH = PriceChoices(unit="per kWh")
DAY = np.round(0.3 + 0.1 * np.sin(np.arange(24)), 4)
TABLE = DAY[:, None] + np.arange(12) / 100  # hours, months
CLOCK = timeline("2026-01", 12, 60)


def csv(rows) -> bytes:
    return "\n".join(",".join(str(cell) for cell in row) for row in rows).encode()


def held(data: bytes, tariff: Tariff = PLAIN) -> Tariff:
    return Tariff.model_validate(curve_fields(tariff, read_curve(data, "curve.csv", PER_KWH), "mine", "curve.csv"))


def step_prices(tariff: Tariff) -> np.ndarray:
    return price_classes(bare(tariff), CLOCK).step_price_per_kwh(CLOCK)


def bare(tariff: Tariff) -> Tariff:
    return tariff.model_copy(update={"energy_adders_per_kwh": 0.0, "energy_tax_rate": 0.0})


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


@pytest.mark.parametrize("step_minutes", [60, 30, 15])
def test_a_year_is_billed_step_by_step(step_minutes: int) -> None:
    """Every price comes back in its own step, below zero too; longer steps have the mean of theirs."""
    given = np.random.default_rng(7).normal(0.05, 0.08, 365 * 24 * 60 // step_minutes).round(5)
    curve = read_curve(csv([[f"t{k}", v] for k, v in enumerate(given)]), "y.csv", PER_KWH)
    tariff = Tariff.model_validate(market_fields(PLAIN, curve, 2026, False, ("mine", "y.csv"), ()))
    for minutes in (60, step_minutes):
        clock = timeline("2026-01", 12, minutes)
        due = given.reshape(-1, minutes // step_minutes).mean(axis=1)
        np.testing.assert_allclose(laid(bare(tariff), clock).step_price_per_kwh(clock), due, atol=1e-9)


def test_prices_beyond_all_reason_are_refused() -> None:
    curve = read_curve(csv([[f"t{k}", 0.1 + 2e6 * (k == 9)] for k in range(8760)]), "y.csv", PER_KWH)
    with pytest.raises(InputError, match="must lie between"):
        market_fields(PLAIN, curve, 2026, False, ("mine", "y.csv"), ())


def test_a_week_of_the_market_year_falls_on_its_weekdays() -> None:
    """1 January 2025 was a Wednesday, that of 2026 a Thursday: a study of 2026 takes Thursday 2 January first."""
    days = np.repeat(np.arange(365) / 1000, 24)
    year = MarketYear(year=2025, step_minutes=60, prices=price_text(days))
    tariff = PLAIN.model_copy(update={"market": Market(file_name="m", years=(year,))})
    assert market_per_kwh(tariff, CLOCK)[[0, 24, 8759]] == pytest.approx([0.001, 0.002, 0.0])


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
