"""Accelerate collects garbage after each training: what was imported need not be looked at again."""

import gc

import pytest

pytest.importorskip("transformers")


@pytest.fixture(scope="session", autouse=True)
def _imports_are_no_garbage():
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()
