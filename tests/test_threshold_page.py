"""The page about thresholds: its commands run as written, and print what it says."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from evenkeel.cli import main

PAGE = Path(__file__).resolve().parents[1] / "docs" / "where-do-i-put-the-threshold.md"
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def blocks():
    """Kind and text of each fenced block of the page, in order."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def ask(command):
    """What a command prints on both streams, in this process, and its exit code."""
    told = io.StringIO()
    with (
        contextlib.redirect_stdout(told),
        contextlib.redirect_stderr(told),
        pytest.raises(SystemExit) as left,
    ):
        main(shlex.split(command)[1:])
    return told.getvalue(), left.value.code or 0


def words_of(text):
    """Words with numbers put aside, and the numbers: both must agree, the latter nearly."""
    text = " ".join(text.split())
    return NUMBER.sub("#", text), [float(one.replace(",", "")) for one in NUMBER.findall(text)]


def told_in(shown, printed):
    """Whether each line that the page shows was printed, numbers up to rounding."""
    lines = [words_of(line) for line in printed.splitlines()]
    for line in filter(str.strip, shown):
        words, numbers = words_of(line)
        near = [found for said, found in lines if said == words]
        assert any(found == pytest.approx(numbers, rel=0.02, abs=0.002) for found in near), (
            f"not printed: {line!r}\n{printed}"
        )


def test_every_command_runs_in_order_and_prints_what_the_page_shows(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, printed, ran = {"__name__": "page"}, "", 0
    for kind, text in blocks():
        if kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, *shown = part.splitlines()
                printed, code = ask(command)
                assert code == (2 if "in force stays as it is" in printed else 0), printed
                told_in(shown, printed)
                ran += 1
        elif kind == "python":
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(text, str(PAGE), "exec"), names)
            printed = out.getvalue()
        elif kind == "text":
            told_in(text.splitlines(), printed)
    assert ran >= 20


def test_the_page_shows_every_kind_of_policy():
    page = PAGE.read_text()
    for option in (
        "--cost-fn amount", "--capacity 2/day", "--capacity 1%", "--top", "--min-precision",
        "--min-recall", "--confidence", "--bands", "--deploy-prevalence", "--recalibrate",
        "evaluate", "DecidedClassifier", "threshold_curve", "decision_curve",
    ):  # fmt: skip
        assert option in page
