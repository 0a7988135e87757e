"""Rare pixels: a small segmentation of made shapes, about 1 pixel in 200 positive, five losses.

Each picture is a rough, noisy ground with a few small bright discs, of which only those with a dark
centre count. Every arm is the same network from the same weights (but for the bias of the head, where the arm
says "prior bias") on the same batches. Pixels of untouched pictures are judged by average precision
and by intersection over union at 0.5 and at the threshold that was best on the validation pictures.

``python -m examples.rare_pixels --seeds 3`` prints the table; ``--short`` is a form of some seconds.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from examples.measuring import COST, Peak, bound_threads, cost_cells, markdown, options, spread
from sklearn.metrics import average_precision_score
from torch import Tensor, nn

from evenkeel.nn import SigmoidFocalLoss, WeightedBCE, init_prior_bias_

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

PRIOR = 0.01  # what a head with a prior bias predicts before training (Lin 2017)
ARMS: dict[str, tuple[Callable[[list[int]], nn.Module], bool]] = {
    "BCE": (lambda counts: nn.BCEWithLogitsLoss(), False),
    "BCE, prior bias": (lambda counts: nn.BCEWithLogitsLoss(), True),
    "weighted BCE": (lambda counts: WeightedBCE(counts=counts), False),
    "focal": (lambda counts: SigmoidFocalLoss(gamma=2.0, alpha=0.25), False),
    "focal, prior bias": (lambda counts: SigmoidFocalLoss(gamma=2.0, alpha=0.25), True),
}
SIDE = 48


@dataclass
class Task:
    """Pictures ``(n, 1, SIDE, SIDE)`` and masks of their shape, in three parts."""

    train: tuple[Tensor, Tensor]
    choose: tuple[Tensor, Tensor]
    judge: tuple[Tensor, Tensor]

    @property
    def counts(self) -> list[int]:
        """Negative and positive training pixels."""
        positive = int(self.train[1].sum())
        return [self.train[1].numel() - positive, positive]


def pictures(n: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Noisy pictures with bright discs, and masks of the discs that have a dark centre."""
    down, right = np.mgrid[:SIDE, :SIDE]
    images = rng.normal(0.0, 0.35, (n, SIDE, SIDE))
    waves, turns = rng.uniform(0.1, 0.3, (n, 2)), rng.uniform(0, 2 * np.pi, n)
    masks = np.zeros((n, SIDE, SIDE), bool)
    for row in range(n):
        wave, other = waves[row]
        images[row] += 0.4 * np.sin(wave * down + other * right + turns[row])  # rough ground
        for disc in range(rng.integers(2, 6)):
            middle = rng.integers(3, SIDE - 3, 2)
            apart = (down - middle[0]) ** 2 + (right - middle[1]) ** 2
            images[row][apart <= 4] += 1.0
            if disc == 0:
                images[row][apart <= 1] -= 1.0
            masks[row][apart <= 4] = disc == 0  # what lies on top hides what lies below
    return torch.tensor(images[:, None], dtype=torch.float32), torch.tensor(masks[:, None]).float()


def task_of(sizes: tuple[int, int, int], seed: int) -> Task:
    """Three parts, drawn by the seed."""
    rng = np.random.default_rng(seed)
    return Task(*(pictures(size, rng) for size in sizes))


def network(seed: int, *, biased: bool) -> nn.Sequential:
    """Four convolutions that see 13 pixels across; the last one is the head."""
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=2, dilation=2), nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=2, dilation=2), nn.ReLU(),
        nn.Conv2d(16, 1, 3, padding=1),
    )  # fmt: skip
    if biased:
        init_prior_bias_(model[-1], PRIOR)
    return model


@torch.no_grad()
def scores(model: nn.Module, x: Tensor, device: str) -> np.ndarray:
    """Probability of every pixel ``(n_pixels,)``."""
    parts = [model(part.to(device)).sigmoid().cpu() for part in x.split(100)]
    return torch.cat(parts).double().numpy().ravel()


def iou(truth: np.ndarray, called: np.ndarray) -> float:
    """Intersection over union of two sets of pixels; 0 where nothing is called."""
    return float((truth & called).sum() / max(1, (truth | called).sum()))


def best_threshold(truth: np.ndarray, proba: np.ndarray) -> float:
    """The score from which on calling pixels positive has the highest intersection over union."""
    order = np.argsort(-proba, kind="stable")
    ranked = proba[order]
    hits = np.cumsum(truth[order])
    ends = np.append(ranked[1:] != ranked[:-1], True)  # pixels of one score go together
    called = np.arange(1, len(ranked) + 1)
    reached = hits / (called + truth.sum() - hits)
    return float(ranked[np.argmax(np.where(ends, reached, -1.0))])


def run_arm(name: str, task: Task, seed: int, asked: argparse.Namespace) -> dict[str, float]:
    """Train and judge one arm with one seed."""
    make, biased = ARMS[name]
    loss, model = make(task.counts).to(asked.device), network(seed, biased=biased).to(asked.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=asked.rate)
    x, y = (part.to(asked.device) for part in task.train)
    with torch.no_grad():
        first = float(loss(model(x[:100]), y[:100]))
    chance, rows = torch.Generator().manual_seed(seed), 0
    with Peak(asked.device) as peak:
        for _ in range(asked.epochs):
            for at in torch.randperm(len(x), generator=chance).split(16):
                optimiser.zero_grad()
                loss(model(x[at]), y[at]).backward()
                optimiser.step()
                rows += len(at)
    truth = [part[1].numpy().ravel() > 0 for part in (task.choose, task.judge)]
    proba = [scores(model, part[0], asked.device) for part in (task.choose, task.judge)]
    threshold = best_threshold(truth[0], proba[0])
    return {
        "first": first,
        "ap": float(average_precision_score(truth[1], proba[1])),
        "half": iou(truth[1], proba[1] >= 0.5),
        "called": float((proba[1] >= 0.5).mean()),
        "tuned": iou(truth[1], proba[1] >= threshold),
        "threshold": threshold,
        "said": float(proba[1].mean()),
        "there": float(truth[1].mean()),
        **peak.cost(rows),
    }


def table(arms: dict[str, list[dict[str, float]]]) -> str:
    """Means over the seeds."""
    heads = (
        "arm", "loss at the start", "pixel AP", "IoU at 0.5", "called at 0.5 / there",
        "IoU tuned", "threshold", "mean probability / there", *COST,
    )  # fmt: skip
    rows = []
    for name, runs in arms.items():
        of = {key: [run[key] for run in runs] for key in runs[0]}
        there = np.mean(of["there"])
        rows.append([
            name, f"{np.mean(of['first']):.4f}", spread(of["ap"]), spread(of["half"]),
            f"{np.mean(of['called']) / there:.2f}", spread(of["tuned"]),
            f"{np.mean(of['threshold']):.2f}", f"{np.mean(of['said']) / there:.2f}",
            *cost_cells(runs),
        ])  # fmt: skip
    return markdown(heads, rows)


def main(given: list[str] | None = None) -> None:
    """Run all arms and print the table."""
    parser = options(
        __doc__, each="its own pictures", epochs=8, rate=3e-3, short="few pictures, two epochs"
    )
    asked = parser.parse_args(given)
    bound_threads(asked)
    if asked.short:
        asked.epochs, asked.rate = 2, 1e-2
    arms: dict[str, list[dict[str, Any]]] = {name: [] for name in ARMS}
    for seed in range(asked.seeds):
        task = task_of((96, 32, 32) if asked.short else (400, 150, 400), seed)
        if seed == 0:
            negative, positive = task.counts
            print(f"{positive:,} of {negative + positive:,} training pixels are positive.\n")
        for name, done in arms.items():
            done.append(run_arm(name, task, seed, asked))
            print(f"seed {seed}, {name}: {done[-1]}", file=sys.stderr)
    print(table(arms))


if __name__ == "__main__":
    main()
