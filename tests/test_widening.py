"""Intervals of rows in groups: against slow loops, copies of rows, and the truth of simulated tables."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from benchmarks.grouped_coverage import coverage
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from evenkeel.intervals import wilson
from evenkeel.untouched import untouched
from evenkeel.widening import (
    group_sums,
    in_groups,
    rate_interval,
    told_widening,
    widen,
    widening,
)

pulls_in_groups = st.lists(
    st.tuples(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), st.integers(0, 6)),
    min_size=1, max_size=40,
)  # fmt: skip


def freedom(pull, ids, classes):
    """Satterthwaite's degrees of freedom in loops: those of each class by its part of the variance."""
    total = parts = 0.0
    for code in set(classes):
        own = [at for at, held in enumerate(classes) if held == code]
        part = sum(pull[at] ** 2 for at in own)
        sizes = Counter(ids[at] for at in own).values()
        free = sum(sizes) ** 2 / sum(size**2 for size in sizes) - 1
        total += part
        parts += part**2 / max(free, 1e-9)
    return max(total**2 / parts, 0.5)


def by_hand(pull, groups, classes, *, stratified=False):
    """The factor in loops."""
    members = {}
    for value, group in zip(pull, groups, strict=True):
        members.setdefault(group, []).append(value)
    free, free_rows = (freedom(pull, ids, classes) for ids in (groups, range(len(pull))))
    by_groups = sum(sum(values) ** 2 for values in members.values())
    by_groups *= (1 + 1 / free) / (1 + 1 / free_rows)
    by_rows = base = sum(value**2 for value in pull)
    if stratified:
        base = 0.0
        for code in set(classes):
            own = [value for value, held in zip(pull, classes, strict=True) if held == code]
            base += sum((value - sum(own) / len(own)) ** 2 for value in own)
        base = max(base, by_rows / 2)
    effect = max(1.0, 1.0 + (by_groups - by_rows) / base)
    return math.sqrt(effect) * max(1.0, t.ppf(0.975, free) / t.ppf(0.975, free_rows))


@pytest.mark.parametrize("seed", range(5))
def test_the_factor_is_that_of_a_slow_loop(seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 30, 200) * 3  # some codes have no row
    pull = rng.normal(size=30)[groups // 3] + rng.normal(size=200)
    classes = rng.integers(0, 3, 200)
    assert widening(pull, groups, classes) == pytest.approx(by_hand(pull, groups, classes))
    pull += 0.7 * classes
    found = widening(pull, groups, classes, stratified=True)
    assert found == pytest.approx(by_hand(pull, groups, classes, stratified=True))
    sums, sizes = group_sums(pull[None], groups)
    there = np.unique(groups)
    assert sums[0] == pytest.approx([pull[groups == group].sum() for group in there])
    assert sizes.tolist() == [int((groups == group).sum()) for group in there]


def test_groups_whose_rows_balance_one_another_make_nothing_narrower():
    pull, groups = np.tile([1.0, -1.0], 500), np.repeat(np.arange(500), 2)
    assert widening(pull, groups, np.zeros(1000, int)) == pytest.approx(1.0, abs=0.002)
    assert widening(pull, groups, np.zeros(1000, int)) >= 1.0


def test_nothing_to_tell_by_widens_nothing():
    pull, one = np.array([1.0, -1.0, 0.0]), np.zeros(3, int)
    assert widening(pull, None, one) == widening(pull, np.array([2, 0, 1]), one) == 1.0
    assert widening(np.zeros(3), one, one) == widening(np.full(3, np.nan), one, one) == 1.0
    assert not in_groups(np.array([], int))


def test_scores_that_know_nothing_are_not_widened_beyond_reason():
    classes = np.tile([1, 1, 0, 0, 0, 0, 0, 0], 50)
    flat = np.where(classes == 1, 3.0, -1.0)  # what such scores pull
    assert widening(flat, np.arange(400) // 2, classes, stratified=True) < 2


@given(pulls_in_groups, st.integers(1, 5))
def test_copies_widen_by_the_root_of_their_number_at_least(rows, copies):
    pull, groups = (np.array(part) for part in zip(*rows, strict=True))
    pull, many = pull.astype(float), np.tile(np.arange(len(pull)), copies)
    found = widening(np.tile(pull, copies), many, np.zeros(many.size, int))
    assert found >= (math.sqrt(copies) if np.any(pull) else 1.0) - 1e-9
    one = np.zeros(len(pull), int)
    once = widening(pull, groups, one)
    assert once == pytest.approx(
        by_hand(pull, groups, one) if in_groups(groups) and pull.any() else 1
    )
    named_anew = np.random.default_rng(0).permutation(7)[groups]
    assert widening(pull, named_anew, one) == pytest.approx(once)


@pytest.mark.parametrize(
    ("groups", "least"),
    [
        (np.arange(60).repeat(10), 0.92),
        (np.arange(5).repeat(20), 0.92),
        (np.append(np.arange(30).repeat(3), np.full(90, 30)), 0.9),
    ],
    ids=["60 alike", "5 alike", "one holds half"],
)
def test_few_and_unequal_groups_are_allowed_for(groups, least):
    """The mean of rows that share half of their noise within groups."""
    held = []
    for seed in range(400):
        rng = np.random.default_rng([5, seed])
        x = rng.normal(size=groups.max() + 1)[groups] + rng.normal(size=groups.size)
        pull, half = x - x.mean(), 1.96 * x.std() / math.sqrt(x.size)
        factor = widening(pull, groups, np.zeros(x.size, int))
        low, high = widen(x.mean() - half, x.mean() + half, float(x.mean()), factor)
        held.append(low <= 0 <= high)
    assert np.mean(held) >= least


@given(st.integers(1, 6), st.integers(2, 12), st.integers(0, 10**6))
def test_of_a_rate_fewer_hits_never_make_a_higher_lower_end(size, n_groups, seed):
    groups = np.arange(n_groups).repeat(size)
    order = np.random.default_rng(seed).permutation(groups.size)
    lows = []
    for misses in range(min(6, groups.size)):
        hit = np.ones(groups.size, bool)
        hit[order[:misses]] = False
        lows.append(rate_interval(hit, groups)[0])
    assert all(fewer <= more + 0.03 for more, fewer in pairwise(lows)), lows


@given(st.data())
def test_a_widened_interval_holds_the_other_and_stays_where_the_figure_can_be(data):
    ends = sorted(data.draw(st.lists(st.floats(-1, 1), min_size=3, max_size=3)))
    factor = data.draw(st.floats(1, 1e6))
    low, high = widen(ends[0], ends[2], ends[1], factor, within=(-1.0, 1.0))
    assert -1 <= low <= ends[0] <= ends[2] <= high <= 1
    assert low == pytest.approx(max(-1.0, ends[1] - factor * (ends[1] - ends[0])))
    assert high == pytest.approx(min(1.0, ends[1] + factor * (ends[2] - ends[1])))
    more = widen(ends[0], ends[2], ends[1], 1.5 * factor, within=(-1.0, 1.0))
    assert more[0] <= low + 1e-12
    assert more[1] >= high - 1e-12
    assert widen(ends[0], ends[2], ends[1], 1.0) == (ends[0], ends[2])


def test_what_is_undefined_stays_undefined():
    assert np.isnan(widen(math.nan, math.nan, 0.5, 2.0)).all()
    assert widen(0.1, 0.9, math.nan, 2.0) == (0.1, 0.9)
    assert widen(-0.2, 0.9, 0.5, 2.0, within=(0.0, 1.0)) == (-0.2, 1.0), "never narrower"


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=60))
def test_a_rate_counts_as_many_rows_as_it_is_worth(rows):
    hit = np.array([one for one, _ in rows], bool)
    groups = np.array([group for _, group in rows], np.int64)
    plain = wilson(int(hit.sum()), len(hit))
    low, high, factor = rate_interval(hit, groups)
    assert 0 <= low <= plain[0] + 1e-12
    assert plain[1] - 1e-12 <= high <= 1
    if in_groups(groups):
        sizes = np.bincount(groups)
        mates = (sizes**2).sum() / len(hit)
        free = max(len(hit) / mates - 1, 0.5)
        of_t = max(1.0, t.ppf(0.975, free) / t.ppf(0.975, len(hit) - 1))
        if hit.all() or not hit.any():
            assert factor == pytest.approx(math.sqrt(mates) * of_t), "each group counts once"
        assert factor >= of_t * (1 - 1e-12)
    assert (low, high) == pytest.approx(wilson(hit.sum() / factor**2, len(hit) / factor**2))
    assert rate_interval(hit) == (*plain, 1.0) == rate_interval(hit, np.arange(len(hit)))


def test_groups_make_intervals_hold_the_truth_which_rows_alone_miss():
    for name, (by_rows, by_groups) in coverage(250).items():
        assert by_groups >= 0.9, (name, by_groups)
        assert by_rows < 0.8, (name, by_rows, "else there was nothing to widen for")


def copied(k, n=900):
    rng = np.random.default_rng(3)
    y = (rng.random(n) < 0.15).astype(np.int64)
    p = 1 / (1 + np.exp(-(rng.normal(size=n) + 1.5 * y - 2)))
    rows = np.repeat(np.arange(n), k)
    y, proba, labels = y[rows], np.stack([1 - p, p], axis=1)[rows], (p > 0.25).astype(int)[rows]
    costs = np.stack([9.0 * y, 1.0 * (y == 0)], axis=1)
    return (y, proba, labels, ("no", "yes")), {"costs": costs, "groups": rows}


def test_copies_of_every_row_leave_the_intervals_as_they_were():
    given, more = copied(1)
    once = untouched(*given, costs=more["costs"])
    assert untouched(*given, **more) == once, "groups of one row change no bit"
    given, more = copied(4)
    found = untouched(*given, **more)
    narrow = untouched(*given, costs=more["costs"])
    for name in ("recall", "precision", "specificity", "cost", "average_precision"):
        low, high = f"{name}_low", f"{name}_high"
        assert found[high] - found[low] == pytest.approx(once[high] - once[low], rel=0.1), name
        assert narrow[high] - narrow[low] < 0.6 * (once[high] - once[low]), name
        if name != "average_precision":
            assert found[f"{name}_widened"] == pytest.approx(2, rel=0.02), name
        assert f"{name}_widened" not in once
    # Draws within classes hold a little less than all of the variance.
    assert 2 <= found["average_precision_widened"] < 2.4
    for label, one in found["per_class"].items():
        assert one["recall_low"] == pytest.approx(once["per_class"][label]["recall_low"], rel=0.02)


def test_several_classes_are_widened_too():
    rng = np.random.default_rng(0)
    y = np.repeat(rng.choice(3, 200, p=[0.6, 0.25, 0.15]), 5)
    raw = np.exp(np.repeat(rng.normal(size=(200, 3)), 5, axis=0) + 1.5 * np.eye(3)[y])
    proba = raw / raw.sum(axis=1, keepdims=True)
    given = (y, proba, proba.argmax(axis=1), ("a", "b", "c"))
    found = untouched(*given, groups=np.repeat(np.arange(200), 5))
    plain = untouched(*given)
    assert found["average_precision_widened"] > 2
    assert found["average_precision_low"] < plain["average_precision_low"]
    assert found["average_precision_high"] > plain["average_precision_high"]
    assert found["per_class"]["b"]["recall_widened"] >= 5**0.5


def test_it_is_said_in_a_sentence():
    assert told_widening("card", 1.0004).endswith("here they are as wide as for independent rows.")
    assert told_widening("card", None) == "Intervals allow for rows of one card being alike."
    later = told_widening("card", 2.0, tested=False)
    assert later.startswith(
        "Intervals of the comparison allow for rows of one card being alike: 2 "
    )
    assert later.endswith(" Those of the rows that the decision is judged on do not.")
