"""A run's folder while it is at work: started or gone on with, held alone, kept when it stops."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from evenkeel.errors import (
    CannotGoOn,
    CannotWrite,
    DamagedRun,
    InvalidInput,
    InvalidType,
    OutOfTime,
)
from evenkeel.info import run_identity
from evenkeel.journal import Journal
from evenkeel.race.exits import no_exit
from evenkeel.store import begin, discard, kept_in, new_folder, read_json
from evenkeel.versions import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from evenkeel.prepare import Prepared


@contextmanager
def at_work(ready: Prepared, *, resume: bool) -> Iterator[tuple[Path, Journal]]:
    """The folder of a run and its journal, for the time it is made.

    Whatever stops it says how to go on; input that turns out bad takes a new folder back.

    Parameters
    ----------
    ready
        What is run, where to in its settings.
    resume
        Go on with the run that is there.

    Raises
    ------
    InvalidInput
        The folder is in use, holds another run, or one of other data or options.
    CannotWrite, OutOfTime, CannotGoOn
        As they came, with how to go on.
    """
    with no_exit("remedies of run"):
        course = _course_of(ready)
    folder = new_folder(ready.settings.out, ready.table.name, resume=resume)
    with Journal(folder, course=course) as journal:
        _begin(ready, folder, resume=resume)
        try:
            yield folder, journal
        except KeyboardInterrupt as stop:
            stop.add_note(str(folder))  # the command line says where to go on
            raise
        except CannotWrite as error:
            raise CannotWrite(f"{error} {kept_in(folder)}") from error
        except OutOfTime as error:
            raise OutOfTime(f"{error} {kept_in(folder)}") from error
        except CannotGoOn as error:
            raise CannotGoOn(f"{error} {kept_in(folder)}") from error
        except (InvalidInput, InvalidType):
            if not resume:
                discard(folder)
            raise


def _begin(ready: Prepared, folder: Path, *, resume: bool) -> None:
    """Mark the folder as a run at work; one to go on with must be of the same data and options."""
    now = run_identity(ready)
    new_folder(folder, ready.table.name, resume=resume)  # another process may have been faster
    if (folder / "run.json").exists():
        before = read_json(folder / "run.json")
        if not isinstance(before, dict) or not isinstance(before.get("settings"), dict):
            raise DamagedRun(f"{folder / 'run.json'} does not say what the run was asked to do.")
        changed = ready.settings.differences(before["settings"]) + _changed(now, before)
        if changed:
            raise InvalidInput(
                f"resume of run must go on with the same data, options and remedies. Changed: "
                f"{'; '.join(changed)}. Start a new run instead."
            )
    begin(folder, {"settings": ready.settings.to_dict(), **now})


def _changed(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Rows and remedies that are not what they were, in words."""
    rows = {"data_hash": "the data", "test_hash": "the test rows"}
    known = before.get("own_remedies")
    known = known if isinstance(known, dict) else {}
    own = now["own_remedies"].items()
    return [
        *(words for name, words in rows.items() if before.get(name) != now[name]),
        *(f"the remedy {name!r}" for name, digest in own if known.get(name) != digest),
    ]


def _course_of(ready: Prepared) -> str:
    """What trials depend on: a journal noted under anything else is not read."""
    asked = {"settings": ready.settings.lasting, "versions": versions(), **run_identity(ready)}
    return json.dumps(asked, sort_keys=True)
