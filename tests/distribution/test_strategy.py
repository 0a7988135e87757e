import re
from collections import Counter, OrderedDict

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.utils import check_sampling_strategy

from evenkeel.distribution import Ratio, wanted, wanted_ratio
from evenkeel.errors import InvalidInput, InvalidType

KINDS = {"over": "over-sampling", "under": "under-sampling", "clean": "clean-sampling"}
NAMES = ["auto", "all", "minority", "not minority", "majority", "not majority"]
COUNTS = st.lists(st.integers(1, 60), min_size=2, max_size=4)


def peer(strategy, counts, kind):
    y = np.repeat(np.arange(len(counts)), counts)
    try:
        return dict(check_sampling_strategy(strategy, y, KINDS[kind]))
    except ValueError:
        return None


def ours(strategy, counts, kind):
    try:
        return wanted(strategy, dict(enumerate(counts)), kind=kind)
    except InvalidInput:
        return None


@given(COUNTS, st.sampled_from(NAMES), st.sampled_from(sorted(KINDS)))
def test_names_equal_imbalanced_learn(counts, name, kind):
    assert ours(name, counts, kind) == peer(name, counts, kind)


@given(
    st.lists(st.integers(1, 300), min_size=2, max_size=3),
    st.floats(0.01, 1.0),
    st.sampled_from(sorted(KINDS)),
)
def test_numbers_equal_imbalanced_learn(counts, ratio, kind):
    assert ours(ratio, counts, kind) == peer(ratio, counts, kind)


@given(
    st.lists(st.integers(1, 9), min_size=3, max_size=3),
    st.dictionaries(st.integers(0, 3), st.integers(-1, 12), min_size=1),
    st.sampled_from(sorted(KINDS)),
)
def test_mappings_equal_imbalanced_learn(counts, final, kind):
    assert ours(final, counts, kind) == peer(final, counts, kind)


@given(st.lists(st.integers(0, 3), min_size=1, unique=True), st.sampled_from(sorted(KINDS)))
def test_lists_equal_imbalanced_learn(labels, kind):
    assert ours(labels, [5, 9, 7], kind) == peer(labels, [5, 9, 7], kind)


def test_the_order_is_that_of_the_counts():
    final = OrderedDict([("c", 9), ("a", 9)])
    assert list(wanted(final, {"a": 1, "b": 9, "c": 2})) == ["a", "c"]


def test_a_callable_is_given_the_target():
    y = ["a"] * 9 + ["b"] * 3
    found = wanted(
        lambda labels: {"a": int((labels == "b").sum())}, {"a": 9, "b": 3}, kind="under", y=y
    )
    assert found == {"a": 3}
    with pytest.raises(InvalidType, match="must return a mapping"):
        wanted(lambda labels: 3, {"a": 9, "b": 3}, y=y)


Y = np.repeat([0, 1], [6, 2])


@pytest.mark.parametrize(
    "y",
    [
        Y, Y.tolist(), Y[:, None], np.eye(2, dtype=int)[Y], pd.Series(Y), pd.DataFrame({"y": Y}),
        pl.Series(Y), pa.array(Y), pd.Series(Y).astype("category"),
    ],
    ids=["array", "list", "column", "one-hot", "Series", "frame", "polars", "pyarrow", "category"],
)  # fmt: skip
def test_a_callable_gets_one_array_of_labels_whatever_the_target_is(y):
    seen = []

    def ask(labels):
        seen.append(labels)
        return dict.fromkeys(Counter(labels.tolist()), int((labels == 0).sum()))

    assert wanted(ask, {0: 6, 1: 2}, y=y) == {0: 0, 1: 4}
    assert isinstance(seen[0], np.ndarray)
    np.testing.assert_array_equal(seen[0], Y)


def test_labels_of_several_types_stay_what_they_are():
    seen = []
    wanted(lambda labels: seen.append(labels) or {"a": 5}, {1: 5, "a": 2}, y=[1] * 5 + ["a"] * 2)
    assert seen[0].tolist() == [1] * 5 + ["a"] * 2


@pytest.mark.parametrize("found", [["a"], ("a",), {"a"}, {"a": 3}, np.array(["a"])])
def test_a_callable_of_a_cleaner_returns_classes(found):
    y = ["a"] * 9 + ["b"] * 3
    assert wanted(lambda labels: found, {"a": 9, "b": 3}, kind="clean", y=y) == {"a": 3}
    with pytest.raises(InvalidType, match="sampling_strategy of TomekLinks must return a list of"):
        wanted(lambda labels: 0.5, {"a": 9, "b": 3}, kind="clean", y=y, owner="TomekLinks")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_offered_is_taken_and_whose_it_is_is_said(kind):
    with pytest.raises(InvalidInput, match="sampling_strategy of Ours must be one of") as error:
        wanted("", {"a": 9, "b": 3}, kind=kind, owner="Ours")
    offered = re.findall("'([a-z ]+)'", str(error.value))
    assert len(offered) == 5
    for name in offered:
        wanted(name, {"a": 9, "b": 3}, kind=kind)


@pytest.mark.parametrize("value", [0.5, 1.2, Ratio(3), {"a": 2}])
def test_cleaners_say_at_once_that_numbers_are_not_for_them(value):
    with pytest.raises(InvalidInput, match="must be a name or a list of classes"):
        wanted(value, {"a": 9, "b": 3}, kind="clean")


@pytest.mark.parametrize(
    ("strategy", "kind", "message"),
    [
        ("minorty", "over", "Did you mean 'minority'"),
        ("majority", "over", "must not be 'majority'"),
        ("minority", "under", "must not be 'minority'"),
        (1.5, "over", "at most 1"),
        (0, "over", "above 0"),
        (0.2, "over", r"above the present ratio, 0\.3333"),
        (0.2, "under", "no rows to drop"),
        (0.5, "clean", "a name or a list"),
        ({"a": 8}, "over", "the class has 9 rows"),
        ({"a": 10}, "under", "the class has 9 rows"),
        ({"z": 10}, "over", "Got 'z', absent from it. Its classes: 'a', 'b'"),
        ({"a": 9}, "clean", "a name or a list"),
        (["a"], "over", "must not be a list"),
        (["z"], "clean", "absent"),
        (Ratio(0), "under", "above 0"),
        (Ratio(0.5), "clean", "a name or a list"),
    ],
)
def test_refusals_say_what_is_wrong(strategy, kind, message):
    with pytest.raises(InvalidInput, match=message):
        wanted(strategy, {"a": 9, "b": 3}, kind=kind)


@pytest.mark.parametrize("strategy", [None, True, {"a"}])
def test_other_types_are_refused(strategy):
    with pytest.raises(InvalidType):
        wanted(strategy, {"a": 9, "b": 3})


def test_a_number_is_for_two_classes_and_one_class_is_nothing():
    with pytest.raises(InvalidInput, match=r"Use Ratio\(0.5\)"):
        wanted(0.5, {"a": 9, "b": 3, "c": 1})
    with pytest.raises(InvalidInput, match="more than 1 class"):
        wanted("auto", {"a": 9})


@given(COUNTS, st.floats(0.01, 1.0))
def test_ratio_brings_every_class_within_it(counts, ratio):
    now = dict(enumerate(counts))
    kept = wanted(Ratio(ratio), now, kind="under")
    assert kept == wanted_ratio(now, ratio)
    assert all(kept[label] <= now[label] for label in now)
    assert min(kept.values()) == min(counts)
    assert max(kept.values()) <= min(counts) / ratio + 1e-6
    made = wanted(Ratio(ratio), now, kind="over")
    assert all(count >= 0 for count in made.values())
    final = [now[label] + made[label] for label in now]
    assert max(final) == max(counts)
    assert min(final) > max(counts) * ratio - 1


@pytest.mark.parametrize(
    ("counts", "ratio", "kind", "expected"),
    [
        ({0: 9000, 1: 900, 2: 50}, 0.1, "under", {0: 500, 1: 500, 2: 50}),
        ({0: 9000, 1: 900, 2: 50}, 0.5, "over", {0: 9000, 1: 4500, 2: 4500}),
        ({0: 9000, 1: 21}, 0.07, "under", {0: 300, 1: 21}),
        ({0: 100, 1: 5}, 0.29, "over", {0: 100, 1: 29}),
        ({0: 30, 1: 29}, 0.1, "under", {0: 30, 1: 29}),
    ],
)
def test_ratio_known_answers(counts, ratio, kind, expected):
    assert wanted_ratio(counts, ratio, kind=kind) == expected
