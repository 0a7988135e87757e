"""The rule that chooses, against a slow one; simplicity; what other metrics would choose."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide import Policy
from evenkeel.metrics import METRICS
from evenkeel.race.choice import Field, Rule, agreement, choose
from evenkeel.race.judge import Entry, Judge
from evenkeel.race.positives_needed import needed
from evenkeel.race.pulls import pull_of
from evenkeel.scores import Scores

N, RARE = 3000, 200


def entry(name, strength, changes="weights", *, seed=0, learner="m", fit_rows=100.0):
    """Scores that know the class as well as ``strength`` says; the noise is shared by seed."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [N - RARE, RARE])
    p = 1 / (1 + np.exp(-(rng.normal(size=(2, N)) + strength * y - 2)))
    fold = np.tile(np.arange(N) % 3, (2, 1))
    scores = Scores(y, np.stack([1 - p, p], axis=2), fold, ("no", "yes"))
    return Entry(name, learner, changes, scores=scores, cost={"fit_rows": fit_rows})


def judged(*entries, objective="average-precision", policy=None, groups=None):
    policy = policy or Policy.scenario("general")
    judge = Judge(policy, objective, 2, policy.row_costs(entries[0].scores.y), groups=groups)
    for one in entries:
        judge.measure(one)
        judge.against(one, entries[0])
    judge.verdicts(list(entries), entries[0])
    return list(entries), judge


@given(st.lists(st.floats(-4, 8), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_rule_is_holm_then_one_standard_error_then_the_simplest(gains, random):
    k = len(gains) + 1
    order = random.sample(range(k), k)
    apart = np.full((k, k), 0.8) - 0.8 * np.eye(k)
    apart[0] = apart[:, 0] = 1.0
    rule = Rule(np.append(0.0, np.ones(k - 1)), apart, np.array(order))
    p = [math.erfc(abs(gain) / math.sqrt(2)) for gain in gains]
    clear, left = [], len(p)
    for at in sorted(range(len(p)), key=lambda i: p[i]):
        if p[at] * left >= 0.05:
            break
        left -= 1
        if gains[at] > 0:
            clear.append(at)
    near = [at for at in clear if max(gains[i] for i in clear) - gains[at] <= 0.8]
    near = [at for at in near if gains[at] >= max(gains[i] for i in clear) - 0.8]
    by_hand = min(near, key=lambda at: order[at + 1]) + 1 if near else 0
    assert rule.pick(np.array([0.0, *gains])) == by_hand


def test_a_tie_goes_to_the_simplest_and_a_clear_lead_to_the_best():
    base = entry("none", 1.5, "nothing")
    both, weights = entry("both", 3.0, "rows+weights"), entry("weights", 3.0, "weights")
    entries, judge = judged(base, both, weights)
    assert both.figures["objective"] == weights.figures["objective"]
    chosen, why = choose(entries, base, judge, weak=False)
    assert chosen is weights
    assert "Clearly better" in why
    entries, judge = judged(base, weights, entry("rows", 4.5, "rows", seed=1))
    assert choose(entries, base, judge, weak=False)[0].name == "rows"


def test_the_simpler_one_within_a_standard_error_is_taken_and_it_is_said():
    base = entry("none", 1.5, "nothing")
    entries, judge = judged(base, entry("rows", 3.02, "rows"), entry("weights", 3.1, seed=7))
    rows, weights = entries[1:]
    gap = rows.figures["objective"] - weights.figures["objective"]
    found = Field.of(entries, judge, judge.objective)
    assert 0 < gap < found.rule.apart[1, 2], "else the case shows nothing"
    chosen, why = choose(entries, base, judge, weak=False)
    assert chosen is weights
    assert "rows measured better, but within one standard error" in why


def test_order_of_simplicity():
    named = {
        "none": "nothing", "cut": "decision", "w": "weights", "r": "rows", "r+w": "rows+weights",
        "loss": "loss", "forest": "learner", "own": "magic",
    }  # fmt: skip
    entries = [entry(name, 1.0, changes) for name, changes in named.items()]
    entries.append(entry("less", 1.0, "rows", fit_rows=10.0))
    entries.append(entry("none", 1.0, "nothing", learner="other"))
    for one in entries:
        one.settled = None
    from evenkeel.race.choice import _order

    order = _order(entries)
    told = [entries[at].name for at in np.argsort(order)]
    assert told == ["none", "cut", "w", "less", "r", "r+w", "loss", "forest", "none", "own"]


def test_nothing_better_leaves_the_baseline_and_too_few_positives_too():
    base = entry("none", 2.0, "nothing")
    entries, judge = judged(base, entry("weights", 2.0, seed=3))
    assert choose(entries, base, judge, weak=False)[0] is base
    entries, judge = judged(base, entry("weights", 4.0, seed=3))
    assert choose(entries, base, judge, weak=False)[0].name == "weights"
    assert choose(entries, base, judge, weak=True)[0] is base


@pytest.mark.parametrize("metric", [name for name in METRICS if name != "accuracy"])
def test_standard_errors_of_the_field_are_those_of_resampled_rows(metric):
    policy = Policy(cost_fn=9, cost_fp=1)
    entries, judge = judged(
        entry("none", 2.0, "nothing"), entry("w", 2.4, seed=1), objective=metric, policy=policy
    )
    found = Field.of(entries, judge, metric)
    assert found.values == pytest.approx([e.figures[METRICS[metric].key] for e in entries])
    low, high = (entries[1].figures[f"objective_difference_{end}"] for end in ("low", "high"))
    assert found.rule.errors[1] == pytest.approx((high - low) / 3.92, rel=0.2)


def test_only_several_comparisons_are_said_to_be_corrected():
    for strength in (2.0, 4.0):  # nothing beats the baseline; something does
        for n in (1, 2):
            rivals = [entry(f"w{at}", strength, seed=3 + at) for at in range(n)]
            entries, judge = judged(entry("none", 2.0, "nothing"), *rivals)
            why = choose(entries, entries[0], judge, weak=False)[1]
            assert ("after Holm's correction)" in why) is (n == 2), why


def test_other_metrics_that_would_choose_otherwise_are_named():
    """Ranks like the baseline, but its probabilities are worse."""
    base = entry("none", 2.0, "nothing")
    better = entry("weights", 3.0, seed=1)
    entries, judge = judged(base, better)
    found = agreement(entries, judge)
    assert "average-precision" not in found
    assert "cost" not in found, "no costs are known"
    assert {one.name for one in found.values()} == {"weights"}
    entries, judge = judged(base, entry("same", 2.0))
    assert {one.name for one in agreement(entries, judge).values()} == {"none"}


def test_groups_enter_the_standard_errors_of_the_rule_and_what_more_rows_would_show():
    """Against loops over groups of ten; no error is less than that by rows."""
    groups = np.arange(N) // 10 + 7
    makers = [("none", 2.0, "nothing"), ("w", 2.4, "weights"), ("r", 2.2, "rows")]
    rivals = [entry(*one, seed=at) for at, one in enumerate(makers)]
    entries, judge = judged(*rivals, groups=groups)
    found = Field.of(entries, judge, "average-precision")
    pulls = [
        pull_of("average-precision", e.scores.y, e.settled.proba, e.settled.labels, None)[1]
        for e in entries
    ]

    def error(pull):
        by_groups = sum(pull[groups == group].sum() ** 2 for group in np.unique(groups))
        return np.sqrt(max(by_groups, (pull**2).sum())) / N

    assert found.sizes.tolist() == [10] * (N // 10)
    assert found.own == pytest.approx([error(pull) for pull in pulls])
    for a in range(3):
        for b in range(3):
            assert found.rule.apart[a, b] == pytest.approx(error(pulls[a] - pulls[b]), abs=1e-12)
    picked = found.rule.pick(found.gains(found.values))
    told = needed(found, "average-precision", n_rare=RARE)
    assert told.width[0] == pytest.approx(3.92 * error(pulls[picked]), rel=1e-3)
    plain = judged(*[entry(*one, seed=at) for at, one in enumerate(makers)])
    alone = Field.of(*plain, "average-precision")
    assert (found.own > np.sqrt((alone.pulls**2).sum(axis=1)) / N).all()
    assert alone.sizes is alone.own is None


@pytest.mark.parametrize("objective", ["average-precision", "cost", "f1", "brier"])
def test_with_unequal_repeats_gains_are_the_paired_differences_that_are_shown(objective):
    none, rival = entry("none", 1.5, "nothing"), entry("class-weight", 1.5)
    noise = np.random.default_rng(1).random((1, N, 1))
    unlucky = np.concatenate([1 - noise, noise], axis=2)  # a repeat of the baseline alone
    raw = np.concatenate([rival.scores.raw, unlucky])
    none.scores = replace(none.scores, raw=raw, fold=np.tile(none.scores.fold[:1], (3, 1)))
    policy = Policy(cost_fn=10, cost_fp=1)
    entries, judge = judged(none, rival, objective=objective, policy=policy)
    assert len(entries[0].repeats) == 3
    assert len(entries[1].repeats) == 2
    field = Field.of(entries, judge, objective)
    shown = rival.figures["objective_difference"]
    assert field.gains(field.values)[1] == pytest.approx(field.sign * shown, abs=1e-12)
    assert rival.figures["versus_baseline"] == "no clear difference"
    assert choose(entries, none, judge, weak=False)[0] is none
