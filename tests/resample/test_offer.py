import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

import evenkeel.resample
from evenkeel.errors import DoesNotApply, EvenkeelError, EvenkeelWarning, InvalidInput, InvalidType
from evenkeel.resample.offer import NothingOffered, check_reach, neighbors_offered
from evenkeel.resample.smote import SMOTE

Y = np.repeat([0, 1], [60, 20])
X = np.random.default_rng(0).integers(0, 9, size=(80, 3)).astype(float) + Y[:, None]
MAKERS = {
    "SMOTE": ("k_neighbors", {}),
    "SMOTENC": ("k_neighbors", {"categorical_features": [0]}),
    "SMOTEN": ("k_neighbors", {}),
    "KMeansSMOTE": ("k_neighbors", {"kmeans_estimator": 1}),
    "SVMSMOTE": ("k_neighbors", {}),
    "BorderlineSMOTE": ("m_neighbors", {}),
    "ADASYN": ("n_neighbors", {}),
}


def test_enough_rows_give_what_was_asked_for():
    assert neighbors_offered(SMOTE(k_neighbors=5), "k_neighbors", 6, "rare") == 5


@pytest.mark.parametrize(
    ("n_rows", "label", "within", "offered", "message"),
    [
        (5, "rare", "", 4, r"Class 'rare' has 5 rows, too few for k_neighbors=5 of SMOTE: .* is 4"),
        (1, 0, "", 0, "Class 0 has 1 row, .*: it has no neighbours"),
        (3, None, "", 2, "The table has 3 rows, too few"),
        (3, 1, "its largest cluster", 2, "Class 1 has 3 rows in its largest cluster, too few"),
    ],
)
def test_too_few_rows(n_rows, label, within, offered, message):
    with pytest.warns(EvenkeelWarning, match=message):
        assert neighbors_offered(SMOTE(), "k_neighbors", n_rows, label, within=within) == offered
    with pytest.raises(DoesNotApply, match="Lower k_neighbors"):
        neighbors_offered(SMOTE(strict=True), "k_neighbors", n_rows, label, within=within)


def test_nothing_offered_is_what_either_library_would_raise():
    for kind in (EvenkeelError, ValueError, RuntimeError, DoesNotApply):
        assert issubclass(NothingOffered, kind)


@pytest.mark.parametrize("name", MAKERS)
def test_every_engine_is_checked_alike(name):
    parameter, more = MAKERS[name]

    def fit(engine):
        make = getattr(evenkeel.resample, name)
        make(**{parameter: engine}, **more, random_state=0).fit_resample(X, Y)

    with pytest.raises(InvalidInput, match=f"{parameter} of {name} must find at least two rows"):
        fit(NearestNeighbors(n_neighbors=1))
    with pytest.raises((InvalidInput, NothingOffered), match=f"{name}.*|asks for 100"):
        fit(NearestNeighbors(n_neighbors=100))
    with pytest.raises(InvalidType, match=f"{parameter} of {name} .* no fit"):
        fit(type("Engine", (), {"kneighbors": None})())
    fit(NearestNeighbors(n_neighbors=3))


def test_warnings_point_at_the_line_that_called():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        SMOTE(k_neighbors=30, random_state=0).fit_resample(X, Y)
    assert [warning.filename for warning in told] == [__file__]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
def test_reach_is_that_of_the_type(dtype):
    top = np.finfo(dtype).max if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    points = np.full((3, 2), top, dtype)
    if np.dtype(dtype).itemsize == 2 or np.dtype(dtype).kind == "i":
        check_reach(points, "KMeansSMOTE")
        return
    for table in (points, sp.csr_array(points)):
        with pytest.raises(DoesNotApply, match="X of KMeansSMOTE must lie within"):
            check_reach(table, "KMeansSMOTE")
    check_reach(np.sqrt(points) / 8, "KMeansSMOTE")
    check_reach(points[:0], "KMeansSMOTE")


@pytest.mark.parametrize("name", ["SVMSMOTE", "KMeansSMOTE", "ClusterCentroids"])
def test_numbers_whose_squares_are_infinite_are_refused_by_what_squares_them(name):
    with pytest.raises(DoesNotApply, match=f"X of {name} must lie within"):
        getattr(evenkeel.resample, name)().fit_resample(X * 1e200, Y)


@pytest.mark.parametrize("method", sorted(MAKERS))
@pytest.mark.parametrize("engine", [NearestNeighbors, KNeighborsClassifier()])
def test_the_class_of_an_engine_and_a_classifier_are_refused(method, engine):
    name, more = MAKERS[method]
    resampler = getattr(evenkeel.resample, method)(**{name: engine}, **more)
    with pytest.raises(EvenkeelError, match=f"^{name} of {method} must be .* Got .*Neighbors"):
        resampler.fit_resample(X, Y)
