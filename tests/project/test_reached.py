"""Every definition of the product is reached from what a user starts: a page, the app, a command, the benchmarks.

Names are followed through imports; a method counts as reached where its class is and its name is read anywhere. What
only tests call is an oracle and stands with them, or goes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("sim", "finance", "study", "store", "report", "i18n", "ui", "pages", "benchmarks")
STARTS = ("app", "cli", "run")
START_FOLDERS = ("pages", "benchmarks")
# Hooks that a library calls by their decorator.
HOOKS = re.compile("validator|serializer|computed_field")
PLAIN_BASES = {"NamedTuple", "Protocol", "Generic"}  # which call no method of their children
# The dispatch kernel has a copy of its own until its file is split.
NOT_YET = {("sim.arrays", "own")}
Definition = tuple[str, str]  # module and name, a method's with its class
TopLevel = ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


@cache
def modules() -> dict[str, ast.Module]:
    files = [ROOT / f"{name}.py" for name in STARTS]
    files += [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    dotted = {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}
    return {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in dotted.items()}


def is_start(module: str) -> bool:
    return module in STARTS or module.split(".")[0] in START_FOLDERS


@cache
def imported(module: str) -> dict[str, Definition]:
    """What each imported name of a module stands for; a module itself has no second part."""
    found = {}
    for node in ast.walk(modules()[module]):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found[alias.asname or alias.name] = (whole, "") if whole in modules() else (node.module, alias.name)
    return found


@cache
def defined(module: str) -> dict[str, list[TopLevel]]:
    found: dict[str, list[TopLevel]] = {}
    for node in modules()[module].body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)):
                found.setdefault(name, []).append(node)
    return found


def origin(module: str, name: str) -> Definition | None:
    """Where a name that a module reads is defined, through any re-export; None for what is not the project's."""
    while module in modules():
        if name in defined(module):
            return module, name
        module, name = imported(module).get(name, ("", ""))
        if module in modules() and not name:
            return module, ""
    return None


def read_in(module: str, node: ast.AST) -> Iterator[Definition | str]:
    """The definitions that code reads, and every name it takes from some value or has as a text (for `getattr`)."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and (found := origin(module, part.id)):
            yield found
        elif isinstance(part, ast.Attribute):
            yield part.attr
            held = origin(module, part.value.id) if isinstance(part.value, ast.Name) else None
            if held and not held[1] and (found := origin(held[0], part.attr)):
                yield found
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
            yield part.value


def extends_a_library(module: str, node: ast.ClassDef) -> bool:
    """Whether a class, or one it extends, has a base that is not the project's."""
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    for name in (base.id if isinstance(base, ast.Name) else "" for base in bases):
        found = origin(module, name)
        own = defined(found[0]).get(found[1], []) if found else []
        if any(isinstance(one, ast.ClassDef) and extends_a_library(found[0], one) for one in own):
            return True
        if name not in PLAIN_BASES and not found:
            return True
    return False


def methods(module: str, node: ast.ClassDef) -> list[ast.FunctionDef]:
    """Those that have to be called by name; not what Python or a library calls: special ones, hooks, overrides."""
    if extends_a_library(module, node):
        return []
    parts = [part for part in node.body if isinstance(part, ast.FunctionDef) and not part.name.startswith("__")]
    return [part for part in parts if not any(HOOKS.search(ast.unparse(mark)) for mark in part.decorator_list)]


@cache
def graph() -> dict[Definition, frozenset[Definition | str]]:
    """What each definition reads."""
    found: dict[Definition, set[Definition | str]] = {}
    for module in modules():
        for name, nodes in defined(module).items():
            reads = found.setdefault((module, name), set())
            for node in nodes:
                own = methods(module, node) if isinstance(node, ast.ClassDef) else []
                for method in own:
                    found[module, f"{name}.{method.name}"] = set(read_in(module, method))
                parts = [part for part in ast.iter_child_nodes(node) if part not in own]
                reads.update(read for part in parts for read in read_in(module, part))
    return {definition: frozenset(reads) for definition, reads in found.items()}


def from_start() -> set[Definition | str]:
    """What runs or stands in the files a user starts, and what any module does when it is imported."""
    found: set[Definition | str] = {key for key in graph() if is_start(key[0])}
    for module, tree in modules().items():
        for node in tree.body:
            if not isinstance(node, TopLevel | ast.Import | ast.ImportFrom):
                found.update(read_in(module, node))
    return found


def reached() -> set[Definition | str]:
    seen, left = set(), from_start()
    while left:
        seen |= left
        left = {read for key in left if isinstance(key, tuple) for read in graph().get(key, ())} - seen
        if not left:
            called = {key for key in graph() if "." in key[1] and key[1].rpartition(".")[2] in seen}
            left = {key for key in called if (key[0], key[1].partition(".")[0]) in seen} - seen
    return seen


def test_every_definition_is_reached_from_what_a_user_starts() -> None:
    found = reached()
    dead = {key for key in graph() if key not in found and key[1] != "__all__"} - NOT_YET
    assert {".".join(key) for key in dead} == set()


def test_what_nothing_calls_is_seen(monkeypatch) -> None:
    dead = ast.parse("LIMIT = 1\ndef used(): return LIMIT\ndef dead(): return used()\nclass Thing:\n def idle(self): 1")
    start = ast.parse("from sim.thing import Thing, used\nused()\nThing()")
    for function in (imported, defined, graph):
        function.cache_clear()
    monkeypatch.setitem(modules(), "sim.thing", dead)
    monkeypatch.setitem(modules(), "pages.thing", start)
    found = reached()
    for function in (imported, defined, graph):
        function.cache_clear()
    assert {("sim.thing", name) in found for name in ("LIMIT", "used", "Thing")} == {True}
    assert {("sim.thing", name) in found for name in ("dead", "Thing.idle")} == {False}
