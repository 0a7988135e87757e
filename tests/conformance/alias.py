"""A pytest plugin: imbalanced-learn's own tests, run against the resamplers of evenkeel.

Every public name of ``evenkeel.resample`` that imbalanced-learn has too takes the place of its
counterpart in all of its modules, before its tests are collected. What deviates on purpose stands
in ``deviations.toml`` with its reason: those tests must fail, and no others may.
"""

import fnmatch
import importlib
import pkgutil
import sys
import tomllib
from pathlib import Path

import imblearn
import pytest
from imblearn.base import SamplerMixin
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.under_sampling.base import BaseCleaningSampler, BaseUnderSampler
from imblearn.utils._test_common import instance_generator

import evenkeel.resample

DEVIATIONS = Path(__file__).with_name("deviations.toml")
ABSTRACT = (SamplerMixin, BaseOverSampler, BaseUnderSampler, BaseCleaningSampler)
TABLES = ("INIT_PARAMS", "PER_ESTIMATOR_CHECK_PARAMS", "PER_ESTIMATOR_XFAIL_CHECKS")


def peers():
    """Pairs of their class and ours, by name."""
    for package in ("over_sampling", "under_sampling", "combine"):
        module = importlib.import_module(f"imblearn.{package}")
        for name in module.__all__:
            if hasattr(evenkeel.resample, name):
                yield getattr(module, name), getattr(evenkeel.resample, name)


def take_the_place(of, ours):
    """Rebind a class everywhere, and let it pass for the old one and its abstract bases."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "imblearn":
            for attribute, value in list(vars(module).items()):
                if value is of:
                    setattr(module, attribute, ours)
    for base in (of, *ABSTRACT):
        if issubclass(of, base):
            base.register(ours)


def swapped(value, ours):
    """Tables of the common checks with classes and ready-made instances exchanged."""
    if isinstance(value, dict):
        return {swapped(key, ours): swapped(item, ours) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(swapped(item, ours) for item in value)
    if isinstance(value, type):
        return ours.get(value, value)
    if type(value) in ours:
        return ours[type(value)](**value.get_params(deep=False))
    return value


for found in pkgutil.walk_packages(imblearn.__path__, "imblearn."):
    if not any(part in found.name for part in ("tests", "keras", "tensorflow")):
        importlib.import_module(found.name)
OURS = dict(peers())
for theirs, mine in OURS.items():
    take_the_place(theirs, mine)
for table in TABLES:
    setattr(instance_generator, table, swapped(getattr(instance_generator, table), OURS))
instance_generator.SKIPPED_ESTIMATORS[:] = swapped(instance_generator.SKIPPED_ESTIMATORS, OURS)


def pytest_collection_modifyitems(items):
    """Expect each deviation to fail."""
    names = [ours.__name__ for ours in OURS.values()]
    unknown = []
    for one in tomllib.loads(DEVIATIONS.read_text())["deviation"]:
        patterns = {one["test"].replace("{class}", name) for name in names}
        known = False
        for item in items:
            name = f"{item.module.__name__}::{item.name}"
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
                item.add_marker(pytest.mark.xfail(reason=one["reason"], strict=True))
                known = True
        if not known:
            unknown.append(one["test"])
    if unknown:
        raise pytest.UsageError(f"{DEVIATIONS.name} names tests that there are not: {unknown}")


def pytest_report_header():
    """Say what is measured."""
    return f"imbalanced-learn {imblearn.__version__}: {len(OURS)} classes of evenkeel in place"
