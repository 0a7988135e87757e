"""Handwritten digits with few nines: a small network trained five ways, and what the guard said.

MNIST with 1,000 images of each digit from 0 to 8 and 100 of the 9, drawn anew for each seed from the
first 50,000 training images; the other 10,000 (to choose the epoch by) and the 10,000 test images
stay as they are. Each arm starts from the same weights, sees as many rows and keeps its best epoch
by balanced accuracy on the validation images.

``python -m examples.digits --seeds 5`` prints the table; ``--short`` is a form of some seconds on
made images.
"""

from __future__ import annotations

import copy
import gzip
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from examples.measuring import (
    COST,
    Peak,
    balanced,
    bound_threads,
    cost_cells,
    difference,
    markdown,
    options,
    recalls,
    signed,
    spread,
)
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from evenkeel.errors import EvenkeelWarning
from evenkeel.nn import (
    BalancedSampler,
    ClassWeightedLoss,
    InOrder,
    PartialAugment,
    Rotation,
    Shift,
    check_prior,
)

if TYPE_CHECKING:
    import argparse

DIGITS, RARE = 10, 9
MANY, FEW = 1000, 100  # training images of each other digit, and of the rare one
ARMS = {  # power of the sampler, weights in the loss, copies of the rare digit
    "nothing": (0.0, False, False),
    "weights": (0.0, True, False),
    "sampler": (1.0, False, False),
    "sampler and weights": (1.0, True, False),
    "partial augmentation": (0.0, False, True),
}


@dataclass
class Task:
    """Images in [0, 1] ``(n, 1, height, width)`` with their digits, in three parts."""

    train: TensorDataset
    choose: tuple[Tensor, Tensor]
    judge: tuple[Tensor, Tensor]


def read_idx(path: Path) -> np.ndarray:
    """An array in the format of MNIST's files: sizes in big-endian words, then bytes."""
    raw = gzip.decompress(path.read_bytes())
    axes = raw[3]
    shape = np.frombuffer(raw, ">u4", axes, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def real_task(folder: Path, seed: int) -> Task:
    """MNIST with few nines."""
    found = {}
    for part in ("train", "t10k"):
        images = torch.from_numpy(
            read_idx(folder / f"{part}-images-idx3-ubyte.gz") / np.float32(255)
        )
        digits = read_idx(folder / f"{part}-labels-idx1-ubyte.gz").astype(np.int64)
        found[part] = images[:, None], torch.from_numpy(digits)
    (x, y), judge = found["train"], found["t10k"]
    kept = thinned(y[:50_000].numpy(), MANY, FEW, seed)
    return Task(TensorDataset(x[kept], y[kept]), (x[50_000:], y[50_000:]), judge)


def thinned(digits: np.ndarray, many: int, few: int, seed: int) -> Tensor:
    """Rows of a random draw: ``many`` of each digit, ``few`` of the rare one."""
    rng = np.random.default_rng(seed)
    rows = [
        rng.choice(np.flatnonzero(digits == digit), few if digit == RARE else many, replace=False)
        for digit in range(DIGITS)
    ]
    return torch.from_numpy(np.concatenate(rows))


def made_task(seed: int) -> Task:
    """Ten made signs, moved about and blurred by noise."""
    rng = np.random.default_rng(seed)
    signs = np.kron(rng.random((DIGITS, 4, 4)) < 0.5, np.ones((3, 3))).astype(np.float32)

    def drawn(digits: np.ndarray) -> tuple[Tensor, Tensor]:
        images = np.zeros((len(digits), 1, 16, 16), np.float32)
        for image, digit, (down, right) in zip(
            images, digits, rng.integers(0, 5, (len(digits), 2)), strict=True
        ):
            image[0, down : down + 12, right : right + 12] = signs[digit]
        noise = rng.normal(0, 0.3, images.shape).astype(np.float32)
        return torch.from_numpy(images + noise), torch.from_numpy(digits)

    digits = np.repeat(np.arange(DIGITS), [60] * RARE + [6])
    even = np.repeat(np.arange(DIGITS), 30)
    return Task(TensorDataset(*drawn(digits)), drawn(even), drawn(even))


def network(side: int) -> nn.Sequential:
    """Two convolutions and two layers."""
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(12, 24, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(24 * (side // 4) ** 2, 64), nn.ReLU(), nn.Linear(64, DIGITS),
    )  # fmt: skip


@torch.no_grad()
def confusion(model: nn.Module, part: tuple[Tensor, Tensor], device: str) -> np.ndarray:
    """Counts ``(true, called)``."""
    model.eval()
    called = torch.cat([model(x.to(device)).argmax(1).cpu() for x in part[0].split(1000)])
    cells = np.bincount((part[1] * DIGITS + called).numpy(), minlength=DIGITS**2)
    return cells.reshape(DIGITS, DIGITS)


def parts_of(name: str, task: Task, seed: int) -> tuple[Any, BalancedSampler, nn.Module]:
    """Data, sampler and loss of an arm; every arm draws as many rows."""
    power, weighs, copies = ARMS[name]
    data: Any = task.train
    if copies:
        data = PartialAugment(data, InOrder(Rotation(15.0), Shift(0.1)), [RARE], seed=seed)
    sampler = BalancedSampler(data, power, n_draws=len(task.train), seed=seed)
    counts = np.bincount(task.train.tensors[1].numpy())
    return data, sampler, ClassWeightedLoss(counts if weighs else None)


def guard(name: str, task: Task) -> str:
    """What the guard says to an arm before it is trained, and whether it warns."""
    data, sampler, loss = parts_of(name, task, 0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", EvenkeelWarning)
        report = check_prior(DataLoader(data, sampler=sampler), loss)
    return ("WARNS: " if told else "") + report.verdict


def run_arm(name: str, task: Task, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Train and judge one arm with one seed."""
    data, sampler, loss = parts_of(name, task, seed)
    torch.manual_seed(seed)
    model = network(task.train.tensors[0].shape[-1]).to(asked.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=asked.rate)
    best, kept, rows = -1.0, model.state_dict(), 0
    with Peak(asked.device) as peak:
        for epoch in range(asked.epochs):
            sampler.set_epoch(epoch)
            if isinstance(data, PartialAugment):
                data.set_epoch(epoch)
            model.train()
            for x, y in DataLoader(data, batch_size=64, sampler=sampler):
                optimiser.zero_grad()
                loss(model(x.to(asked.device)), y.to(asked.device)).backward()
                optimiser.step()
                rows += len(x)
            reached = recalls(confusion(model, task.choose, asked.device)).mean()
            if reached > best:
                best, kept = reached, copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    cells = confusion(model, task.judge, asked.device)
    return {"cells": cells, **peak.cost(rows)}


def table(arms: dict[str, list[dict[str, Any]]]) -> str:
    """Means over the seeds; recalls with the counts behind them pooled."""
    heads = (
        "arm", "accuracy", "balanced accuracy", *map(str, range(RARE)),
        f"recall of {RARE}", f"called {RARE} / there", *COST,
    )  # fmt: skip
    rows = []
    for name, runs in arms.items():
        cells = sum(run["cells"] for run in runs)
        own = [f"{value:.3f}" for value in recalls(cells)]
        there, called = cells[RARE].sum(), cells[:, RARE].sum()
        rows.append([
            name,
            spread([np.trace(run["cells"]) / run["cells"].sum() for run in runs]),
            spread(balanced(runs)), *own[:RARE],
            f"{own[RARE]} ({cells[RARE, RARE]}/{there})", f"{called / there:.3f}",
            *cost_cells(runs),
        ])  # fmt: skip
    return markdown(heads, rows)


def compared(arms: dict[str, list[dict[str, Any]]]) -> str:
    """The arm that corrects twice against the others: whether the figures bear the guard out."""
    lines = []
    both = balanced(arms["sampler and weights"])
    for other in ("nothing", "sampler"):
        mean, error = difference(both, balanced(arms[other]))
        apart = signed(mean, error, 4)
        lines.append(f"sampler and weights against {other}: balanced accuracy {apart}")
        if other == "sampler" and np.isfinite(error):
            verdict = (
                "confirmed" if mean < -2 * error else "refuted" if mean > 2 * error else "open"
            )
            lines.append(f"The guard's warning is {verdict} by balanced accuracy.")
    return "\n".join(lines)


def main(given: list[str] | None = None) -> None:
    """Run all arms and print the table."""
    parser = options(
        __doc__, each="its own draw", epochs=4, rate=2e-3, short="made images, two epochs"
    )
    asked = parser.parse_args(given)
    bound_threads(asked)
    data = Path(os.environ.get("EVENKEEL_DATA", "../shared/data"), "images", "mnist")
    if asked.short:
        asked.epochs, asked.rate = 2, 5e-3
    arms: dict[str, list[dict[str, Any]]] = {name: [] for name in ARMS}
    for seed in range(asked.seeds):
        task = made_task(seed) if asked.short else real_task(data, seed)
        if seed == 0:
            for name in ARMS:
                print(f"- {name}: {guard(name, task)}")
        for name, done in arms.items():
            done.append(run_arm(name, task, seed, asked))
            print(f"seed {seed}, {name}: {balanced(done)[-1]:.4f}", file=sys.stderr)
    print(f"\n{table(arms)}\n\n{compared(arms)}")


if __name__ == "__main__":
    main()
