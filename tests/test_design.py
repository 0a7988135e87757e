"""The design, as far as a test can hold it: layers, names, imports, sizes."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import evenkeel

SOURCE = Path(evenkeel.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
ORDER = [
    "errors", "_optional", "_checks", "_arrays", "_threads", "_rows", "_numbers", "ranking", "confusion",
    "metrics", "bootstrap", "delong", "influence", "intervals", "widening", "distribution", "verdict", "neighbors", "reading",
    "table", "evidence", "audit", "blocks", "strata", "split", "samples", "chance", "votes", "made", "augmented", "making", "plan", "reweight", "resample", "same_units", "coded", "isolation_classifier", "wrappers", "resampled", "foreign_resampled", "class_costs", "remedy", "answers", "scores",
    "objectives", "objective_classifier", "decide", "store", "seen_rows", "decision_file", "ensemble", "nn", "learners", "catalogue", "words", "place", "settings", "journal", "race", "export",
    "curves", "untouched", "headline", "outcome", "versions", "honest", "facts", "frames", "stored", "in_force",
    "report", "finished", "drift", "later_truth", "redecide", "layout", "prepare", "info", "resume", "job", "cli", "__main__",
]  # fmt: skip
MAX_LINES = 300
MAX_FUNCTION = 50
HEAVY = ("torch", "sklearn", "pandas", "polars", "scipy", "lightgbm", "skrub", "altair")


def layer(path):
    first = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports(tree):
    """Modules imported anywhere in the file, except for type checking only."""
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and getattr(branch.test, "id", "") == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_each_file_keeps_to_the_design(path):
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a file says in one sentence what it does"
    assert len(text.splitlines()) <= MAX_LINES
    mine = layer(path)
    if mine:
        assert mine in ORDER, "name the new part in ORDER, where the flow has it"
    for module in imports(tree):
        parts = module.split(".")
        if parts[0] == "evenkeel" and len(parts) > 1 and mine and parts[1] in ORDER:
            assert ORDER.index(parts[1]) <= ORDER.index(mine), f"imports {module} from below"
        assert not (parts[0] == "sklearn" and any(p.startswith("_") for p in parts[1:])), module
        assert parts[0] not in ("pickle", "dill"), module
        assert parts[0] != "torch" or mine == "nn", "torch lives in nn/"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            length = node.end_lineno - first.lineno + 1
            assert length <= MAX_FUNCTION, f"{node.name} has {length} lines"


def test_folders_are_at_most_two_deep():
    assert max(len(path.relative_to(SOURCE).parts) for path in FILES) <= 3


def test_public_names_are_the_ones_listed_and_all_resolve():
    assert evenkeel.__all__ == sorted(evenkeel.__all__)
    for name in evenkeel.__all__:
        assert getattr(evenkeel, name) is not None
    assert set(evenkeel.__all__) <= set(dir(evenkeel))


def test_no_module_carries_the_name_of_a_public_function():
    modules = {layer(path) for path in FILES}
    assert not modules & set(evenkeel.__all__)
    with pytest.raises(AttributeError, match="no attribute 'smoet'"):
        _ = evenkeel.smoet


@pytest.mark.parametrize("folder", ["resample", "decide", "ensemble", "nn", "race", "report"])
def test_folders_list_what_they_export(folder):
    module = importlib.import_module(f"evenkeel.{folder}")
    assert len(module.__all__) == len(set(module.__all__)) > 0
    for name in module.__all__:
        assert getattr(module, name) is not None


def loaded_after(code):
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import evenkeel",
        "import evenkeel; dir(evenkeel)",
        (
            "import sys, contextlib, io, evenkeel.cli as c\n"
            "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
            "    c.main(['--help'])"
        ),
    ],
)
def test_importing_evenkeel_and_asking_for_help_load_nothing_heavy(code):
    assert not loaded_after(code) & set(HEAVY)


def test_a_run_needs_no_torch():
    names = "run, compare, analyze, Policy, DecidedClassifier"
    assert "torch" not in loaded_after(f"from evenkeel import {names}")


def test_the_decision_layer_loads_no_learning_library():
    assert not loaded_after("import evenkeel.decide") & {"sklearn", "pandas", "lightgbm", "torch"}
