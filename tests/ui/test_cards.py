"""Each input is drawn by its definition: pages name cards, and every card is drawn by one page."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from sim.inputs.register import on_card, register

ROOT = Path(__file__).resolve().parents[2]
BY_HAND = "terms.currency"  # lists of currencies, whose change does more than put a value


def nodes(kind: type[ast.AST]) -> list:
    files = [*(ROOT / "pages").glob("*.py"), *(ROOT / "ui").glob("*.py")]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, kind)]


def cards_drawn() -> Counter[str]:
    """How often a page draws each card; `form.card(f"terms.{topic}")` draws those of the page's `TOPICS`."""
    calls = [node for node in nodes(ast.Call) if ast.unparse(node.func) in ("form.card", "compute.inputs")]
    named = [call.args[0] for call in calls]
    found = [name.value for name in named if isinstance(name, ast.Constant)]
    if any(ast.unparse(name) == "f'terms.{topic}'" for name in named):
        topics = next(node.value for node in nodes(ast.Assign) if ast.unparse(node.targets[0]) == "TOPICS")
        found += [f"terms.{topic}" for topic in ast.literal_eval(topics)]
    return Counter(found)


def test_every_card_is_drawn_by_one_page():
    cards = {card for entry in register().values() if entry.kind != "other" for card in entry.cards} - {BY_HAND}
    assert cards_drawn() == dict.fromkeys(cards, 1)


def test_every_table_file_and_currency_is_named_by_a_page_that_draws_it():
    alone = {path for path, entry in register().items() if entry.kind == "other"} | set(on_card(BY_HAND))
    assert alone <= {node.value for node in nodes(ast.Constant)}
