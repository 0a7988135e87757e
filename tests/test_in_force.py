"""The facts of a finished run under the decision that is in force."""

import numpy as np
import pytest

from evenkeel.decide import Policy, PriorShift, Unchanged, choose
from evenkeel.decision_file import DecisionFile
from evenkeel.in_force import facts_in_force
from evenkeel.stored import StoredScores

FACTS = {
    "data": {
        "rows": 900, "target": "y", "imbalance_ratio": 9.0, "severity": "moderate",
        "task": "binary", "classes": [{"label": "no", "count": 8}, {"label": "yes", "count": 1}],
    },
    "chosen": {"remedy": "none", "learner": "logistic", "why": "It was alone."},
    "audit": [], "test": {"notes": ["Rows of last year."], "few": None, "rows": 0},
    "seed": 7,
}  # fmt: skip


@pytest.fixture
def tested():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 4, 600)
    y = (rng.random(600) < p).astype(int)
    amount = rng.gamma(2, 20, 600)
    return StoredScores(y, np.stack([1 - p, p], axis=1)[None], {"amount": amount}, None)


def file_of(policy, tested, **more):
    decision = choose(policy, tested.y, tested.scores, columns=tested.columns, n_boot=0)
    return DecisionFile(["no", "yes"], Unchanged(2), decision, **more)


def test_figures_are_those_of_the_decision_in_force(tested):
    file = file_of(Policy(cost_fn="amount", cost_fp=4), tested, chosen_on="these", history=({},))
    told = facts_in_force(FACTS, file, tested)
    labels = file.decision.apply(tested.scores[0], columns=tested.columns)
    assert told["test"]["precision_count"] == [int((labels & tested.y).sum()), int(labels.sum())]
    assert told["decision"]["chosen_on"] == "these"
    assert told["decision"]["history"] == [{}]
    assert told["test"]["notes"] == ["Rows of last year."], "doubts of the run stay"
    assert told["seed"] == 7
    assert FACTS["test"]["rows"] == 0, "the facts given are not changed"


def test_probabilities_are_on_the_scale_of_the_decision(tested):
    share = tested.y.mean()
    shift = PriorShift((1 - share, share), (0.99, 0.01))
    file = file_of(Policy.bands(0.02, 0.4), tested, adjustment=shift, chosen_on="rows elsewhere")
    told = facts_in_force(FACTS, file, tested)
    assert told["calibration"]["predicted"] == pytest.approx(
        shift.apply(tested.scores[0])[:, 1].mean(), rel=1e-9
    )
    assert told["calibration"]["observed"] == pytest.approx(share)
    assert told["test"]["deployment"] is False
    assert "was chosen on rows elsewhere" in told["test"]["notes"][-1]
    flagged = shift.apply(tested.scores[0])[:, 1] >= 0.4
    assert told["test"]["alerts_per_1000"] == pytest.approx(1000 * flagged.mean())


def test_without_the_columns_of_its_costs_there_is_no_telling(tested):
    file = file_of(Policy(cost_fn="amount", cost_fp=4), tested)
    bare = StoredScores(tested.y, tested.scores, {}, None)
    with pytest.raises(ValueError, match="cost column 'amount' is not there"):
        facts_in_force(FACTS, file, bare)
