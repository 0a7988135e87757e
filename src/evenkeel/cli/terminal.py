"""What reaches the terminal: sentences, one JSON document, how far a race is; never raw cells."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from evenkeel.errors import EvenkeelWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE_EVERY = 30.0  # seconds between lines where there is no terminal


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """What ends jobs of a cluster is an interrupt as well: it is told what is kept."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what signals do
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def after_interrupt(leave: BaseException | None) -> str:
    """What an interrupted user has to know: a run notes its folder on the interrupt."""
    while leave is not None:
        if notes := getattr(leave, "__notes__", None):
            return (
                f"interrupted. What is done is kept in {notes[0]}: go on with the same command and "
                f"--resume --out {notes[0]}"
            )
        leave = leave.__cause__ or leave.__context__
    return "interrupted. Nothing was written."


def stop(message: str, code: int) -> NoReturn:
    """Say why on stderr, and leave with an exit code."""
    typer.echo(f"evenkeel: {_one_line(message)}", err=True)
    sys.exit(code)


def warn(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
    """Show our own warnings as sentences; those of other libraries are not for this screen."""
    if issubclass(category, EvenkeelWarning):
        typer.echo(f"evenkeel: {_one_line(str(message))}", err=True)


def say(*lines: str) -> None:
    """Print lines on stdout."""
    typer.echo("\n".join(_one_line(line) for line in lines))


def _one_line(text: str) -> str:
    """Text whose names and cells cannot move the cursor or pass for another line."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def show(facts: dict[str, Any], *, as_json: bool, decided: bool = False) -> None:
    """Print facts as a screen, or as one JSON document that any terminal can take.

    Parameters
    ----------
    facts
        The document.
    as_json
        Whether to print it as such.
    decided
        Whether the screen is about the decision alone.
    """
    if as_json:
        text = json.dumps(facts, indent=2, ensure_ascii=False)
        try:
            text.encode(sys.stdout.encoding or "ascii")
        except UnicodeEncodeError:
            text = json.dumps(facts, indent=2)
        typer.echo(text)
        return
    from rich.console import Console

    from evenkeel.report import print_decision, print_screen

    (print_decision if decided else print_screen)(facts, Console())


class Bar:
    """How far a race is: a bar with time left on a terminal, elsewhere a line now and then.

    Lines go where the bar would, to stderr: one when trials begin, one at most every half minute,
    and one when all are done, so that a log tells a slow run from one that hangs.
    """

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._bar: Any = None
        self._begun: float | None = None
        self._told = 0.0
        self._over = False

    def __enter__(self) -> Bar:
        return self

    def step(self, done: int, total: int, what: str) -> None:
        """Show that ``done`` of ``total`` trials are finished, and at which remedy."""
        if not self._shown:
            return
        if not sys.stderr.isatty():
            self._line(done, total, what)
            return
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

            self._bar = Progress(
                "{task.description:<40.40}", BarColumn(), MofNCompleteColumn(),
                TimeRemainingColumn(), console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._bar.start()
            self._task = self._bar.add_task(what, total=total)
        self._bar.update(self._task, completed=done, total=total, description=what)

    def _line(self, done: int, total: int, what: str) -> None:
        now = time.monotonic()
        if self._begun is None:
            self._begun = self._told = now
            told = f"{total - done:,} trials to run, {what} first."
        elif done >= total and not self._over:
            self._over = True
            told = f"all {total:,} trials done after {_clock(now - self._begun)}; judging them now."
        elif now - self._told >= LINE_EVERY and done < total:
            self._told = now
            told = (
                f"{done:,} of {total:,} trials done after {_clock(now - self._begun)}, {what} last."
            )
        else:
            return
        typer.echo(f"evenkeel: {_one_line(told)}", err=True)

    def __exit__(self, *exc: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _clock(seconds: float) -> str:
    """Time gone, in minutes and seconds.

    >>> _clock(7.6), _clock(3725)
    ('8 s', '62 min 5 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"
