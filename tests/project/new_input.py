"""What a new input needs: its line and its two texts. This program adds one to the genset's section, on the fly, and
prints as JSON where it turns up: register, schema, page, address, workbook, paper.
"""

from __future__ import annotations

import io
import json
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

SECTION = ROOT / "sim" / "inputs" / "plant.py"
AFTER = "    neighbour_m: float = given("
LINE = """
    fuel_age_months: float = given(
        estimate(12.0, "a trade paper", 6, 18), "Age of the fuel [months 0..99]", "Then it is polished."
    )
"""
PATH = "genset.fuel_age_months"
LABEL, HELP = "柴油存放时间", "到期后过滤净化。"


class WithOneMore(SourceFileLoader):
    """The section's module with the line in it."""

    def source_to_code(self, data: bytes, path: str, *, _optimize: int = -1) -> Any:
        source = bytes(data).decode()
        assert source.count(AFTER) == 1
        return compile(source.replace(AFTER, f"{LINE}\n{AFTER}"), path, "exec")

    def get_code(self, fullname: str) -> Any:
        return self.source_to_code(self.get_data(self.path), self.path)


def add_the_input() -> None:
    """The line, and its texts in the other language."""
    spec = spec_from_loader("sim.inputs.plant", WithOneMore("sim.inputs.plant", str(SECTION)))
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    from i18n.words import catalogue

    catalogue("zh").update({f"input.{PATH}.label": LABEL, f"input.{PATH}.help": HELP})


def where_it_turns_up() -> dict[str, Any]:
    from sim.inputs.register import on_card, register, unverified
    from sim.inputs.scenario import Scenario, json_schema, scenario_from_json
    from study.presets import presets
    from ui import url

    entry, changed = register()[PATH], presets()["case_a"].scenario.with_({PATH: 10.0})
    schema = json_schema()["$defs"]["Genset"]["properties"]["fuel_age_months"]
    return {
        "register": [entry.label, entry.unit, entry.minimum, entry.maximum, entry.low, entry.source, entry.confidence],
        "schema": {key: schema[key] for key in ("title", "default", "unit", "maximum", "source")},
        "card": on_card("sets")[on_card("sets").index(PATH) + 1],
        "is weak": PATH in unverified(Scenario()),
        "matters without sets": entry.when(Scenario().with_(dict.fromkeys(sets(), 0))),
        "file": scenario_from_json(changed.to_json()).get(PATH),
        "address": url.encode(changed, "case_a", "en")[PATH],
        "page": page(),
        "workbook": workbook_rows(changed),
        "paper": paper_rows(changed),
    }


def sets() -> tuple[str, ...]:
    return "genset.sets", "genset.backup_sets", "genset.last_resort_sets"


def page() -> list[str]:
    """Label and help of its field on the page of equipment, and what a new entry does."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=120)
    app.run()
    app.switch_page("../pages/equipment.py").run()
    (field,) = (box for box in app.number_input if box.key == f"page.{PATH}")
    found = [field.label, field.help]
    field.set_value(20.0).run()
    return [*found, str(app.session_state["scenario"].get(PATH))]


def workbook_rows(scenario: Any) -> list[list[Any]]:
    """Its row on the sheet of inputs, and its row of sources before it is changed."""
    import openpyxl

    from i18n import words
    from report.book.workbook import workbook
    from study.evaluate import evaluate
    from study.presets import presets

    found = []
    for one, sheet in ((scenario, "Inputs"), (presets()["case_a"].scenario, "Sources")):
        book = openpyxl.load_workbook(io.BytesIO(workbook(evaluate(one), words("en"), hourly=False)))
        rows = [[cell for cell in row if cell is not None] for row in book[sheet].iter_rows(values_only=True)]
        found += [row for row in rows if PATH in row or "a trade paper" in row]
    return found


def paper_rows(scenario: Any) -> list[list[str]]:
    """Its row of the list of inputs in the proposal."""
    from report.paper.pdf import data
    from study.evaluate import evaluate

    text = json.dumps(data(evaluate(scenario), "zh")["parts"], ensure_ascii=False)
    at = text.index(f'"{LABEL}"')
    return [json.loads(f"[{text[at : text.index(']', at)]}]")]


if __name__ == "__main__":
    add_the_input()
    sys.stdout.buffer.write(json.dumps(where_it_turns_up(), ensure_ascii=False).encode())
