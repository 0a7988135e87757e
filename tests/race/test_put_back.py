"""Models on one scale: put back by a known factor, saved and read like any other."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

from evenkeel.export.skops_file import load_model, save_model
from evenkeel.race.put_back import PutBack, put_back
from evenkeel.resample import RandomUnderSampler
from evenkeel.resampled import Resampled
from evenkeel.wrappers import Weighted


@pytest.fixture(scope="module")
def table():
    return make_classification(900, weights=[0.9], random_state=0)


def test_weights_and_resampling_say_what_each_class_weighed(table):
    X, y = table
    assert np.array_equal(Resampled(LogisticRegression(), None).fit(X, y).totals_, np.bincount(y))
    under = Resampled(LogisticRegression(), RandomUnderSampler(random_state=0)).fit(X, y)
    assert under.totals_.tolist() == [y.sum(), y.sum()]
    weighted = Weighted(LogisticRegression()).fit(X, y)
    assert np.ptp(weighted.totals_) == pytest.approx(0, abs=1e-9)
    both = Resampled(Weighted(LogisticRegression()), RandomUnderSampler(random_state=0))
    assert np.ptp(both.fit(X, y).totals_) == pytest.approx(0, abs=1e-9)


def test_a_model_put_back_is_saved_and_read_without_what_trained_it(table, tmp_path):
    X, y = table
    fitted = Resampled(LogisticRegression(), RandomUnderSampler(random_state=0)).fit(X, y)
    model = put_back(fitted, np.bincount(y))
    assert isinstance(model, PutBack)
    assert isinstance(model.estimator, LogisticRegression)
    save_model(model, tmp_path / "model.skops")
    again = load_model(tmp_path / "model.skops")
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(again.predict(X), model.predict(X))


def test_ranks_and_classes_stay_as_they_are(table):
    X, y = table
    fitted = Weighted(LogisticRegression()).fit(X, np.array(["no", "yes"])[y])
    model = put_back(fitted, np.bincount(y))
    raw, put = fitted.predict_proba(X)[:, 1], model.predict_proba(X)[:, 1]
    assert np.array_equal(np.argsort(raw, kind="stable"), np.argsort(put, kind="stable"))
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.n_features_in_ == X.shape[1]
    assert set(model.predict(X)) == {"no", "yes"}


def test_what_says_nothing_of_its_shares_is_left_alone(table):
    X, y = table
    plain = LogisticRegression().fit(X, y)
    assert put_back(plain, np.bincount(y)) is plain
    assert clone(PutBack(plain, (0.5, 0.5), (0.9, 0.1))).get_params()["was"] == (0.5, 0.5)
