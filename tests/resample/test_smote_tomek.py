import imblearn.combine as peer
import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.errors import InvalidType
from evenkeel.resample import SMOTE
from evenkeel.resample.chain import Chain
from evenkeel.resample.smote_tomek import SMOTETomek
from evenkeel.resample.tomek_links import TomekLinks

rng = np.random.default_rng(0)
Y = rng.permutation(np.repeat([0, 1, 2], [200, 60, 30]))
X = rng.normal(size=(290, 4)) + Y[:, None]
WORDS = np.array(["many", "some", "few"])[Y]


@pytest.mark.parametrize("strategy", ["auto", "minority", {0: 210, 2: 100}])
@pytest.mark.parametrize("kind", [np.asarray, np.float32])
def test_equals_imbalanced_learn(strategy, kind):
    given_ = {"sampling_strategy": strategy}
    ours = SMOTETomek(**given_, random_state=np.random.RandomState(3))
    theirs = peer.SMOTETomek(**given_, random_state=np.random.RandomState(3))
    X_new, y_new = ours.fit_resample(kind(X), Y)
    X_peer, y_peer = theirs.fit_resample(kind(X), Y)
    np.testing.assert_array_equal(X_new, X_peer)
    np.testing.assert_array_equal(y_new, y_peer)
    assert X_new.dtype == X_peer.dtype


def test_is_the_chain_that_it_says():
    chain = Chain([SMOTE(), TomekLinks(sampling_strategy="all")], random_state=0)
    ours = SMOTETomek(random_state=0)
    for table in (X, sp.csr_matrix(X)):
        got, expected = (each.fit_resample(table, WORDS) for each in (ours, chain))
        parts = [part.toarray() if sp.issparse(part) else part for part in (got[0], expected[0])]
        np.testing.assert_array_equal(*parts)
        np.testing.assert_array_equal(got[1], expected[1])
    assert ours.sampling_strategy_ == ours.smote_.sampling_strategy_ == {"few": 170, "some": 140}
    assert not hasattr(ours, "sample_indices_")


def test_steps_may_be_given():
    smote, tomek = SMOTE(k_neighbors=2, random_state=1), TomekLinks(sampling_strategy="majority")
    ours = SMOTETomek(smote=smote, tomek=tomek, random_state=0)
    X_new, _ = ours.fit_resample(X, Y)
    expected = TomekLinks(sampling_strategy="majority").fit_resample(*smote.fit_resample(X, Y))[0]
    np.testing.assert_array_equal(X_new, expected)
    assert ours.smote_ is not smote
    assert ours.get_params()["smote__k_neighbors"] == 2
    assert SMOTETomek(n_jobs=2).fit(X, Y).tomek_.n_jobs == 2
    foreign = SMOTETomek(smote=imblearn.over_sampling.SMOTE())
    with pytest.raises(InvalidType, match=r"step 'smote' of SMOTETomek must have plan\(X, y\)"):
        foreign.fit_resample(X, Y)


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_rows_left_are_rows_of_the_table_or_lie_between_two(seed):
    plan = SMOTETomek(random_state=seed).plan(X, Y)
    X_new, y_new, origin = plan.apply(X, Y, np.arange(290))
    made = plan.rows >= 290
    np.testing.assert_array_equal(X_new[~made], X[origin[~made]])
    np.testing.assert_array_equal(y_new, Y[origin])
    for label in (1, 2):
        rows, own = X_new[made & (y_new == label)], X[label == Y]
        assert ((rows >= own.min(axis=0)) & (rows <= own.max(axis=0))).all()
