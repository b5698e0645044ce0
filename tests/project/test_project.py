"""What the project promises about itself: pins, layers, names, style."""

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
STANDARD_MODULES = set(sys.stdlib_module_names)

# Which own packages each layer may import; lower layers first. i18n and store stand beside report.
CORE = {"sim", "finance", "study"}
LAYERS = {
    "sim": set(),
    "finance": {"sim"},
    "study": {"sim", "finance"},
    "i18n": CORE,
    "store": CORE,
    "report": CORE | {"i18n"},
    "ui": CORE | {"i18n", "store", "report"},
    "cli": CORE | {"i18n", "store", "report"},  # not ui, which imports Streamlit
    "pages": CORE | {"i18n", "store", "report", "ui"},
    "app": CORE | {"i18n", "store", "report", "ui"},
}
# The rooms of the two wide packages on their floors, lowest first: a room imports from lower floors only.
FLOORS = {
    "sim": (
        {"arrays", "compiled", "problem", "timeline"},
        {"inputs", "meter", "optimum"},
        {"plant", "sun", "tariff"},
        {"dispatch"},
    ),
    "report": (
        {"carry", "palette", "text"},
        {"files", "views"},
        {"archive", "book", "screen", "sentences"},
        {"paper"},
        {"verify", "word"},
        {"export"},
    ),
}
MOST_ENTRIES, MOST_LINES_A_FILE, MOST_LINES_A_FUNCTION = 14, 600, 50
MAY_IMPORT_STREAMLIT = {"app", "ui", "pages"}
OUTSIDE_THE_LAYERS = {"tests", "benchmarks", "run"}

# Traces of the machine the project was written on. Built from parts so that this file does not find itself.
FOREIGN_TRACES = {
    "a path of a work folder": r"(?<![\w.])/wo" r"rk/",
    "a folder outside the project": r"(?<![\w/-])sha" r"red/",
    "a package index": r"py" r"pi\.org|pythonho" r"sted|registry\.np" r"mjs|/opt/py" r"pi|arti" r"factory",
}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def project_files() -> list[Path]:
    """Return every file that is or would be committed; without git, every file outside hidden and cache folders."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
        files = [ROOT / name for name in names if name]
    except (OSError, subprocess.CalledProcessError):
        skipped = {".git", ".venv", ".cache", "__pycache__", ".pytest_cache", ".hypothesis", ".ruff_cache"}
        files = [file for file in ROOT.rglob("*") if not skipped & set(file.relative_to(ROOT).parts)]
    return [file for file in files if file.is_file()]


def python_files() -> list[Path]:
    return [file for file in project_files() if file.suffix == ".py"]


def top_name(file: Path) -> str:
    """Return the package or module a file belongs to: ``sim`` for sim/sun/pv.py, ``cli`` for cli.py."""
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_names(file: Path) -> set[str]:
    """Return the first parts of every absolute import in a file, also of those inside functions."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    from_modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.split(".")[0] for name in plain | from_modules}


def shown(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


@cache
def own_modules() -> dict[str, Path]:
    """{dotted name: file} of every module of the layers."""
    files = [file for file in python_files() if top_name(file) in LAYERS and file.name != "__init__.py"]
    return {shown(file).removesuffix(".py").replace("/", "."): file for file in files}


@cache
def own_imports(module: str) -> frozenset[str]:
    """The own modules a module imports, also inside its functions."""
    tree, own = ast.parse(own_modules()[module].read_text(encoding="utf-8")), own_modules()
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    named = {f"{node.module}.{alias.name}" for node in nodes for alias in node.names} | {node.module for node in nodes}
    return frozenset((named & set(own)) - {module})


def product_nodes(*kinds: type) -> list[tuple[Path, ast.AST]]:
    """Every node of these kinds in the product's own files."""
    files = [file for file in python_files() if top_name(file) in LAYERS]
    return [
        (file, node)
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, kinds)
    ]


# --- pins and locks ---------------------------------------------------------------------------------------------------


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.sub(r"\[.*?\]", "", name)).lower()


def pins(name: str) -> dict[str, str]:
    """Return {package: version} of a requirements or lock file; a line that is not an exact pin fails."""
    lines = (re.split(r"\s*[;#\\]", line)[0].strip() for line in read(name).splitlines())
    wanted = [line for line in lines if line and not line.startswith("--hash=")]
    assert all(line.count("==") == 1 and "*" not in line for line in wanted), wanted
    return {normal(package): version for package, version in (line.split("==") for line in wanted)}


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("requirements.txt", "requirements.lock"),
        ("requirements.txt", "requirements-dev.lock"),
        ("requirements-dev.txt", "requirements-dev.lock"),
        ("requirements.lock", "requirements-dev.lock"),
        ("requirements-bench.txt", "requirements-bench.lock"),
        ("requirements-dev.lock", "requirements-bench.lock"),
    ],
)
def test_pins_agree(part, whole):
    """After a change of requirements: ``python run.py lock``."""
    locked = pins(whole)
    differing = {
        name: (version, locked.get(name)) for name, version in pins(part).items() if locked.get(name) != version
    }
    assert differing == {}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"])
def test_a_lock_has_hashes_and_no_address(name):
    text = read(name)
    assert not re.search(r"http|file:|^-[^-]|--(?!hash=sha256:)", text, re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.strip())
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry) for entry in entries)


def test_pyproject_reads_the_requirement_files():
    project = tomllib.loads(read("pyproject.toml"))
    dynamic = project["tool"]["setuptools"]["dynamic"]
    assert dynamic["dependencies"]["file"] == ["requirements.txt"]
    assert dynamic["optional-dependencies"]["dev"]["file"] == ["requirements-dev.txt"]
    assert set(project["project"]["dynamic"]) == set(dynamic)


def test_the_oldest_python_is_the_same_everywhere():
    oldest = re.search(r"OLDEST_PYTHON = \((\d+), (\d+)\)", read("run.py")).groups()
    project = tomllib.loads(read("pyproject.toml"))
    assert project["project"]["requires-python"] == ">=" + ".".join(oldest)
    assert project["tool"]["ruff"]["target-version"] == "py" + "".join(oldest)
    assert f'"{".".join(oldest)}"' in read("run.py").split("def write_locks")[1]
    assert read("Dockerfile").startswith(f"FROM python:{'.'.join(oldest)}-slim")


# --- layers and names -------------------------------------------------------------------------------------------------


def test_every_package_has_a_layer():
    unknown = {top_name(file) for file in python_files()} - set(LAYERS) - OUTSIDE_THE_LAYERS
    assert unknown == set()


def test_imports_point_one_way():
    own = set(LAYERS) | OUTSIDE_THE_LAYERS
    wrong = [
        f"{shown(file)} imports {name}"
        for file in python_files()
        if (layer := top_name(file)) in LAYERS
        for name in sorted(imported_names(file) & own - LAYERS[layer] - {layer})
    ]
    assert wrong == []


@pytest.mark.parametrize("package", FLOORS)
def test_rooms_import_only_from_lower_floors(package):
    floor_of = {room: floor for floor, rooms in enumerate(FLOORS[package]) for room in rooms}
    rooms = {module: module.split(".")[1] for module in own_modules() if module.startswith(f"{package}.")}
    assert set(rooms.values()) == set(floor_of)
    wrong = [
        f"{module} imports {other}"
        for module, room in rooms.items()
        for other in sorted(own_imports(module) & set(rooms))
        if rooms[other] != room and floor_of[rooms[other]] >= floor_of[room]
    ]
    assert wrong == []


def test_no_module_imports_itself_by_way_of_others():
    left = {module: set(own_imports(module)) for module in own_modules()}
    while done := {module for module, needed in left.items() if not needed & set(left)}:
        left = {module: needed for module, needed in left.items() if module not in done}
    assert sorted(left) == [], "a circle, and what stands on it"


@pytest.mark.parametrize("package", FLOORS)
def test_a_package_can_be_taken_in_at_a_glance(package):
    entries = {file.relative_to(ROOT).parts[1] for file in python_files() if top_name(file) == package}
    assert len(entries) <= MOST_ENTRIES


def test_no_file_is_long():
    long = {shown(file) for file in python_files() if len(text_of(file).splitlines()) > MOST_LINES_A_FILE}
    assert long == set()


def test_no_function_is_long():
    functions = product_nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    long = {
        f"{shown(file)}: {node.name}"
        for file, node in functions
        if node.end_lineno - node.lineno >= MOST_LINES_A_FUNCTION
    }
    assert long == set()


def test_no_class_name_stands_twice():
    names = Counter(node.name for _, node in product_nodes(ast.ClassDef))
    assert {name for name, count in names.items() if count > 1} == set()


def test_streamlit_stays_in_the_user_interface():
    core = (file for file in python_files() if top_name(file) in set(LAYERS) - MAY_IMPORT_STREAMLIT)
    assert [shown(file) for file in core if "streamlit" in imported_names(file)] == []


def test_no_package_takes_a_standard_name():
    assert {top_name(file) for file in python_files()} & STANDARD_MODULES == set()


def test_run_needs_only_the_standard_library():
    assert imported_names(ROOT / "run.py") <= STANDARD_MODULES


# --- text -------------------------------------------------------------------------------------------------------------


@cache
def text_of(file: Path) -> str:
    """Return a file's text, empty for a binary file."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("trace", FOREIGN_TRACES)
def test_the_project_stands_alone(trace):
    pattern = re.compile(FOREIGN_TRACES[trace])
    found = [f"{shown(file)}: {match[0]}" for file in project_files() if (match := pattern.search(text_of(file)))]
    assert found == []


def test_nothing_is_kept_from_the_formatter():
    marker = re.compile(r"#\s*fmt: (skip|o" r"ff)")
    assert [shown(file) for file in python_files() if marker.search(file.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("words", [["check"], ["format", "--check"]], ids=["rules", "layout"])
def test_ruff(words):
    files = [shown(file) for file in python_files()]
    command = [sys.executable, "-m", "ruff", *words, "--quiet", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_fonts_come_with_their_licence():
    for name in ("Regular.ttf", "Regular.woff2", "Bold.ttf", "Bold.woff2"):
        assert (ROOT / "assets/fonts" / f"NotoSansSC-{name}").is_file()
    assert "SIL OPEN FONT LICENSE Version 1.1" in read("assets/fonts/OFL.txt")


def test_the_fonts_of_the_theme_are_shipped():
    theme = tomllib.loads(read(".streamlit/config.toml"))["theme"]
    addresses = [face["url"] for face in theme["fontFaces"]]
    assert addresses and all((ROOT / address.removeprefix("/")).is_file() for address in addresses)


# --- benchmarks -------------------------------------------------------------------------------------------------------


@pytest.fixture
def bench(monkeypatch):
    import benchmarks.__main__ as bench

    class Good:
        row = {"name": "year", "value": np.float64(0.25), "unit": "ms", "ratio": 40.0, "met": np.bool_(True)}
        rows = staticmethod(lambda row=row: [row])

    class Bad:
        rows = staticmethod(lambda: 1 / 0)

    modules = {"benchmarks.bad": Bad, "benchmarks.good": Good}
    monkeypatch.setattr(bench, "module_names", lambda: ["bad", "good"])
    monkeypatch.setattr(bench.importlib, "import_module", modules.__getitem__)
    return bench


def test_a_failing_benchmark_is_a_row(bench, capsys):
    assert bench.main(["--json"]) == 1
    bad, good = json.loads(capsys.readouterr().out)
    assert bad["met"] is False and "ZeroDivisionError" in bad["unit"]
    assert (good["name"], good["ratio"], good["peer"]) == ("year", 40.0, None)


def test_the_benchmark_table_has_a_line_per_row(bench, capsys):
    bench.main([])
    heading, bad, good = capsys.readouterr().out.splitlines()
    assert heading.split() == list(bench.COLUMNS)
    assert good.split() == ["year", "0.25", "ms", "40", "yes"]
    assert bad.endswith("no")


def test_benchmarks_follow_the_product():
    """Each has rows, and the count of the rule's operations takes the rule as it is now: both had gone stale."""
    import benchmarks.__main__ as bench
    from benchmarks._bound import additions_a_step

    modules = [importlib.import_module(f"benchmarks.{name}") for name in bench.module_names()]
    assert len(modules) > 8 and all(callable(module.rows) for module in modules)
    assert 20 < additions_a_step() < 200
