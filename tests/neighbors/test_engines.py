"""Every engine gives the same answer, and so does the engine as an object."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.neighbors import NearestNeighbors

from evenkeel.errors import InvalidInput
from evenkeel.neighbors import NeighborSearch, engines, neighbors
from evenkeel.resample import SMOTE, EditedNearestNeighbours

rng = np.random.default_rng(0)
TABLES = {
    "normal": rng.normal(size=(2500, 20)),
    "few columns": rng.normal(size=(2500, 3)),
    "grid": rng.integers(0, 3, size=(2500, 20)).astype(float),
    "repeated": np.repeat(rng.normal(size=(500, 15)), 5, axis=0),
    "float32": rng.normal(size=(2500, 20)).astype(np.float32),
}


def check_torch(X, monkeypatch):
    monkeypatch.setattr(engines, "AT_ONCE", 1 << 18)  # several pieces
    rows = rng.permutation(len(X))[:300]
    for k in (1, 7):
        index, distance = neighbors(X, rows, k=k)
        found, reach = neighbors(X, rows, k=k, engine="torch")
        np.testing.assert_array_equal(found, index)
        np.testing.assert_allclose(reach, distance, rtol=1e-12)


@pytest.mark.parametrize("table", TABLES)
def test_torch_finds_the_same_rows(table, monkeypatch):
    pytest.importorskip("torch")
    check_torch(TABLES[table], monkeypatch)


@pytest.mark.gpu
@pytest.mark.parametrize("table", TABLES)
def test_a_cuda_device_finds_the_same_rows(table, monkeypatch):
    import torch

    assert torch.cuda.is_available()
    check_torch(TABLES[table], monkeypatch)


def test_sparse_tables_stay_with_the_kernel():
    X = sp.csr_matrix(TABLES["normal"] * (TABLES["normal"] > 1))
    np.testing.assert_array_equal(
        neighbors(X, k=3, engine="torch")[0], neighbors(X.toarray(), k=3)[0]
    )


def test_an_unknown_engine_is_an_error():
    with pytest.raises(InvalidInput, match="engine of neighbors"):
        neighbors(TABLES["normal"], k=3, engine="cuda")


def test_the_object_answers_as_scikit_learn_does():
    X = TABLES["normal"]
    ours, theirs = NeighborSearch(4).fit(X), NearestNeighbors(n_neighbors=4).fit(X)
    for asked in (None, X[:50] + 0.1):
        for mine, other in zip(ours.kneighbors(asked), theirs.kneighbors(asked), strict=True):
            np.testing.assert_allclose(mine, other)
    sparse = NeighborSearch(4).fit(sp.csr_matrix(X))
    np.testing.assert_array_equal(
        sparse.kneighbors(sp.csr_matrix(X[:9]), return_distance=False),
        theirs.kneighbors(X[:9], return_distance=False),
    )


def test_the_object_stands_in_for_a_number():
    y = (np.arange(2500) % 10 == 0).astype(int)
    X = TABLES["normal"] + y[:, None]
    with_object = SMOTE(k_neighbors=NeighborSearch(6), random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(with_object[0], SMOTE(random_state=0).fit_resample(X, y)[0])
    cleaned = EditedNearestNeighbours(n_neighbors=NeighborSearch(4)).fit(X, y)
    np.testing.assert_array_equal(
        cleaned.fit_resample(X, y)[1], EditedNearestNeighbours().fit_resample(X, y)[1]
    )
