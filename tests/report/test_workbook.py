"""The workbook recalculates to the app's figures: without its stored values, in two engines, with changed inputs."""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np
import openpyxl
import pytest

from finance.figures import figures_on
from finance.metrics import REASONS
from i18n import words
from report.book.cells import open_book
from report.book.finance import shown_views
from report.book.flows import KPI_FIRST_ROW
from report.book.sensitivity import MOVED_FIGURES, Place
from report.book.summary import AFTER_TAX_ROW, hourly_columns
from report.book.workbook import workbook
from report.text import say
from sim.dispatch.result import ALTERNATIVES
from sim.inputs.register import register
from sim.inputs.scenario import Scenario
from study.decision import RIVALS, decision
from study.evaluate import evaluate
from study.financing import returns
from study.presets import presets
from study.price_moves import CHANGES, present_value, price_moves, prices
from study.study import Study
from study.turning import bare_study
from tests.report.documents import book_of, by_formualizer, by_libreoffice, values
from tests.shared import a_few
from tests.studies import study_of

RELATIVE = 1e-6
STORED = re.compile(rb'( t="str")?(><f>[^<]*</f>)<v>[^<]*</v>')
EN = words("en")


def without_values(content: bytes) -> bytes:
    """The file with every formula's stored result taken out, so that a wrong formula cannot hide."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for name in source.namelist():
            part = source.read(name)
            out.writestr(name, STORED.sub(rb"\2", part) if name.startswith("xl/worksheets/sheet") else part)
    return target.getvalue()


def with_inputs(content: bytes, changes: dict[str, object]) -> bytes:
    """The file with other values in its named input cells."""
    book, target = openpyxl.load_workbook(io.BytesIO(content)), io.BytesIO()
    for path, value in changes.items():
        sheet, cell = next(book.defined_names["in_" + path.replace(".", "_")].destinations)
        book[sheet][cell.replace("$", "")].value = value
    book.save(target)
    return target.getvalue()


def assert_sound(found: dict) -> None:
    """No error anywhere, and every check of the checks sheet agrees."""
    assert [place for place, value in found.items() if isinstance(value, str) and value.startswith("#")] == []
    assert EN.t("proposal.xlsx.checks.differs") not in found.values()
    assert list(found.values()).count(EN.t("proposal.xlsx.checks.ok")) == 4 * len(ALTERNATIVES) + 8


def assert_figures(found: dict, study: Study) -> None:
    """Every key figure on the summary sheet is the study's: the number, or the reason why there is none."""
    for row, key in enumerate((one.key for one in figures_on("book")), start=KPI_FIRST_ROW + 1):
        for column, name in zip("BCDE", ALTERNATIVES, strict=True):
            figure = study.kpis[name].figure(key)
            shown = found.get(("Summary", f"{column}{row}"))
            if figure.value is None:
                assert shown == EN.t(f"answers.missing.short_{figure.reason}"), (key, name)
            else:
                assert shown == pytest.approx(figure.value, rel=RELATIVE, abs=1e-6), (key, name)
    assert_answer(found, study)


def assert_answer(found: dict, study: Study) -> None:
    """The ranking on the summary sheet is the yardstick's, before tax."""
    labels = {value: place[1][1:] for place, value in found.items() if place[0] == "Summary" and place[1][0] == "A"}
    taxed = "_before_tax"  # as exported: a sheet keeps its labels where the tax is taken off in it
    is_taxed = EN.t(f"proposal.xlsx.answer.least{taxed}") in labels
    keys = (f"least{taxed}", f"rival{taxed}", "margin") if is_taxed else ("least", "rival", "margin")
    least, rival, margin = (found["Summary", f"B{labels[EN.t(f'proposal.xlsx.answer.{key}')]}"] for key in keys)
    serves, cost = decision(study).serves, decision(study).present_cost
    rivals = [name for name in RIVALS if serves[name]] or list(RIVALS)
    best = min((name for name in ALTERNATIVES if serves[name]), key=lambda name: cost[name])
    cheapest = min(rivals, key=lambda name: cost[name])
    assert (least, rival) == (say.name(best, EN, first=True), say.name(cheapest, EN, first=True))
    assert margin == pytest.approx(cost[cheapest] - cost["hybrid"], rel=RELATIVE, abs=1e-6 * abs(cost["hybrid"]))


def assert_returns(found: dict, study: Study) -> None:
    """The figures after tax and of the owners on the summary sheet, and the weakest year of the loan."""
    views = shown_views(open_book(io.BytesIO(), study, EN))
    for k, name in enumerate(views, start=AFTER_TAX_ROW + 2):
        view = returns(study).both_bases[name]
        figures = (view.npv, view.irr, view.payback_years, view.discounted_payback_years)
        for column, figure in zip("BCDE", figures, strict=True):
            shown = found.get(("Summary", f"{column}{k}"))
            if figure.value is None:
                assert shown == EN.t(f"answers.missing.short_{figure.reason}"), (name, column)
            else:
                assert shown == pytest.approx(figure.value, rel=RELATIVE, abs=1e-6), (name, column)
    labels = {value: place[1][1:] for place, value in found.items() if place == ("Tax and loan", f"A{place[1][1:]}")}
    least = found["Tax and loan", f"B{labels[EN.t('financing.xlsx.least_dscr')]}"]
    expected = returns(study).coverage.least_dscr.value
    assert least == (EN.t("financing.none") if expected is None else pytest.approx(expected, rel=RELATIVE))


def assert_same(stored: dict, found: dict) -> None:
    """What is stored is what the engine calculates, cell by cell."""
    for place, value in stored.items():
        other = found.get(place)
        if isinstance(value, int | float) and not isinstance(value, bool):
            assert other == pytest.approx(value, rel=RELATIVE, abs=1e-6), place
        else:
            assert (other or "") == (value or ""), place


@pytest.mark.parametrize("name", presets())
def test_formulas_give_the_studys_figures(name: str) -> None:
    study = study_of(name)
    content = book_of(name)
    found = by_formualizer(without_values(content))
    assert_figures(found, study)
    assert_same(values(content), found)
    assert_sound(found)


def dearer(scenario: Scenario) -> dict[str, object]:
    return {"finance.discount_rate": 0.113, "finance.diesel_per_l": scenario.finance.diesel_per_l * 1.37}


TIERS = [{"up_to": 50_000, "adder": 0}, {"up_to": 400_000, "adder": -0.03}, {"adder": 0.05}]
RULES = {
    "declared demand": {
        "demand_basis": "contract_demand",
        "power_factor_rule": "cn_1983_090",
        "levies_per_kwh": 0.029,
        "high_use_kwh_per_kva": 420,
        "high_use_factor": 0.9,
    },
    "tiers and ratchet": {
        "energy_tiers": [{"tiers": TIERS, "periods": ["peak", "valley"]}, {"tiers": TIERS, "months": [7, 8]}],
        "ratchet_fraction": 0.9,
        "ratchet_months": 3,
        "ratchet_calendar_months": [6, 8],
        "demand_charges": [{"name": "demand", "per_kw_month": 40, "tiers": [{"up_to": 900, "adder": 0}, {"adder": 9}]}],
    },
    "minimum bill": {"minimum_per_month": 400_000, "minimum_per_kva_month": 100},
    "market prices": {
        "market": {
            "file_name": "m.csv",
            "years": [{"year": 2025, "step_minutes": 60, "prices": " ".join(["0.3", "-0.05", "0.6"] * 2920)}],
            "pays_exports": True,
        },
        "export_credit_per_kwh": 0.02,
    },
}


@pytest.mark.parametrize("rules", RULES)
def test_rules_of_a_bill_are_formulas_too(rules: str) -> None:
    base = presets()["case_a"].scenario
    tariff = base.tariff.model_dump() | RULES[rules]
    changes = {
        "tariff": tariff,
        "grid.power_factor": 0.87,
        "grid.declared_kw": 2_500,
        "finance.energy_escalation": 0.03,
        "pv.dc_kwp": 6_000 * (tariff["market"] is not None),
        "grid.export_limit_kw": 500,
    }
    study = evaluate(base.with_(changes))
    content = workbook(study, EN, hourly=False)
    found = by_formualizer(without_values(content))
    assert_figures(found, study)
    assert_same(values(content), found)
    moved = {"finance.energy_price_factor": 1.2, "finance.vat_basis": "excl"}
    found = by_formualizer(with_inputs(without_values(content), moved))
    assert_figures(found, evaluate(study.scenario.with_(moved)))


@pytest.mark.parametrize("name", ("case_a", "case_d"))  # LibreOffice moves the others below
def test_a_changed_discount_rate_and_diesel_price_move_the_figures(name: str) -> None:
    scenario = presets()[name].scenario
    changes = dearer(scenario)
    content = with_inputs(without_values(book_of(name)), changes)
    found = by_formualizer(content)
    assert_figures(found, evaluate(scenario.with_(changes), study_of(name).dispatch))
    assert_sound(found)


@pytest.mark.parametrize("name", ("case_a", "case_c"))
@pytest.mark.parametrize("kind", ("numbers", "choices"))
def test_every_money_input_is_live(name: str, kind: str) -> None:
    scenario = presets()[name].scenario
    numbers = {
        path: min((scenario.get(path) or 0.0) * 1.07 + 0.003, entry.maximum or np.inf)
        for path, entry in register().items()
        if entry.section == "finance" and entry.kind == "number"
    }
    choices = {
        "finance.baseline": "grid",
        "finance.vat_basis": "excl" if scenario.finance.vat_basis == "incl" else "incl",
        "finance.storage_ownership": "rent",
        "finance.genset_ownership": "rent" if name == "case_c" else "buy",
        "finance.count_unserved": False,
        "finance.prices_include_vat": not scenario.finance.prices_include_vat,
    }
    changes = numbers if kind == "numbers" else choices
    content = with_inputs(without_values(book_of(name)), changes)
    assert_figures(by_formualizer(content), evaluate(scenario.with_(changes), study_of(name).dispatch))


LOAN = {"finance.loan_share": 0.7, "finance.loan_years": 9, "finance.loan_rate": 0.051}
OWN = {"finance.tax_rules": "own", "finance.tax_rate": 0.3, "finance.tax_residual_fraction": 0.03}
POOR = {"finance.energy_price_factor": 0.55}  # losses in the first years, carried forward
FINANCED = {
    "level": LOAN,
    "principal, SYD": LOAN
    | OWN
    | {"finance.loan_repayment": "equal_principal", "finance.loan_grace_years": 2}
    | {"finance.tax_depreciation": "sum_of_years", "finance.tax_depreciation_years": 8},
    "sculpted, declining": LOAN
    | OWN
    | {"finance.loan_repayment": "sculpted", "finance.loan_grace_years": 1}
    | {"finance.tax_depreciation": "double_declining", "finance.tax_depreciation_years": 7},
    "bullet, MACRS": LOAN | OWN | {"finance.loan_repayment": "bullet", "finance.tax_depreciation": "macrs7"},
    "losses": LOAN | OWN | POOR | {"finance.tax_depreciation": "immediate", "finance.tax_loss_carry_years": 3},
    "losses lost": OWN | POOR | {"finance.tax_losses": "lost", "finance.tax_depreciation": "macrs3"},
    "losses at once": OWN | POOR | {"finance.tax_losses": "immediate", "finance.tax_depreciation": "none"},
    "credit, grant": OWN
    | {"finance.tax_credit_fraction": 0.3, "finance.tax_grant": 2e6, "finance.vat_basis": "excl"}
    | {"finance.vat_recovery_years": 3},
    "no tax": LOAN | {"finance.tax_rules": "none", "finance.tax_grant": 1e6, "finance.loan_rate": 0.0},
}


@pytest.mark.parametrize("kind", a_few(FINANCED, "sculpted, declining", "losses"))
def test_tax_and_loan_are_live(kind: str) -> None:
    """Other rules and terms typed into the file give what a study of them gives."""
    name = "case_c" if "losses" in kind else "case_b"
    content = with_inputs(without_values(book_of(name)), FINANCED[kind])
    study = evaluate(presets()[name].scenario.with_(FINANCED[kind]), study_of(name).dispatch)
    found = by_formualizer(content)
    assert_returns(found, study)
    assert_figures(found, study)
    assert_sound(found)
    if kind == "losses":
        assert returns(study).whole.tax.loss_lapsed.any()


@pytest.mark.parametrize("months", (4, 30))
def test_tax_and_loan_of_a_term_in_months(months: int) -> None:
    holiday = [{"first_year": 2, "last_year": 2, "factor": 0.5}]
    changes = LOAN | {"finance.tax_holiday": holiday, "finance.vat_recovery_years": 2, "finance.vat_basis": "excl"}
    study = evaluate(presets()["case_a"].scenario.with_(changes | {"site.term_months": months}))
    content = workbook(study, EN, hourly=False)
    found = by_formualizer(without_values(content))
    assert_returns(found, study)
    assert_same(values(content), found)
    assert_sound(found)


def test_price_paths_are_in_the_formulas() -> None:
    """Given years, a shock and a demand rate of its own, in every component; then another rate in the file."""
    points = [{"year": 3, "component": "energy", "factor": 0.8}, {"year": 1, "component": "om", "factor": 1.1}]
    shocks = [{"component": "fuel", "first_year": 2, "last_year": 3, "factor": 1.68}]
    changes = {"finance.price_points": points, "finance.price_shocks": shocks, "finance.demand_escalation": -0.01}
    changes |= {"finance.carbon_price_per_t": 60, "finance.carbon_escalation": 0.05}
    study = evaluate(presets()["case_c"].scenario.with_(changes), study_of("case_c").dispatch)
    content = workbook(study, EN, hourly=False)
    found = by_formualizer(without_values(content))
    assert_figures(found, study)
    assert_same(values(content), found)
    moved = {"finance.energy_escalation": 0.03, "finance.diesel_escalation": 0.04, "finance.demand_escalation": 0.02}
    found = by_formualizer(with_inputs(without_values(content), moved))
    assert_figures(found, evaluate(study.scenario.with_(moved), study.dispatch))


def test_libreoffice_agrees() -> None:
    contents = [without_values(book_of(name)) for name in presets()]
    for name, found in zip(presets(), by_libreoffice(contents), strict=True):
        assert_figures(found, study_of(name))
        assert_returns(found, study_of(name))
        assert_same(values(book_of(name)), found)
        assert_sound(found)


@pytest.mark.nightly  # formualizer reads the same sheets on every run, LibreOffice the shipped ones
def test_libreoffice_agrees_where_prices_and_a_loan_are_typed() -> None:
    changes = {name: LOAN | dearer(presets()[name].scenario) for name in presets()}
    contents = [with_inputs(without_values(book_of(name)), changes[name]) for name in presets()]
    for name, found in zip(presets(), by_libreoffice(contents), strict=True):
        assert_figures(found, evaluate(presets()[name].scenario.with_(changes[name]), study_of(name).dispatch))
        assert_sound(found)


def test_the_known_example_is_in_the_file() -> None:
    """-1000, then 220 falling 2 % a year for 10 years: 4.72 y, 6.25 y at 8 %, 15.88 %, 367.4."""
    found = by_formualizer(without_values(book_of("case_a")))
    names = {value: place[1][1:] for place, value in found.items() if place[0] == "Checks" and place[1][0] == "A"}
    expected = {"static": 4.72, "dynamic": 6.25, "irr": 15.88, "vector_present": 367.4}
    for key, figure in expected.items():
        row = names[EN.t(f"proposal.xlsx.checks.{key}")]
        assert round(found["Checks", f"B{row}"], 1 if key == "vector_present" else 2) == figure


def test_a_moved_price_is_what_a_new_study_gives() -> None:
    for name in ("case_a", "case_b", "case_c"):
        study = study_of(name)
        for move in price_moves(study):
            for change, worth in zip(CHANGES, move.worth, strict=True):
                highest = register()[move.path].maximum
                if highest is None or move.now * (1 + change) <= highest:
                    moved = bare_study(study.scenario.with_({move.path: move.now * (1 + change)}), study.dispatch)
                    assert worth == pytest.approx(decision(moved).margin, rel=1e-9, abs=1e-3)


@pytest.mark.parametrize("name", ("case_a", "case_b", "case_c"))
def test_irr_and_payback_of_a_moved_price_are_what_a_new_study_gives(name: str) -> None:
    study = study_of(name)
    found = by_formualizer(without_values(book_of(name)))
    shown = [path for path, lines in prices(study).items() if present_value(study, lines) != 0.0]
    reasons = {EN.t(f"answers.missing.short_{reason}") for reason in REASONS}
    book, compared = open_book(io.BytesIO(), study, EN), 0
    for position, moved in enumerate(MOVED_FIGURES):
        for k, path in enumerate(shown):
            row = Place(book, len(shown)).figures(position) + k + 1
            for column, change in zip("DEFGHI", CHANGES, strict=True):
                value, highest = study.scenario.get(path) * (1 + change), register()[path].maximum
                if highest is not None and value > highest:
                    continue
                figure = getattr(
                    evaluate(study.scenario.with_({path: value}), study.dispatch).kpis["hybrid"], moved.key
                )
                text = found["Sensitivity", f"{column}{row}"]
                if isinstance(text, str):
                    assert text == EN.t("financing.xlsx.unclear") or (figure.value is None and text in reasons), path
                else:
                    assert text == pytest.approx(figure.value, rel=RELATIVE), (moved.key, path, change)
                    compared += 1
    assert compared > 20


def test_the_table_of_steps_is_the_simulation() -> None:
    study = study_of("case_a")
    book = openpyxl.load_workbook(io.BytesIO(workbook(study, EN)), data_only=True)
    sheet = book["Hourly"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    columns = hourly_columns(study)
    assert len(rows) == len(columns["time"])
    for k, (name, expected) in enumerate(columns.items()):
        if name != "time":
            assert np.allclose([row[k] for row in rows], expected, rtol=1e-7, atol=1e-7), name
    assert sheet.tables["steps"].ref == f"A2:K{len(rows) + 2}"
    assert str(rows[0][0]) == "2026-06-01 00:00:00"


def test_the_same_study_gives_the_same_bytes() -> None:
    assert workbook(study_of("case_a"), EN) == workbook(study_of("case_a"), EN)


@pytest.mark.parametrize(
    "text", ('=HYPERLINK("http://x","y")', "+1+1", "@SUM(A1)", "\t=1", "<b>x</b>", "a\u202eb\u0001c")
)
def test_a_name_is_never_a_formula(text: str) -> None:
    study = evaluate(presets()["case_a"].scenario.with_({"site.name": text}), study_of("case_a").dispatch)
    book = openpyxl.load_workbook(io.BytesIO(workbook(study, EN, hourly=False)))
    for sheet in book:
        for row in sheet.iter_rows():
            assert not [c for c in row if c.data_type == "f" and "HYPERLINK" in str(c.value)]
    assert book["Summary"]["A1"].data_type == "s"


def test_sheets_are_named_in_the_workbooks_language() -> None:
    book = openpyxl.load_workbook(io.BytesIO(book_of("case_a", "zh")))
    assert book.sheetnames[:2] == [words("zh").t(f"proposal.xlsx.sheet.{key}") for key in ("read_me", "summary")]
