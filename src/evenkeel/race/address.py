"""Whether anything listens at an address, before a library waits for it for minutes."""

from __future__ import annotations

import socket

from evenkeel.errors import InvalidInput

PATIENCE = 5  # seconds


def reach(where: str, kind: str, given: str) -> None:
    """Raise unless something listens at ``host:port``.

    Parameters
    ----------
    where
        ``host:port``.
    kind
        Name of the cluster's software.
    given
        The address as the user wrote it.

    Raises
    ------
    InvalidInput
        It is no such address, or nothing listens there.
    """
    host, _, port = where.rpartition(":")
    rule = f"address of the race must be a {kind} cluster that answers. Got {given!r}"
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise InvalidInput(f"{rule}, which is not host:port.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
    except OSError as error:
        why = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
        raise InvalidInput(
            f"{rule}, where nothing listens ({why}). Check the host, the port and the firewall."
        ) from error
