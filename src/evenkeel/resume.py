"""A run's folder while it is at work: started or gone on with, held alone, kept when it stops."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from evenkeel.errors import CannotWrite, DamagedRun, InvalidInput, InvalidType, OutOfTime
from evenkeel.journal import Journal
from evenkeel.settings import Settings
from evenkeel.store import begin, discard, kept_in, new_folder, read_json
from evenkeel.versions import versions

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    CannotWrite, OutOfTime
        As they came, with how to go on.
    """
    folder = new_folder(ready.settings.out, ready.table.name, resume=resume)
    with Journal(folder, course=_course_of(ready)) as journal:
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
        except (InvalidInput, InvalidType):
            if not resume:
                discard(folder)
            raise


def _begin(ready: Prepared, folder: Path, *, resume: bool) -> None:
    """Mark the folder as a run at work; one to go on with must be of the same data and options."""
    settings, table = ready.settings, ready.table
    new_folder(folder, table.name, resume=resume)  # another process may have been faster
    if (folder / "run.json").exists():
        before = read_json(folder / "run.json")
        if not isinstance(before, dict) or not isinstance(before.get("settings"), dict):
            raise DamagedRun(f"{folder / 'run.json'} does not say what the run was asked to do.")
        changed = settings.differences(Settings.from_dict(before["settings"]))
        if before.get("data_hash") != table.hash:
            changed.append("the data")
        if changed:
            raise InvalidInput(
                f"resume of run must go on with the same data and options. Changed: "
                f"{'; '.join(changed)}. Start a new run instead."
            )
    begin(folder, {"settings": settings.to_dict(), "data_hash": table.hash})


def _course_of(ready: Prepared) -> str:
    """What trials depend on: a journal noted under anything else is not read."""
    asked = {"settings": ready.settings.lasting, "data": ready.table.hash, "versions": versions()}
    return json.dumps(asked, sort_keys=True)
