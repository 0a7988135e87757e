"""Where the real data files are, and how property tests run."""

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

collect_ignore = ["conformance"]  # a plugin for another test suite, see make conformance
ROOT = Path(__file__).resolve().parents[1]

# A loaded machine is no failure, and the same commit gives the same verdict every time.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")


def pytest_collection_modifyitems(items):
    """Tests marked gpu run where CUDA is present, and are skipped elsewhere."""
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and not _has_cuda():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no CUDA device"))


def _has_cuda():
    if find_spec("torch") is None:
        return False
    import torch

    return torch.cuda.is_available()


@pytest.fixture(scope="session")
def data_dir():
    """The folder of real data: EVENKEEL_DATA, else ../shared/data; absent, the test is skipped."""
    folder = Path(os.environ.get("EVENKEEL_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "tables").is_dir():
        pytest.skip(f"real data files are not at {folder}; set EVENKEEL_DATA")
    return folder
