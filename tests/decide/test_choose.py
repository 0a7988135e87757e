import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.confusion import DECISION_METRICS, confusion_table, from_confusion
from evenkeel.decide import Decision, Policy, choose
from evenkeel.decide.goals import ONE_SIDED
from evenkeel.decide.threshold import FLAGS_ALL, FLAGS_NONE
from evenkeel.errors import InvalidInput, InvalidType

COSTS = Policy(cost_fn=7, cost_fp=2, cost_tp=1, cost_tn=0.5)
POLICIES = [
    COSTS,
    Policy(cost_fn="miss", cost_fp="alarm", cost_tp=1),
    *(Policy.metric(name) for name in (*DECISION_METRICS, "f0.5") if name not in ONE_SIDED),
    Policy.min_precision(0.3),
    Policy.min_precision(0.9),
    Policy.min_recall(0.5),
    Policy.min_recall(0.95),
    Policy(cost_fn=7, cost_fp=2, floor_of="recall", floor=0.6),
]


def value_of(policy, y, labels, columns):
    """What a policy wants, by its definition: higher is better."""
    costs = policy.row_costs(y, columns=columns)
    if costs is not None:
        return -float(costs[np.arange(len(y)), labels].sum())
    return float(from_confusion(policy.goal, confusion_table(y, labels)))


def brute_force(policy, y, score, columns):
    """The best value over all thresholds, and whether the minimum is kept there."""
    found = []
    for threshold in [2.0, *np.unique(score)]:
        labels = (score >= threshold).astype(int)
        value = value_of(policy, y, labels, columns)
        floor = None
        if policy.floor_of is not None:
            if policy.floor_of == "precision" and not labels.any():
                continue
            floor = float(from_confusion(policy.floor_of, confusion_table(y, labels)))
        found.append((value, floor))
    if policy.floor_of is None:
        return max(value for value, _ in found), None, True
    kept = [(value, floor) for value, floor in found if floor >= policy.floor - 1e-12]
    if kept:
        return *max(kept), True
    floor, value = max((floor, value) for value, floor in found)
    return value, floor, False


@given(
    st.sampled_from(POLICIES),
    st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 8), st.integers(0, 5), st.integers(0, 5)),
        min_size=2,
        max_size=30,
    ).filter(lambda rows: len({row[0] for row in rows}) == 2),
)
@settings(deadline=None, max_examples=300)
def test_the_exact_choice_is_the_best_of_all_thresholds(policy, rows):
    y, p, miss, alarm = (np.array(column) for column in zip(*rows, strict=True))
    p = p / 8
    columns = {"miss": miss + 1.5, "alarm": alarm + 1.0}
    found = policy.choose(y, p, columns=columns, n_boot=0)
    labels = found.apply(p, columns=columns)
    score = p if policy.costs is None else policy.costs.effective(p, columns=columns)
    value, floor, reached = brute_force(policy, y, score, columns)
    assert value_of(policy, y, labels, columns) == pytest.approx(value)
    assert found.reached == reached
    if floor is not None:
        kept = float(from_confusion(policy.floor_of, confusion_table(y, labels)))
        assert kept == pytest.approx(floor)
    assert [list(row) for row in found.confusion] == confusion_table(y, labels).tolist()
    assert Decision.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def calibrated(seed=0, n=60_000, centre=-4.0):
    rng = np.random.default_rng(seed)
    p = 1 / (1 + np.exp(-(centre + 1.6 * rng.normal(size=n))))
    return (rng.random(n) < p).astype(int), p


@pytest.mark.parametrize("costs", [(122, 4, 0, 0), (20, 1, 0, 0), (50, 5, 5, 0), (10, 3, 1, 1)])
def test_on_calibrated_scores_the_search_finds_elkans_threshold(costs):
    y, p = calibrated()
    policy = Policy(cost_fn=costs[0], cost_fp=costs[1], cost_tp=costs[2], cost_tn=costs[3])
    found = policy.choose(y, p)
    assert found.threshold == pytest.approx(policy.costs.threshold, rel=0.35)
    assert found.threshold_low <= found.threshold <= found.threshold_high
    spent = policy.row_costs(y)
    elkan = spent[np.arange(len(y)), (p >= policy.costs.threshold).astype(int)].mean()
    assert spent[np.arange(len(y)), found.apply(p)].mean() <= elkan * 1.01


def test_on_calibrated_scores_costs_per_row_find_one_half():
    y, p = calibrated(n=100_000)
    amount = np.random.default_rng(1).lognormal(4, 1, len(y))
    policy = Policy(cost_fn="amount", cost_fp=4)
    found = policy.choose(y, p, columns={"amount": amount})
    assert found.threshold == pytest.approx(0.5, abs=0.12)
    assert found.columns == ("amount",)
    spent = policy.row_costs(y, columns={"amount": amount})
    labels = found.apply(p, columns={"amount": amount})
    best_single = min(
        spent[np.arange(len(y)), (p >= t).astype(int)].mean() for t in np.geomspace(0.001, 0.5, 60)
    )
    assert spent[np.arange(len(y)), labels].mean() < best_single


def test_on_calibrated_scores_the_f1_threshold_is_half_the_best_f1():
    y, p = calibrated(n=200_000)
    found = Policy.metric("f1").choose(y, p)
    best = float(from_confusion("f1", found.confusion))
    assert found.threshold == pytest.approx(best / 2, rel=0.1)


def test_scores_without_information_flag_everything_for_f1_and_it_is_said():
    rng = np.random.default_rng(0)
    y = (rng.random(2000) < 0.1).astype(int)
    found = Policy.metric("f1").choose(y, np.full(2000, 0.1))
    assert found.threshold == FLAGS_ALL
    assert found.sentence().startswith("Flag everything")
    assert "Lipton" in found.notes[0]
    assert "flags everything" in found.notes[0]


def test_costs_that_flag_everything_or_nothing_are_called_out():
    y, p = calibrated(n=3000, centre=-1.0)
    everything = Policy(cost_fn=1e6, cost_fp=1).choose(y, np.round(0.2 + p / 2, 1))
    assert everything.threshold == FLAGS_ALL
    assert "acting pays from 1e-06 on" in everything.notes[0]
    nothing = Policy(cost_fn=1.0, cost_fp=1e6).choose(y, np.round(p / 2, 1))
    assert nothing.threshold == FLAGS_NONE
    assert nothing.sentence().startswith("Flag nothing")
    assert "flags nothing" in nothing.notes[0]
    assert nothing.apply([0.0, 1.0]).tolist() == [0, 0]


def test_what_cannot_be_reached_is_said_with_its_counts():
    # the two highest scores are negative, so no threshold is precise
    y = np.array([0, 0, 1, 1, 1, 0, 0, 0, 0, 0])
    p = np.linspace(0.9, 0.1, 10)
    found = Policy.min_precision(0.99).choose(y, p)
    assert not found.reached
    assert found.notes == (
        "precision 0.99 is not reached at any threshold; the best is 0.6 at recall 1.00 (3/3)",
    )
    assert found.apply(p).tolist() == [1] * 5 + [0] * 5


def test_minimum_policies_keep_the_exact_threshold_under_redraws():
    y, p = calibrated(n=4000, centre=-2.0)
    for policy in (Policy.min_precision(0.5), Policy.min_recall(0.8)):
        exact, spread = policy.choose(y, p, n_boot=0), policy.choose(y, p, n_boot=200)
        assert exact.threshold == spread.threshold
        assert exact.threshold_low is None
        assert spread.threshold_low < spread.threshold < spread.threshold_high


def test_the_median_of_redraws_wanders_less_than_the_exact_optimum():
    exact, median = [], []
    for seed in range(40):
        y, p = calibrated(seed=seed, n=600, centre=-2.0)
        exact.append(Policy.metric("f1").choose(y, p, n_boot=0).threshold)
        median.append(Policy.metric("f1").choose(y, p, n_boot=100, seed=seed).threshold)
    assert np.std(median) < 0.9 * np.std(exact)


def test_the_spread_holds_what_slow_redraws_of_rows_give():
    y, p = calibrated(n=800, centre=-2.0)
    policy = Policy(cost_fn=10, cost_fp=1)
    rng = np.random.default_rng(0)
    slow = []
    for _ in range(400):
        rows = rng.integers(0, 800, 800)
        slow.append(policy.choose(y[rows], p[rows], n_boot=0).threshold)
    found = policy.choose(y, p, n_boot=2000)
    low, middle, high = np.quantile(slow, [0.05, 0.5, 0.95])
    assert found.threshold_low == pytest.approx(low, rel=0.15)
    assert found.threshold == pytest.approx(middle, rel=0.15)
    assert found.threshold_high == pytest.approx(high, rel=0.15)


@pytest.mark.parametrize("policy", [Policy.metric("f1"), Policy(cost_fn="miss", cost_fp=1)])
def test_repeats_are_pooled_and_weights_count_rows(policy):
    y, p = calibrated(n=500, centre=-1.0)
    columns = {"miss": np.linspace(2, 9, 500)}
    alone = policy.choose(y, p, columns=columns, n_boot=0)
    proba = np.stack([1 - p, p], axis=1)
    same = policy.choose(y, np.stack([proba, proba, proba]), columns=columns, n_boot=0)
    assert same == alone
    weight = np.random.default_rng(0).integers(1, 4, 500)
    weighed = policy.choose(y, p, columns=columns, weight=weight, n_boot=0)
    longer = {"miss": np.repeat(columns["miss"], weight)}
    twice = policy.choose(np.repeat(y, weight), np.repeat(p, weight), columns=longer, n_boot=0)
    assert weighed == twice


def test_redraws_of_repeats_keep_rows_together():
    y, p = calibrated(n=3000, centre=-3.0)
    proba = np.stack([1 - p, p], axis=1)
    alone = Policy.metric("f1").choose(y, proba, n_boot=400)
    copies = Policy.metric("f1").choose(y, np.stack([proba] * 4), n_boot=400)
    # four copies of the same scores hold no more information than one
    assert copies.threshold_low == pytest.approx(alone.threshold_low, rel=0.15)
    assert copies.threshold_high == pytest.approx(alone.threshold_high, rel=0.15)


def test_the_same_seed_gives_the_same_decision():
    y, p = calibrated(n=2000)
    for policy in (COSTS, Policy.metric("mcc")):
        assert policy.choose(y, p, seed=5) == policy.choose(y, p, seed=5)


def several(seed=0, n=2000, shares=(0.8, 0.15, 0.05)):
    rng = np.random.default_rng(seed)
    y = rng.choice(len(shares), n, p=shares)
    logs = np.log(shares) + rng.normal(size=(n, len(shares))) + 1.5 * np.eye(len(shares))[y]
    proba = np.exp(logs)
    return y, proba / proba.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["balanced-accuracy", "f1"])
def test_offsets_beat_the_plain_argmax(name):
    y, proba = several()
    plain = float(from_confusion(name, confusion_table(y, proba.argmax(axis=1), n_classes=3)))
    for n_boot in (0, 40):
        found = Policy.metric(name).choose(y, proba, n_boot=n_boot)
        tuned = float(from_confusion(name, found.confusion))
        assert tuned > plain
        assert found.offsets[0] == 0.0
        table = confusion_table(y, found.apply(proba), n_classes=3)
        assert table.tolist() == [list(row) for row in found.confusion]
        assert Decision.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_redrawn_offsets_hold_up_better_on_new_rows():
    wins = []
    y_new, new = several(seed=99, n=20_000)
    for seed in range(8):
        y, proba = several(seed=seed, n=400)
        policy = Policy.metric("balanced-accuracy")
        scores = [
            float(
                from_confusion(
                    policy.goal,
                    confusion_table(
                        y_new, policy.choose(y, proba, n_boot=n_boot).apply(new), n_classes=3
                    ),
                )
            )
            for n_boot in (0, 100)
        ]
        wins.append(scores[1] - scores[0])
    assert np.mean(wins) > 0.0


def test_a_cost_matrix_is_served_better_than_by_accuracy():
    y, proba = several(n=4000)
    table = np.array([[0, 1, 1], [5, 0, 5], [40, 40, 0]])
    found = Policy.matrix(table.tolist()).choose(y, proba)
    spent = table[y, found.apply(proba)].mean()
    assert spent < 0.8 * table[y, proba.argmax(axis=1)].mean()
    expected = table[y, (proba @ table).argmin(axis=1)].mean()
    assert spent <= 1.02 * expected


def test_a_class_with_few_rows_is_listed_and_keeps_its_offset():
    y, proba = several(n=300, shares=(0.8, 0.15, 0.05))
    rare = np.flatnonzero(y == 2)[4:]
    keep = np.setdiff1d(np.arange(300), rare)
    found = Policy.metric("balanced-accuracy").choose(
        y[keep], proba[keep], classes=("calm", "busy", "storm")
    )
    assert found.offsets[2] == 0.0
    assert found.notes[0] == "class storm has 4 rows, fewer than 5: its offset stays 0"
    assert "calm +0.00" in found.sentence(("calm", "busy", "storm"))


def test_a_class_with_one_row_has_one_row():
    y, proba = several(n=300, shares=(0.8, 0.15, 0.05))
    keep = np.setdiff1d(np.arange(300), np.flatnonzero(y == 2)[1:])
    found = Policy.metric("balanced-accuracy").choose(y[keep], proba[keep], n_boot=0)
    assert found.notes[0] == "class 2 has 1 row, fewer than 5: its offset stays 0"


def test_a_class_that_is_never_decided_is_named():
    proba = np.tile([0.6, 0.3, 0.1], (60, 1))
    found = Policy.metric("accuracy").choose([0] * 40 + [1] * 12 + [2] * 8, proba, n_boot=0)
    assert found.notes == ("never decided on these scores: class 1, 2",)


@pytest.mark.parametrize(
    ("y", "p", "said"),
    [
        ([0, 1], [0.1, 1.5], r"p of choose must lie in \[0, 1\]"),
        ([0, 1], [0.1, np.nan], "p of choose must be finite"),
        ([0, 1, 0], [0.1, 0.2], "same number of rows: y has 3, p has 2"),
        ([0, 0], [0.1, 0.2], "at least two classes"),
        ([0, 3], [0.1, 0.2], "class codes from 0 to 1"),
        ([0, 1], [[[[0.1]]]], "must have shape"),
    ],
)
def test_bad_input_is_refused(y, p, said):
    with pytest.raises(InvalidInput, match=said):
        choose(Policy.metric("f1"), y, p)


def test_missing_columns_and_wrong_classes_are_refused():
    with pytest.raises(InvalidInput, match="cost column 'amount' is not there"):
        Policy(cost_fn="amount", cost_fp=4).choose([0, 1], [0.1, 0.2])
    with pytest.raises(InvalidInput, match="needs two classes"):
        Policy.min_recall(0.5).choose([0, 1, 2], np.full((3, 3), 1 / 3))
    with pytest.raises(InvalidInput, match="n_boot of choose"):
        COSTS.choose([0, 1], [0.1, 0.2], n_boot=-1)


def test_a_missed_minimum_recall_shows_its_counts_and_is_never_rounded_up_to_it():
    # 6 of the 59 rows of class 1 look like all of class 2: one of the two must give way
    proba = [[0.8, 0.1, 0.1]] * 30 + [[0.2, 0.6, 0.2]] * 53 + [[0.2, 0.2, 0.6]] * 106
    policy = Policy.min_recall({"u2r": 0.9, "r2l": 1.0})
    y = np.repeat([0, 1, 2], [30, 59, 100])
    found = policy.choose(y, np.array(proba), n_boot=0, classes=("fine", "u2r", "r2l"))
    assert not found.reached
    nearest = "u2r 53/59 = 0.898 of 0.9, r2l 100/100 = 1 of 1"
    assert found.notes == (f"no offsets keep every minimum recall; the nearest reach {nearest}",)


@pytest.mark.parametrize(
    ("given", "write"),
    [
        ("f1", r"Got 'f1'\. Write Policy\.metric\('f1'\)"),
        ("mcc", r"Write Policy\.metric\('mcc'\)"),
        ("fraud", r"Write Policy\.scenario\('fraud'\)"),
        ("recall", r"Got 'recall'\. Write Policy\.metric\('f1'\), Policy\(cost_fn=10"),
        ("f", r"Write Policy\.metric\('f1'\), Policy\(cost_fn=10"),
        ({"cost_fn": 3}, r"Got dict\. Write Policy\.metric"),
        (None, "Got NoneType"),
    ],
)
def test_words_in_place_of_a_policy_are_refused_with_the_policy_they_mean(given, write):
    with pytest.raises(InvalidType, match=f"policy of choose must be a Policy.*{write}"):
        choose(given, [0, 1], [0.1, 0.9])
