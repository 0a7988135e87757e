"""Every kind of policy for two classes, against a slow loop over all thresholds."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.confusion import DECISION_METRICS, confusion_table, from_confusion
from evenkeel.decide import Decision, Policy
from evenkeel.decide.binary import choose_threshold
from evenkeel.decide.decision import per_1000
from evenkeel.decide.goals import ONE_SIDED
from evenkeel.decide.guarantee import lower_bound
from evenkeel.decide.threshold import FLAGS_ALL, FLAGS_NONE
from evenkeel.errors import InvalidInput

COSTS = [
    Policy(cost_fn=7, cost_fp=2, cost_tp=1, cost_tn=0.5),
    Policy(cost_fn="miss", cost_fp=2, cost_tp=0.5),
    Policy(cost_fn="miss", cost_fp="alarm"),
    Policy(cost_matrix=((0.5, 2.0), (7.0, 1.0))),
]
WEIGHED = [name for name in (*DECISION_METRICS, "f0.5") if name not in ONE_SIDED]
PLAIN = [*COSTS, *(Policy.metric(name) for name in WEIGHED)]
POLICIES = [
    *PLAIN,
    *(
        replace(policy, floor_of=name, floor=floor)
        for policy in (COSTS[0], COSTS[2], Policy.metric("f1"))
        for name, floor in (("precision", 0.4), ("recall", 0.7))
    ),
    Policy.min_precision(0.4),
    Policy(goal="specificity", floor_of="recall", floor=0.7),
    *(Policy.capacity(limit) for limit in ("30%", "65%")),
    *(replace(policy, limit=limit) for policy in PLAIN for limit in ("30%", "65%")),
    *(
        replace(Policy.min_precision(floor), limit=limit)
        for floor in (0.3, 0.9)
        for limit in ("20%", "60%")
    ),
    replace(Policy.min_recall(0.5), limit="50%"),
    replace(COSTS[1], floor_of="recall", floor=0.5, limit="60%"),
]


def rows_of(most=24):
    """Rows of truth, coarse score (many ties), cost of a miss and of an alarm, weight."""
    row = st.tuples(
        st.integers(0, 1),
        st.integers(0, 6),
        st.integers(1, 5),
        st.integers(1, 5),
        st.integers(1, 3),
    )
    return st.lists(row, min_size=2, max_size=most).filter(
        lambda rows: len({r[0] for r in rows}) == 2
    )


def read(rows):
    y, p, miss, alarm, weight = (np.array(column) for column in zip(*rows, strict=True))
    return y, p / 6, {"miss": miss + 0.0, "alarm": alarm + 0.5}, weight + 0.0


def worth(policy, y, labels, columns, weight):
    """What a policy wants, by its definition; higher is better."""
    costs = policy.row_costs(y, columns=columns)
    if costs is not None:
        return -float(weight @ costs[np.arange(y.size), labels])
    return float(from_confusion(policy.goal, confusion_table(y, labels, weight=weight)))


def slow(policy, y, score, columns, weight, share):
    """The best (worth, floor) over all thresholds within the share, and whether the floor is kept."""
    found = []
    for threshold in [2.0, *np.unique(score)]:
        labels = (score >= threshold).astype(int)
        if share is not None and weight @ labels > share * weight.sum() * (1 + 1e-9):
            continue
        table = confusion_table(y, labels, weight=weight)
        floor = None
        if policy.floor_of is not None:
            floor = float(from_confusion(policy.floor_of, table))
            if policy.floor_of == "precision" and not labels.any():
                floor = -1.0  # flags nothing: it has no precision
        found.append((worth(policy, y, labels, columns, weight), floor))
    if policy.floor_of is None:
        return max(value for value, _ in found), True
    kept = [value for value, floor in found if floor >= policy.floor - 1e-12]
    if kept:
        return max(kept), True
    nearest = max(floor for _, floor in found)
    return max(value for value, floor in found if floor == nearest), False


@given(st.sampled_from(POLICIES), rows_of(), st.booleans())
@settings(max_examples=600)
def test_the_choice_is_the_best_of_all_thresholds(policy, rows, weighed):
    y, p, columns, weight = read(rows)
    if not weighed:
        weight = np.ones(y.size)
    found = policy.choose(y, p, columns=columns, weight=weight if weighed else None, n_boot=0)
    labels = found.apply(p, columns=columns)
    share = None if policy.alerts is None else policy.alerts.amount
    score = policy.score(p, columns=columns)
    value, reached = slow(policy, y, score, columns, weight, share)
    assert found.reached == reached
    assert worth(policy, y, labels, columns, weight) == pytest.approx(value)
    if share is not None:
        assert weight @ labels <= share * weight.sum() * (1 + 1e-9)
    assert np.allclose(found.confusion, confusion_table(y, labels, weight=weight))
    assert Decision.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert found.sentence()


@given(rows_of(), st.integers(1, 30), st.sampled_from([Policy.top(1), COSTS[1]]))
@settings(max_examples=200)
def test_the_top_rows_are_flagged_and_ties_never_exceed_their_number(rows, k, policy):
    y, p, columns, _ = read(rows)
    found = replace(policy, limit=str(k)).choose(y, p, columns=columns, n_boot=0)
    labels = found.apply(p, columns=columns)
    score = found.policy.score(p, columns=columns)
    fits = [t for t in [2.0, *np.unique(score)] if np.count_nonzero(score >= t) <= k]
    pays = 0.0 if found.policy.costs is None else found.policy.costs.threshold
    wanted = (score >= min(fits)) & (score >= pays)
    assert (labels == wanted).all(), "as many as fit, whole ties only, and where acting pays"
    assert [list(row) for row in found.confusion] == confusion_table(y, labels).tolist()
    # of another table, the top rows of that table
    assert found.apply(p / 2, columns=columns).sum() <= k


def test_a_capacity_is_used_up_beyond_the_last_case_seen():
    p = np.arange(1, 11) / 11
    found = Policy.capacity("50%").choose([0] * 8 + [1, 1], p)
    assert found.apply(p).sum() == 5


def test_the_top_rows_of_a_table_within_the_top_are_all():
    found = Policy.top(10).choose([0, 1, 1], [0.1, 0.2, 0.3])
    assert found.apply([0.5, 0.4]).tolist() == [1, 1]
    assert "the capacity is as large as the table" in found.notes[0]


@given(
    rows_of(40),
    st.sampled_from(["precision", "recall"]),
    st.floats(0.05, 0.95),
    st.floats(0.05, 0.95),
)
@settings(max_examples=200)
def test_a_guaranteed_minimum_is_promised_by_an_exact_bound_or_not_at_all(
    rows, floor_of, floor, confidence
):
    y, p, _, _ = read(rows)
    make = Policy.min_precision if floor_of == "precision" else Policy.min_recall
    found = make(floor, confidence=confidence).choose(y, p, n_boot=0)
    labels = found.apply(p)
    table = confusion_table(y, labels)
    assert [list(row) for row in found.confusion] == table.tolist()
    hits = table[1, 1]
    whole = labels.sum() if floor_of == "precision" else y.sum()
    if found.reached:
        assert "holds with" in found.notes[0]
        # no test may use more than the whole level, and none promises less than a plain bound
        assert lower_bound(float(hits), float(whole), level=1 - confidence) >= floor - 1e-9
    else:
        assert "cannot be guaranteed" in found.notes[0]
        assert found.notes[1] == "the threshold keeps it on these scores alone" or not labels.any()


def test_no_guarantee_is_not_called_reached_and_says_what_it_would_take():
    y, p = np.arange(40) % 4 // 3, np.linspace(0, 1, 40)
    found = Policy.min_recall(0.95, confidence=0.95).choose(y, p)
    assert not found.reached
    assert found.notes[0] == (
        "a recall of at least 0.95 cannot be guaranteed at 95 % with 10 positives; "
        "at least 59 are needed"
    )
    with pytest.raises(
        InvalidInput, match="rows that count once each. Got row weights".replace(".", r"\.")
    ):
        Policy.min_recall(0.5, confidence=0.9).choose(y, p, weight=np.full(40, 2.0))


def test_repeats_are_no_more_evidence_for_a_guarantee():
    rng = np.random.default_rng(0)
    y = (rng.random(300) < 0.3).astype(int)
    proba = np.clip(0.4 * y + 0.6 * rng.random((4, 300)), 0, 1)
    both = np.stack([1 - proba, proba], axis=2)
    policy = Policy.min_precision(0.7, confidence=0.95)
    first = policy.choose(y, proba[0])
    assert policy.choose(y, both) == first
    assert policy.choose(y, np.concatenate([both, both])) == first


@given(rows_of(), st.integers(0, 6), st.integers(1, 6))
def test_bands_are_the_cuts_that_were_given(rows, low, width):
    y, p, _, weight = read(rows)
    low, high = low / 6.5, min((low + width) / 6.5, 1.0)
    found = Policy.bands(low, high).choose(y, p, weight=weight)
    bands = found.band(p)
    assert (bands == np.where(p < low, "approve", np.where(p < high, "review", "block"))).all()
    assert ((bands == "block") == found.apply(p)).all()
    between = float(weight @ (bands == "review") / weight.sum())
    assert found.notes == (f"{per_1000(between)} of 1,000 rows are for review",)
    assert np.allclose(found.confusion, confusion_table(y, found.apply(p), weight=weight))
    assert (found.threshold_low, found.threshold_high) == (None, None)
    assert found.sentence().startswith(f"Approve when p < {low:g}, review when p < {high:g}, block")


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.sentence())
def test_scores_that_are_all_equal_flag_all_or_nothing(policy):
    y = np.array([0, 0, 0, 1])
    columns = {"miss": np.full(4, 3.0), "alarm": np.full(4, 2.0)}
    found = policy.choose(y, np.full(4, 0.25), columns=columns)
    assert found.threshold in {FLAGS_ALL, FLAGS_NONE}
    assert any("flags everything" in note or "flags nothing" in note for note in found.notes)
    assert len(set(found.apply(np.full(4, 0.25), columns=columns).tolist())) == 1
    assert found.threshold == FLAGS_NONE or policy.limit is None


@pytest.mark.parametrize("policy", POLICIES[: len(PLAIN) + 8], ids=lambda policy: policy.sentence())
def test_one_positive_is_enough_to_choose(policy):
    y = np.zeros(50, dtype=int)
    y[7] = 1
    p = np.linspace(0.0, 0.5, 50)
    columns = {"miss": np.full(50, 60.0), "alarm": np.full(50, 1.0)}
    found = policy.choose(y, p, columns=columns, n_boot=20)
    assert found.prevalence == pytest.approx(0.02)
    assert set(found.apply(p, columns=columns)) <= {0, 1}


def test_a_capacity_by_day_counts_the_days_that_rows_cover():
    rng = np.random.default_rng(1)
    times = np.datetime64("2024-01-01") + np.sort(rng.integers(0, 40, 800))
    times[0], times[-1] = np.datetime64("2024-01-01"), np.datetime64("2024-02-09")
    y = (rng.random(800) < 0.1).astype(int)
    p = np.clip(0.3 * y + 0.7 * rng.random(800), 0, 1)
    found = Policy.capacity("2/day").choose(y, p, times=times)
    same = Policy.capacity("10%").choose(y, p)
    assert found.threshold == same.threshold
    assert 60 < found.apply(p).sum() <= 80, "40 days, two a day"
    with pytest.raises(
        InvalidInput, match="capacity per day needs a time column with dates; got none"
    ):
        Policy.capacity("2/day").choose(y, p)


def test_within_a_capacity_rows_that_save_most_come_first():
    # the second row is less likely, and worth far more
    y, p = np.array([1, 1, 0, 0]), np.array([0.9, 0.5, 0.2, 0.1])
    columns = {"amount": np.array([10.0, 500.0, 20.0, 20.0])}
    found = Policy(cost_fn="amount", cost_fp=1, limit="25%").choose(y, p, columns=columns, n_boot=0)
    assert found.apply(p, columns=columns).tolist() == [0, 1, 0, 0]
    assert found.sentence().startswith("Act when acting is expected to save at least ")
    free = Policy(cost_fn="amount", cost_fp=1).choose(y, p, columns=columns, n_boot=0)
    assert free.apply(p, columns=columns).tolist() == [1, 1, 0, 0]


def test_what_is_missed_is_said_with_the_nearest():
    y, p = np.array([0, 1, 0, 1, 0, 0]), np.array([0.9, 0.8, 0.7, 0.6, 0.2, 0.1])
    found = Policy.min_precision(0.99).choose(y, p)
    assert found.notes == (
        "precision 0.99 is not reached at any threshold; the best is 0.5 at recall 1.00 (2/2)",
    )
    held = replace(Policy.min_recall(0.9), limit="20%").choose(y, p)
    assert not held.reached
    assert "recall 0.9 is not reached at any threshold within the limit" in held.notes[0]


def test_the_search_itself_takes_repeats_as_rows():
    y, p = np.array([0, 1, 1]), np.array([[0.2, 0.4, 0.6], [0.3, 0.1, 0.9]])
    found = choose_threshold(
        Policy.metric("accuracy"), y, p,
        weight=None, columns=None, share=None, n_boot=0, seed=0,
    )  # fmt: skip
    assert sum(map(sum, found.confusion)) == pytest.approx(3.0)
    assert found.confusion == ((1.0, 0.0), (0.5, 1.5))


@pytest.mark.parametrize("seed", range(12))
def test_a_threshold_lies_within_its_own_spread(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(600) < 0.08).astype(int)
    p = np.clip(0.05 + 0.3 * y + 0.2 * rng.random(600), 0, 1)
    for policy in (Policy.capacity("5%"), Policy.min_recall(0.8), Policy.min_precision(0.4)):
        found = policy.choose(y, p)
        assert found.threshold_low <= found.threshold <= found.threshold_high


@pytest.mark.parametrize(
    ("policy", "said", "not_said"),
    [
        (Policy(cost_fn=1, cost_fp=1e6, limit="70%"), "at these costs acting pays from 1", "share"),
        (Policy(goal="f2", limit="20%"), "600 of 1,000 rows share the highest score", "no other"),
        (Policy(cost_fn=1e6, cost_fp=1, limit="100%"), "at these costs acting pays", "capacity"),
        (Policy(goal="f2", limit="100%"), "Lipton", "capacity is"),
        (Policy(goal="recall", limit="100%"), "the capacity is as large as the table", "costs"),
    ],
)
def test_a_degenerate_decision_under_a_capacity_names_its_own_reason(policy, said, not_said):
    y, p = np.array([0, 1, 0, 0, 0]), np.array([0.6, 0.6, 0.6, 0.2, 0.1])
    if policy.limit == "100%":
        p = np.full(5, 0.6)
    found = policy.choose(y, p, n_boot=0)
    assert found.threshold in {FLAGS_ALL, FLAGS_NONE}
    assert said in found.notes[-1]
    assert not_said not in found.notes[-1]


def test_a_precision_kept_by_few_alerts_says_how_many_and_what_to_ask():
    y, p = np.array([0, 1, 0, 1, 0, 0] * 8), np.linspace(0, 1, 48)
    y[-1] = 1
    alone = Policy.min_precision(1.0).choose(y, p)
    assert alone.apply(p).sum() == 1
    rests = "this precision rests on 1 alert; for one that new rows keep, ask for a promise"
    assert alone.notes == (f"{rests}: a confidence such as 0.95",)
    # weights change no number of rows
    weighed = Policy.min_precision(1.0).choose(y, p, weight=np.full(48, 30.0))
    assert weighed.notes == alone.notes
    assert not Policy.min_precision(0.3).choose(y, p).notes
    assert Policy.min_precision(0.3).choose(y, p).apply(p).sum() >= 10
    for other in (Policy.min_recall(0.1), Policy.min_precision(0.9, confidence=0.9)):
        assert not any("rests on" in note for note in other.choose(y, p).notes)


@pytest.mark.parametrize("share", [float("nan"), -1, float("inf"), -0.1])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(InvalidInput, match="share of choose must be a number of at least 0"):
        Policy.capacity("5%").choose([0, 1], [0.1, 0.9], share=share)


@pytest.mark.parametrize("policy", [Policy.metric("mcc"), COSTS[0], Policy.min_recall(0.5)])
def test_weights_are_ratios_or_too_large(policy):
    rng = np.random.default_rng(0)
    y, p = np.arange(40) % 4 // 3, rng.random(40)
    weight = rng.integers(1, 4, 40).astype(float)
    plain = policy.choose(y, p, weight=weight, n_boot=30)
    assert policy.choose(y, p, weight=weight * 2.0**300, n_boot=30).threshold == plain.threshold
    with pytest.raises(
        InvalidInput, match=r"weight of choose must be at most 1e\+100\. Got 1e\+308"
    ):
        policy.choose(y, p, weight=np.full(40, 1e308))


def test_several_classes_take_large_weights_too():
    rng = np.random.default_rng(0)
    y, p = np.arange(60) % 3, rng.dirichlet(np.ones(3), 60)
    for goal in ("mcc", "f1", "balanced-accuracy"):
        found = Policy.metric(goal).choose(y, p, weight=np.full(60, 1e100), n_boot=0)
        assert np.isfinite(found.offsets).all()
