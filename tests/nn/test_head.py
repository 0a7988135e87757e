"""The last layer: trained anew, evened out, moved to another prior."""

import numpy as np
import pytest
import torch
from torch import nn

from evenkeel.decide.prior import PriorShift
from evenkeel.errors import InvalidInput, InvalidType
from evenkeel.nn import ClassifierRetraining, tau_normalized, to_prior

GENERATOR = torch.Generator().manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5))
        self.fc = nn.Linear(8, 3)
        self.body[0].bias.requires_grad_(False)

    def forward(self, x):
        return self.fc(self.body(x))


def test_only_the_head_learns_and_statistics_stay():
    model = Net()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    stage = ClassifierRetraining(model, "fc")
    assert not torch.equal(model.fc.weight, before["fc.weight"])
    optimiser = torch.optim.SGD(stage.head_parameters(), 0.1)
    stage.train()
    assert stage.training
    for _ in range(3):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(
            stage(torch.randn(9, 4, generator=GENERATOR)), torch.arange(9) % 3
        )
        loss.backward()
        optimiser.step()
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) != name.startswith("fc."), name
    assert [p.grad is None for p in model.body.parameters()] == [True] * 4


def test_release_puts_back_what_was_found():
    model = Net().train()
    model.body[3].eval()
    needed = {name: p.requires_grad for name, p in model.named_parameters()}
    modes = [module.training for module in model.modules()]
    assert ClassifierRetraining(model, "fc").release() is model
    assert {name: p.requires_grad for name, p in model.named_parameters()} == needed
    assert [module.training for module in model.modules()] == modes


def test_new_weights_come_from_the_seed_and_no_global_state():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, second, third = (ClassifierRetraining(Net(), "fc", seed=s) for s in (4, 4, 5))
    torch.set_rng_state(before)
    model = Net()
    after = torch.get_rng_state()
    ClassifierRetraining(model, "fc", seed=4)
    assert torch.equal(torch.get_rng_state(), after)
    assert torch.equal(first.head.weight, second.head.weight)
    assert not torch.equal(first.head.weight, third.head.weight)
    kept = model.fc.weight.clone()
    ClassifierRetraining(model, "fc", reset=False)
    assert torch.equal(model.fc.weight, kept)


class Bare(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2))


@pytest.mark.parametrize(
    ("model", "head", "says"),
    [
        (Net(), "fcc", "must be a module of the model.*Got 'fcc'. Did you mean 'fc'"),
        (nn.Sequential(nn.Linear(2, 2)), 0, "Got 0. Did you mean '0'"),
        (Net(), "", "must be a module of the model"),
        (Net(), "body.2", "must have parameters. Got 'body.2', ReLU"),
        (nn.Sequential(Bare()), "0", "layers with reset_parameters. Got Bare"),
    ],
    ids=["name", "number", "empty", "no parameters", "no reset"],
)
def test_heads_that_cannot_be_trained_are_said_and_nothing_is_changed(model, head, says):
    needed = [p.requires_grad for p in model.parameters()]
    with pytest.raises(InvalidInput, match=says):
        ClassifierRetraining(model, head)
    assert [p.requires_grad for p in model.parameters()] == needed


@pytest.mark.parametrize("tau", [0.0, 0.3, 1.0])
def test_norms_are_evened_out(tau):
    head = nn.Linear(5, 4)
    weight = head.weight.detach().clone()
    found = tau_normalized(head, tau)
    slow = np.array([w / np.linalg.norm(w) ** tau for w in weight.numpy()])
    np.testing.assert_allclose(found.weight.detach(), slow, rtol=1e-6)
    assert found.bias is None
    assert torch.equal(head.weight, weight)
    assert head.bias is not None
    assert found(torch.ones(2, 5)).shape == (2, 4)


def test_what_has_no_norms():
    with pytest.raises(
        InvalidInput, match="tau of tau_normalized must be a number of at least 0 and at"
    ):
        tau_normalized(nn.Linear(2, 2), 1.5)
    with pytest.raises(InvalidInput, match=r"must be a torch\.nn\.Linear\. Got ReLU"):
        tau_normalized(nn.ReLU())
    head = nn.Linear(2, 2)
    nn.init.zeros_(head.weight)
    with pytest.raises(InvalidInput, match=r"weights for every class\. Got only 0 for \[0, 1\]"):
        tau_normalized(head)


LOGITS = torch.randn(7, 3, generator=GENERATOR, dtype=torch.float64)
COUNTS = [900, 90, 10]
SHARES = (0.9, 0.09, 0.01)
LEVEL = (1 / 3, 1 / 3, 1 / 3)


@pytest.mark.parametrize(
    ("was", "now", "oracle"),
    [
        (COUNTS, "balanced", PriorShift(SHARES, LEVEL)),
        ("balanced", COUNTS, PriorShift(LEVEL, SHARES)),
        (torch.tensor(COUNTS), [1, 1, 2], PriorShift(SHARES, (0.25, 0.25, 0.5))),
    ],
    ids=["to balanced", "to the population", "between"],
)
def test_probabilities_move_as_bayes_says(was, now, oracle):
    moved = to_prior(LOGITS, was=was, now=now).softmax(-1)
    np.testing.assert_allclose(moved, oracle.apply(LOGITS.softmax(-1).numpy()), rtol=1e-12)


def test_there_and_back_and_half_way():
    there = to_prior(LOGITS, was=COUNTS, now="balanced", tau=0.5)
    np.testing.assert_allclose(to_prior(there, was="balanced", now=COUNTS, tau=0.5), LOGITS)
    full = to_prior(LOGITS, was=COUNTS, now="balanced") - LOGITS
    np.testing.assert_allclose(there - LOGITS, full / 2)
    assert torch.equal(to_prior(LOGITS, was=COUNTS, now=COUNTS), LOGITS)


def test_other_shapes_and_types():
    dense = LOGITS.reshape(1, 7, 3).permute(0, 2, 1)  # (B, C, L)
    moved = to_prior(dense, was=COUNTS, now="balanced", class_dim=1)
    torch.testing.assert_close(
        moved.permute(0, 2, 1)[0], to_prior(LOGITS, was=COUNTS, now="balanced")
    )
    half = to_prior(LOGITS.to(torch.bfloat16), was=COUNTS, now="balanced")
    assert half.dtype == torch.bfloat16
    one = LOGITS[:, :1]
    both = torch.cat([torch.zeros_like(one), one], 1)
    moved = to_prior(both, was=[95, 5], now="balanced").softmax(1)[:, 1]
    torch.testing.assert_close(to_prior(one, was=[95, 5], now="balanced").sigmoid()[:, 0], moved)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            {"was": [1, 1], "now": "balanced"},
            "was of to_prior must hold a share above 0 for each of 3",
        ),
        ({"was": COUNTS, "now": [1, 0, 1]}, "now of to_prior must hold a share above 0"),
        ({"was": "even", "now": COUNTS}, "shares of the classes or 'balanced'. Got 'even'"),
        ({"was": COUNTS, "now": "balanced", "tau": -1}, "tau of to_prior"),
        ({"was": {"a": 1}, "now": "balanced"}, "was of to_prior must be shares of the classes"),
        ({"was": COUNTS, "now": "balanced", "class_dim": 2}, "axis of classes at class_dim=2"),
    ],
    ids=["length", "zero", "word", "tau", "mapping", "axis"],
)
def test_priors_that_do_not_fit(more, says):
    with pytest.raises((InvalidInput, InvalidType), match=says):
        to_prior(LOGITS, **more)


def test_logits_are_read_as_losses_read_them():
    wanted = to_prior(LOGITS, was=COUNTS, now="balanced")
    for output in ({"logits": LOGITS}, (LOGITS,)):
        assert torch.equal(to_prior(output, was=COUNTS, now="balanced"), wanted)
    for wrong in (LOGITS.numpy(), {"scores": LOGITS}, [1.0, 2.0]):
        with pytest.raises(InvalidType, match="logits of to_prior must be a tensor"):
            to_prior(wrong, was=COUNTS, now="balanced")
    with pytest.raises(InvalidType, match=r"must be floating-point\. Got torch\.int64"):
        to_prior(torch.zeros(2, 3, dtype=torch.int64), was=COUNTS, now="balanced")


def test_a_head_of_one_logit_is_told_to_keep_its_axis():
    with pytest.raises(InvalidInput, match=r"each of 4 classes.*give logits\[:, None\]"):
        to_prior(torch.zeros(4), was=[9, 1], now="balanced")
    row = to_prior(torch.zeros(2), was=[9, 1], now="balanced")  # one row of two classes
    torch.testing.assert_close((row[1] - row[0]).exp(), torch.tensor(9.0))
