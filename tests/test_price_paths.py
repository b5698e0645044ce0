"""Price paths by hand, and a ledger put on other paths against a study with those rates."""

import numpy as np
import pytest

from finance.price_paths import DIESEL_SHOCK, LINES, PricePath, Prices, read_path, repriced
from study.compare import evaluate
from study.presets import presets


def test_a_rate_a_path_and_a_shock():
    np.testing.assert_allclose(PricePath(0.1).factors(3), [1, 1.1, 1.21])
    np.testing.assert_allclose(PricePath(0.1, (1.0, 0.9)).factors(4), [1, 0.9, 0.99, 1.089])
    np.testing.assert_allclose(PricePath(0.0, (), ((2, 3, 1.5),)).factors(4), [1, 1.5, 1.5, 1])


def test_a_diesel_shock_case():
    prices = Prices({"fuel": PricePath(0.02)}).with_shock(*DIESEL_SHOCK)
    np.testing.assert_allclose(prices.factors("fuel", 4), [1, 1.02 * 1.68, 1.0404 * 1.68, 1.061208])
    np.testing.assert_allclose(prices.factors("energy", 4), 1)


def test_repricing_is_what_the_study_does_with_those_rates():
    scenario = presets()["case_b"].scenario.with_({"finance.diesel_escalation": 0.0, "finance.om_escalation": 0.02})
    rates = {"finance.energy_escalation": 0.03, "finance.diesel_escalation": 0.05}
    plain, risen = evaluate(scenario), evaluate(scenario.with_(rates))
    paths = {name: PricePath(rate) for name, rate in (("energy", 0.03), ("demand", 0.03), ("fuel", 0.05), ("om", 0.02))}
    found = repriced(plain.ledger.lines, Prices(paths), {"om": 0.02})
    for name, line in risen.ledger.lines.items():
        np.testing.assert_allclose(found[name], line, rtol=1e-12, atol=1e-6, err_msg=name)
    assert {name for names in LINES.values() for name in names} <= set(plain.ledger.lines)


def test_a_users_own_path():
    assert read_path("1.0\n1.1\n0.95\n").given == (1.0, 1.1, 0.95)
    assert read_path(b"\xef\xbb\xbfyear,factor\n1,1.0\n2,1.2\n").given == (1.0, 1.2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PricePath(20), "2 % as 0.02"),
        (lambda: PricePath(given=(1.0, -1.0)), "0 or more"),
        (lambda: PricePath(shocks=((3, 2, 1.5),)), "first and a last year"),
        (lambda: Prices({"gas": PricePath()}), "no price component"),
        (lambda: read_path("year,factor\n"), "is empty"),
        (lambda: read_path("1,1.0\n3,1.1\n"), "without a gap"),
        (lambda: read_path("1.0\nmuch\n"), "not a number"),
    ],
)
def test_bad_paths_say_what_to_do(make, message):
    with pytest.raises(ValueError, match=message):
        make()
