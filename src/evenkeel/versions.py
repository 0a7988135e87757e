"""Versions that figures and models depend on: what a run notes, and whether they are still here."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import Any

import evenkeel
from evenkeel._checks import listed

LIBRARIES = ("numpy", "scipy", "scikit-learn", "lightgbm", "skrub", "polars", "pandas", "skops")
_SHAPE_MODELS = ("evenkeel", "scikit-learn", "lightgbm", "skrub")


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that figures depend on."""
    return {
        "evenkeel": evenkeel.__version__,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def moved_on(made: Any) -> str:
    """Which libraries that shape a model have another minor version than ``made`` names; or nothing.

    >>> moved_on(versions()), moved_on(versions() | {"skrub": "0.0.1"})[:28]
    ('', 'it was made with skrub 0.0.1')
    """
    if not isinstance(made, dict):
        return ""
    here = versions()
    moved = [name for name in _SHAPE_MODELS if _minor(made.get(name)) != _minor(here[name])]
    if not moved:
        return ""
    told = listed(f"{name} {made.get(name)} (here {here[name]})" for name in moved)
    return f"it was made with {told}. Install those versions, or make the run again"


def _minor(version: Any) -> list[str]:
    return str(version).split(".")[:2]
