"""EasyEnsemble: AdaBoost on balanced draws."""

import numpy as np
from sklearn.ensemble import AdaBoostClassifier
from sklearn.metrics import average_precision_score

from evenkeel.ensemble import EasyEnsembleClassifier


def test_members_are_boosted_on_all_rare_rows_and_as_many_others():
    random = np.random.default_rng(0)
    y = (random.permutation(2000) < 80).astype(int)
    X = random.normal(size=(2000, 4)) + y[:, None]
    easy = EasyEnsembleClassifier(4, random_state=0).fit(X, y)
    for rows in easy.estimators_samples_:
        assert np.array_equal(rows[y[rows] == 1], np.flatnonzero(y))
        assert rows.size == 160
    assert average_precision_score(y, easy.predict_proba(X)[:, 1]) > 0.5
    other = EasyEnsembleClassifier(2, AdaBoostClassifier(n_estimators=5), random_state=0).fit(X, y)
    assert all(isinstance(one, AdaBoostClassifier) for one in other.estimators_)
