"""One optimiser step is the same for any accumulation and any number of processes."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("transformers")

from tests.nn.huggingface.tiny import COUNTS, EVERY, collate, flat, made, model, step
from transformers import Trainer

import evenkeel.nn
from evenkeel.nn import ClassWeightedLoss
from evenkeel.nn.losses.base import Loss

LIMIT = {"atol": 1e-6, "rtol": 0.0}


def by_hand(name):
    """The same step without a Trainer: the loss of all 32 rows at once, and its gradient."""
    rows = made(name)
    network = model(rows.kind)
    before = flat(network)
    batch = collate([rows[row] for row in range(len(rows))])
    target = batch.pop("labels")
    EVERY[name]()(network(**batch), target).backward()
    torch.optim.SGD(network.parameters(), lr=0.1).step()
    return flat(network) - before


def test_no_loss_is_left_out():
    exported = {getattr(evenkeel.nn, name) for name in evenkeel.nn.__all__}
    every = {one for one in exported if isinstance(one, type) and issubclass(one, Loss)}
    assert {type(make()) for make in EVERY.values()} == every


@pytest.mark.parametrize("name", EVERY)
def test_accumulation_changes_nothing(name, tmp_path):
    expected = by_hand(name)
    assert expected.norm() > 1e-2
    for micro in (1, 2, 4, 8):
        torch.testing.assert_close(
            step(tmp_path, name, micro, loss=EVERY[name]()), expected, **LIMIT
        )


class Copied(Trainer):
    """The recipe that people copy."""

    def compute_loss(self, model, inputs, return_outputs=False, **more):
        labels = inputs.pop("labels")
        outputs = model(**inputs)
        weight = ClassWeightedLoss(COUNTS).weight
        loss = torch.nn.functional.cross_entropy(outputs.logits, labels, weight)
        return (loss, outputs) if return_outputs else loss


def test_the_copied_recipe_is_another_step_under_accumulation(tmp_path):
    whole = step(tmp_path, "class-weighted", 1, kind=Copied)
    parts = step(tmp_path, "class-weighted", 8, kind=Copied)
    assert not 0.9 < parts.norm() / whole.norm() < 1.1


@pytest.fixture(scope="module")
def two_processes(tmp_path_factory):
    """What two processes came to, see two_processes.py."""
    out = tmp_path_factory.mktemp("two") / "found.pt"
    root = Path(__file__).parents[3]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "-m", "tests.nn.huggingface.two_processes", str(out)], cwd=root,
        env={**os.environ, "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return torch.load(out, weights_only=True)


@pytest.mark.parametrize("name", EVERY)
def test_two_processes_make_the_step_of_one(name, two_processes):
    for micro in (1, 4):
        torch.testing.assert_close(two_processes[f"{name} {micro}"], by_hand(name), **LIMIT)


def test_the_copied_recipe_is_another_step_on_two_processes(two_processes, tmp_path):
    whole = step(tmp_path, "class-weighted", 1, kind=Copied)
    assert not 0.9 < two_processes["copied 4"].norm() / whole.norm() < 1.1


def test_two_processes_see_the_draw_of_one(two_processes):
    for epoch in range(2):
        union = [row for rank in range(2) for row in two_processes[f"rows {rank}"][epoch]]
        assert sorted(union) == sorted(two_processes["drawn"][epoch])


def test_two_processes_resume_in_the_middle_of_the_second_epoch(two_processes):
    for rank in range(2):
        assert two_processes[f"resumed {rank}"] == two_processes[f"rows {rank}"][1][4:]
