"""What `import evenkeel` offers, as the README uses it, and what it costs to have it."""

import inspect
import subprocess
import sys
import types

import numpy as np
import pytest

import evenkeel
from evenkeel import errors


def test_every_public_name_has_a_docstring_of_one_sentence_first():
    for name in evenkeel.__all__:
        first = inspect.getdoc(getattr(evenkeel, name)).split("\n\n")[0]
        assert first.rstrip().endswith((".", ":")), name


def test_every_public_function_documents_its_parameters():
    for name in evenkeel.__all__:
        thing = getattr(evenkeel, name)
        if isinstance(thing, types.FunctionType):
            text = inspect.getdoc(thing)
            for parameter in inspect.signature(thing).parameters.values():
                mark = {parameter.VAR_KEYWORD: "**", parameter.VAR_POSITIONAL: "*"}.get(
                    parameter.kind, ""
                )
                assert f"{mark}{parameter.name}" in text, f"{parameter.name} of {name}"


def test_the_counts_of_the_issue_are_said_at_once():
    found = evenkeel.analyze(np.repeat([0, 1, 2], [9000, 900, 100]))
    assert (round(found.ratio), found.severity) == (90, "significant")
    found = evenkeel.analyze(np.repeat([0, 1, 2], [8000, 1500, 500]))
    assert (found.ratio, found.severity) == (16, "significant")
    assert np.allclose(
        evenkeel.class_weights(np.repeat([0, 1], [9900, 100])), [0.505, 50], atol=1e-3
    )


def test_always_negative_is_called_useless_in_spite_of_99_percent():
    y = np.repeat([0, 1], [990, 10])
    found = evenkeel.assess(y, np.zeros(1000, int))
    assert found.level == "useless"
    assert "99.0 %" in " ".join(found.sentences)


def test_errors_are_also_what_people_expect():
    tree = [
        thing
        for thing in vars(errors).values()
        if isinstance(thing, type) and issubclass(thing, Exception)
    ]
    for thing in tree:
        if thing is not errors.EvenkeelWarning:
            assert issubclass(thing, errors.EvenkeelError)
    assert issubclass(errors.InvalidInput, ValueError)
    assert issubclass(errors.InvalidType, TypeError)
    assert issubclass(errors.DamagedRun, ValueError)
    assert issubclass(errors.CannotWrite, OSError)
    assert issubclass(errors.MissingDependency, ImportError)
    assert issubclass(errors.EvenkeelWarning, UserWarning)
    for thing in tree:
        assert thing.__name__ in errors.__doc__, "the tree in the docstring is whole"


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'smote'"):
        _ = evenkeel.smote
    assert set(evenkeel.__all__) <= set(dir(evenkeel))


@pytest.mark.parametrize(
    "command", [["-m", "evenkeel", "--version"], ["-c", "import evenkeel.__main__"]], ids=["run", "import"]
)  # fmt: skip
def test_the_module_is_the_command_line_and_importing_it_runs_nothing(command):
    found = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    expected = f"evenkeel {evenkeel.__version__}\n" if "--version" in command else ""
    assert (found.stdout, found.stderr) == (expected, "")


def test_a_reader_that_stops_early_is_no_fault():
    """`evenkeel remedies | head -1`: the pipe closes while we write."""
    code = (
        "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1);"
        "from evenkeel.cli import main; main(['remedies'])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, check=False
    )
    assert found.returncode in (0, 1)
    assert found.stderr == ""
