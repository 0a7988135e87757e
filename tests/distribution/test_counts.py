import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.distribution import Distribution, analyze, effective_number
from evenkeel.errors import InvalidInput, InvalidType


def named(distribution):
    return [item.what for item in distribution.advice]


def test_known_9000_900_100():
    found = Distribution.of_counts([9000, 900, 100])
    assert (found.ratio, found.severity) == (90.0, "significant")
    assert found.shares == (0.9, 0.09, 0.01)
    assert (found.majority, found.minority) == (0, 2)


def test_known_8000_1500_500_weights_with_sampling_then_focal():
    found = Distribution.of_counts([8000, 1500, 500])
    assert (found.ratio, found.severity) == (16.0, "significant")
    what = named(found)
    assert what[0] == "class weights with partial sampling"
    assert what.index("focal loss") > 0


def test_known_95_5_is_19_to_1():
    found = analyze(["no"] * 95 + ["yes"] * 5)
    assert found.ratio == 19.0
    assert "19:1" in found.summary()


@pytest.mark.parametrize(
    ("counts", "severity", "first"),
    [
        ([299, 100], "mild", "standard training"),
        ([300, 100], "moderate", "class weights"),
        ([999, 100], "moderate", "class weights"),
        ([2000, 100], "significant", "class weights with partial sampling"),
        ([2001, 100], "significant", "partial sampling with residual weights"),
        ([9999, 100], "significant", "partial sampling with residual weights"),
        ([10000, 100], "extreme", "several techniques together"),
    ],
)
def test_severity_and_first_advice(counts, severity, first):
    found = Distribution.of_counts(counts)
    assert found.severity == severity
    assert named(found)[0] == first


@pytest.mark.parametrize(
    ("counts", "known", "expected"),
    [
        ([99_000, 1_000], {}, "undersampling or weights"),
        ([400, 40], {"kind": "image"}, "oversampling with augmentation, or weights"),
        ([5_000, 500], {"numeric": True}, "SMOTE"),
        ([5_000, 500], {"numeric": True, "kind": "table"}, "SMOTE"),
        ([5_000, 500], {"complex_minority": True}, "oversampling"),
        ([5_000, 1_000], {"kind": "dense"}, "focal loss"),
        ([50_000, 100], {}, "focal loss"),
        ([50_000, 100], {}, "reconsider the problem"),
    ],
)
def test_advice_from_size_and_kind(counts, known, expected):
    assert expected in named(Distribution.of_counts(counts, **known))


@pytest.mark.parametrize(
    ("counts", "known", "absent"),
    [
        ([5_000, 500], {}, "SMOTE"),
        ([5_000, 500], {"numeric": False}, "SMOTE"),
        ([500, 49], {"numeric": True}, "SMOTE"),
        ([5_000, 500], {"numeric": True, "kind": "text"}, "SMOTE"),
        ([5_000, 1_000], {}, "focal loss"),
        ([5_000, 500], {}, "undersampling or weights"),
        ([5_000, 500], {}, "oversampling with augmentation, or weights"),
        ([200, 100], {"numeric": True, "kind": "dense"}, "focal loss"),
    ],
)
def test_advice_that_does_not_apply_is_not_given(counts, known, absent):
    assert absent not in named(Distribution.of_counts(counts, **known))


@given(st.lists(st.integers(1, 10**7), min_size=2, max_size=6), st.booleans(), st.booleans())
def test_advice_ends_with_who_decides_and_never_repeats(counts, numeric, knotted):
    found = Distribution.of_counts(counts, numeric=numeric, complex_minority=knotted)
    what = named(found)
    assert what[-1] == "a measured comparison"
    assert "starting point" in found.advice[-1].why
    assert len(set(what)) == len(what) >= 2


def test_summary_and_dict_hold_the_same():
    found = analyze(np.repeat([0, 1], [990, 10]))
    assert "990" in found.summary()
    assert found.advice[0].why in found.summary()
    facts = json.loads(json.dumps(found.to_dict()))
    assert facts["classes"][1] == {"label": 1, "count": 10, "share": 0.01}
    assert facts["rows"] == 1000
    assert facts["severity"] == "significant"
    assert facts["advice"][0] == {"what": found.advice[0].what, "why": found.advice[0].why}


def test_labels_of_a_mapping_are_kept():
    assert Distribution.of_counts({"b": 4, "a": 12}).classes == ("b", "a")


@pytest.mark.parametrize(
    ("y", "message"),
    [(["x"] * 7, "one class, 'x', in 7 rows"), ([0.1, 0.2], "continuous"), ([], "no rows")],
)
def test_analyze_refuses(y, message):
    with pytest.raises(InvalidInput, match=message):
        analyze(y)


@pytest.mark.parametrize("counts", [[], [5], [5, 0], [5, -1], [5, 2.5]])
def test_of_counts_refuses(counts):
    with pytest.raises(InvalidInput):
        Distribution.of_counts(counts)


def test_of_counts_refuses_words_and_unknown_kinds():
    with pytest.raises(InvalidType, match="count of class 1"):
        Distribution.of_counts([5, "many"])
    with pytest.raises(InvalidInput, match="Did you mean 'table'"):
        Distribution.of_counts([5, 5], kind="tabel")


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999, None])
def test_effective_number_is_the_sum_of_its_series(beta):
    counts = [1, 2, 60, 800]
    used = (sum(counts) - 1) / sum(counts) if beta is None else beta
    slow = [sum(used**power for power in range(n)) for n in counts]
    np.testing.assert_allclose(effective_number(counts, beta=beta), slow, rtol=1e-12)
    assert Distribution.of_counts(counts).effective_number == tuple(effective_number(counts))


def test_effective_number_is_stable_where_the_plain_formula_is_not():
    counts = [10**12, 3]
    got = effective_number(counts)
    # with beta = (N - 1) / N and n << N, E_n = n - n (n - 1) / (2 N) + ...
    np.testing.assert_allclose(got[1], 3 - 3 / 1e12, rtol=1e-15)
    np.testing.assert_allclose(got[0], 1e12 * -np.expm1(-1), rtol=1e-9)


@pytest.mark.parametrize("beta", [1.0, -0.1, float("nan")])
def test_effective_number_refuses_beta(beta):
    with pytest.raises(InvalidInput, match="beta of effective_number"):
        effective_number([5, 5], beta=beta)
