"""The bills page: typing, uploading, comparing, fitting the load, taking the bills along."""

from __future__ import annotations

import pytest

from i18n import words
from tests.ui.apps import PAGE_LIMIT_S, assert_calm
from tests.ui.test_ui import keys_of, open_app, scenario_of

CSV = (
    'Month,"Energy, kWh","kWh, peak",Energy charge,Total\n2025-06,1500000,,1000000,1200000\n2025-07,,400000,,1300000\n'
)


def upload(app, name: str, content: bytes) -> None:
    key = max((key for key in keys_of(app) if key.startswith("bills_file@")), key=lambda key: int(key.split("@")[1]))
    app.get_by_key(key).upload(name, content, "text/csv").run()


def test_uploaded_bills_are_compared_and_travel_with_the_scenario() -> None:
    app = open_app("bills")
    upload(app, "mine.csv", CSV.encode())
    assert_calm(app)
    bills = scenario_of(app).bills
    assert [bill.month for bill in bills] == ["2025-06", "2025-07"]
    assert (bills[0].kwh, bills[1].kwh, bills[1].kwh_by_period) == (1.5e6, None, {"peak": 4e5})
    assert any("The modelled bill is" in card.value for card in app.header)
    assert app.run().query_params["s"]  # the kept state
    app.button(key="bills_clear").click().run()
    assert scenario_of(app).bills == ()
    assert_calm(app)


def test_the_template_in_each_language_reads_back() -> None:
    from streamlit.testing.v1 import AppTest

    def page() -> None:
        import streamlit as st

        from sim.tariff.bills_file import read_bills_file
        from ui import bills, state

        state.current()
        for language in ("en", "zh"):
            st.session_state.language = language
            found = read_bills_file(bills._template().encode(), "t.csv", bills._headings()).rows
            st.text(f"{len(found)} {sorted(found[0])} {found[0]['month']}")
            st.text(str(sorted(bills._headings().values()).count("period:peak") > 0))

    app = AppTest.from_function(page, default_timeout=PAGE_LIMIT_S).run()
    assert not app.exception
    assert [text.value for text in app.text] == ["12 ['month'] 2025-01", "True"] * 2


def test_twelve_months_to_type() -> None:
    app = open_app("bills")
    app.button(key="bills_twelve").click().run()
    start = scenario_of(app).site.start
    months = [bill.month for bill in scenario_of(app).bills]
    assert len(months) == 12
    assert months[-1] < start
    assert app.info[-1].value == words("en").t("bills.nothing")
    key = max(key for key in keys_of(app) if key.startswith("table.bills@") and not key.endswith(".base"))
    app.session_state[key] = {
        "edited_rows": {0: {"total": 900000, "kwh": 1400000}},
        "added_rows": [],
        "deleted_rows": [],
    }
    app.run()
    assert_calm(app)
    assert (scenario_of(app).bills[0].total, scenario_of(app).bills[0].kwh) == (900000, 1400000)
    assert scenario_of(app).bills[1].total is None


def test_the_load_is_set_so_that_the_energies_match() -> None:
    app = open_app("bills", preset="blank")
    rows = "".join(f"2025-{month:02d},3000000\n" for month in range(1, 13))
    upload(app, "b.csv", f'Month,"Energy, kWh"\n{rows}'.encode())
    app.button(key="bills_fit").click().run()
    assert_calm(app)
    assert any(card.value == words("en").t("bills.title.fits", what="energy") for card in app.header)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a,b\n1,2\n", "headed as the month"),
        (b"Month,Total\n2025-06,x\n", "row 2, column Total"),
        (b"Month,Total\n2025-06,1\n2025-06,2\n", "two bills of 2025-06"),
    ],
)
def test_bills_that_cannot_be_read_are_told(content: bytes, sentence: str) -> None:
    app = open_app("bills")
    upload(app, "b.csv", content)
    assert not app.exception
    assert any(sentence in error.value for error in app.error)
    assert scenario_of(app).bills == ()
