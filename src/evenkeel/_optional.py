"""Optional packages, imported where they are used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from evenkeel.errors import MissingDependency

if TYPE_CHECKING:
    from types import ModuleType


def need(module: str, *, extra: str | None) -> ModuleType:
    """Import an optional module, or raise with the exact line that installs it.

    Parameters
    ----------
    module
        Import name, such as ``"torch"``.
    extra
        The extra of evenkeel that brings it, such as ``"torch"``; None where there is none.

    Raises
    ------
    MissingDependency
        The module cannot be imported.

    Examples
    --------
    >>> need("json", extra="torch").__name__
    'json'
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module if extra is None else f"'evenkeel[{extra}]'"
        raise MissingDependency(
            f"{module} is needed here and cannot be imported ({error}). "
            f"Install it with: pip install {package}"
        ) from error
