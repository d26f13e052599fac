"""Imports go down, never up, never in a circle; analysis stays pure; files and functions stay short."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "segmenter"
FLOORS = (
    {"errors", "assets", "atomic", "folders", "words", "config"},
    {"intake", "engine", "features", "analysis", "sample"},
    {"runs", "privacy"},
    {"report"},
    {"delivery"},
    {"schedule"},
    {"study", "workspace", "warmup", "pipeline", "scoring"},
    {"console", "commands", "cli"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST = 340  # lines of a file
PURE = {"numpy", "scipy", "sklearn", "segmenter", "warnings"}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "segmenter":
            yield from (f"segmenter.{alias.name}" for alias in node.names if alias.name != "__version__")
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def rooms_imported(path):
    return {name.split(".")[1] for name in imports_of(path) if name.startswith("segmenter.")}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_never_go_up(path):
    room = room_of(path)
    if room in {"__init__", "__main__"}:
        return
    above = {other for other in rooms_imported(path) if FLOOR[other] > FLOOR[room]}
    assert not above


def module_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def modules_imported(path, modules):
    """Those of `modules` that `path` imports, at any place in it; a package only where a name of its own is asked for."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in modules else node.module for name in named)


def test_no_module_imports_itself_by_a_detour():
    modules = {module_of(path): path for path in FILES}
    graph = {name: set(modules_imported(path, modules)) & modules.keys() for name, path in modules.items()}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_every_room_has_a_floor():
    assert {room_of(path) for path in FILES} - {"__init__", "__main__", "_assets"} <= set(FLOOR)


@pytest.mark.parametrize("path", sorted((PACKAGE / "analysis").glob("*.py")), ids=lambda path: path.name)
def test_analysis_knows_no_file_no_plot_and_no_clock(path):
    forbidden = {
        "matplotlib",
        "jinja2",
        "weasyprint",
        "duckdb",
        "pathlib",
        "logging",
        "time",
        "datetime",
        "os",
        "random",
    }
    assert not {name.split(".")[0] for name in imports_of(path)} & forbidden
    assert rooms_imported(path) <= {"analysis", "errors", "config"}
    assert not re.findall(r"^from segmenter\.config", path.read_text(), re.MULTILINE), "config is for annotations alone"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_function_fits_a_screen_and_a_file_a_sitting(path):
    source = path.read_text()
    assert source.count("\n") <= LONGEST
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            start = first.end_lineno if documented else node.lineno
            assert node.end_lineno - start <= 50, f"{node.name} in {path.name}"


def test_what_contributors_are_told_is_what_is_tested():
    assert f"none over {LONGEST}" in (PACKAGE.parent / "CONTRIBUTING.md").read_text()
