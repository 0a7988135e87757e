"""One thread: the machine is shared, and small tensors gain nothing from more."""

import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch.set_num_threads(1)
