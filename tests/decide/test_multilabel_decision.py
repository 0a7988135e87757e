"""Decisions on several labels: they travel as JSON, and what was altered is refused."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.decide import LabelPolicy, MultilabelDecision, Policy, choose_labels
from evenkeel.errors import DamagedRun, EvenkeelError, InvalidType


def sample(n=300, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 4, (n, 3))
    return (rng.random((n, 3)) < p).astype(int), p


POLICIES = {
    "macro": None,
    "micro": LabelPolicy.micro("f2"),
    "costs": Policy(cost_fn=9, cost_fp=1),
    "by label": {"urgent": Policy.min_recall(0.8), "spam": Policy.min_precision(0.5)},
    "columns": Policy(cost_fn="amount", cost_fp=2),
}


@pytest.mark.parametrize("what", POLICIES)
def test_a_decision_comes_back_from_json_and_decides_alike(what):
    Y, p = sample()
    columns = {"amount": np.linspace(1, 50, len(Y))}
    names = ["urgent", "spam", "billing"]
    found = choose_labels(POLICIES[what], Y, p, labels=names, columns=columns, n_boot=10)
    again = MultilabelDecision.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert again == found
    assert (again.apply(p, columns=columns) == found.apply(p, columns=columns)).all()
    assert again.sentence() == found.sentence()


def test_labels_that_json_holds():
    Y, p = sample(60)
    found = choose_labels(None, Y, p, labels=list(np.arange(3)), n_boot=0)
    assert MultilabelDecision.from_dict(found.to_dict()).labels == (0, 1, 2)
    odd = choose_labels(None, Y, p, labels=[("a", 1), "b", "c"], n_boot=0)
    with pytest.raises(InvalidType, match="must be text, a number or a truth value"):
        odd.to_dict()


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.just([]), st.just([{}])
)


@given(st.sampled_from(["policy", "labels", "decisions", "notes"]), values)
def test_what_was_altered_is_refused(name, value):
    Y, p = sample(40)
    stored = choose_labels(None, Y, p, n_boot=0).to_dict()
    if name == "notes" and value == []:
        return
    with pytest.raises(DamagedRun):
        MultilabelDecision.from_dict(stored | {name: value})
    del stored[name]
    with pytest.raises(EvenkeelError):
        MultilabelDecision.from_dict(stored)
