"""Spoken digits with one digit cut to 15 recordings: a small network with and without more of them.

The free spoken digit recordings (Jackson et al., 8 kHz), split by speaker: four speakers to train on,
one to choose the epoch by, one to judge by, another pair for each seed. Of the rare digit 15
training recordings are left. Spectrograms of every digit are masked in training (SpecAugment), in
every arm; partial augmentation adds changed copies of the rare digit only. Each arm starts from the same weights, sees as many recordings and
keeps its best epoch by balanced accuracy on the speaker to choose by.

``python -m examples.spoken_digits --seeds 3`` prints the table; ``--short`` is a form of some seconds
on made tones.
"""

from __future__ import annotations

import copy
import io
import os
import sys
import wave
import zipfile
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
from torch.utils.data import DataLoader

from evenkeel.nn import (
    BalancedSampler,
    InOrder,
    PartialAugment,
    PitchChange,
    SoundNoise,
    SpecMasking,
    SpeedChange,
    TimeShift,
)

if TYPE_CHECKING:
    import argparse

RATE, DIGITS, RARE, FEW = 8000, 10, 7, 15
SAMPLES = 6000  # 0.75 s: nine recordings in ten are shorter
WINDOW, HOP, BANDS = 256, 128, 40
SOUND = InOrder(
    SpeedChange((0.9, 1.1)), PitchChange(2.0, window=256), TimeShift(0.1), SoundNoise((15.0, 30.0))
)
ARMS = {  # copies of the rare digit, and power of the sampler
    "nothing": (False, 0.0),
    "sampler": (False, 1.0),
    "partial augmentation": (True, 0.0),
}


@dataclass
class Task:
    """Recordings with their digits, in three parts without a speaker in common."""

    train: list[tuple[Tensor, int]]
    choose: list[tuple[Tensor, int]]
    judge: list[tuple[Tensor, int]]


def read_zip(path: Path) -> list[tuple[str, int, Tensor]]:
    """Speaker, digit and sound ``(n_samples,)`` in [-1, 1] of every recording."""
    found = []
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".wav"))
        for name in names:
            digit, speaker, _ = Path(name).stem.split("_")
            with wave.open(io.BytesIO(archive.read(name))) as file:
                raw = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            found.append((speaker, int(digit), torch.from_numpy(raw / np.float32(2**15))))
    return found


def task_of(sounds: list[tuple[str, int, Tensor]], seed: int) -> Task:
    """Speakers shared out, and recordings of the rare digit left out of the training part."""
    speakers = sorted({speaker for speaker, _, _ in sounds})
    turned = speakers[2 * seed % len(speakers) :] + speakers[: 2 * seed % len(speakers)]
    part_of = {speaker: max(0, at - len(turned) + 3) for at, speaker in enumerate(turned)}
    parts: list[list[tuple[Tensor, int]]] = [[], [], []]
    for speaker, digit, sound in sounds:
        parts[part_of[speaker]].append((sound, digit))
    rare = [at for at, (_, digit) in enumerate(parts[0]) if digit == RARE]
    kept = set(np.random.default_rng(seed).choice(rare, min(FEW, len(rare)), replace=False))
    parts[0] = [one for at, one in enumerate(parts[0]) if one[1] != RARE or at in kept]
    return Task(*parts)


def made_sounds(seed: int) -> list[tuple[str, int, Tensor]]:
    """Two tones for each digit, by four speakers of different height."""
    rng = np.random.default_rng(seed)
    found = []
    for speaker, height in enumerate((0.9, 1.0, 1.1, 1.0)):
        for digit in np.repeat(np.arange(DIGITS), 8):
            time = np.arange(rng.integers(1200, 2000)) / RATE
            low, high = 250 + 60 * (digit % 5), 1000 + 400 * (digit // 5)
            sound = np.sin(2 * np.pi * low * height * time) + np.sin(
                2 * np.pi * high * height * time
            )
            sound = 0.2 * sound + rng.normal(0, 0.02, len(time))
            found.append((str(speaker), int(digit), torch.tensor(sound, dtype=torch.float32)))
    return found


def mel_bands() -> Tensor:
    """Triangles that are even on the mel scale, ``2595 log10(1 + f / 700)``: ``(BANDS, n_frequencies)``."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, BANDS + 2) / 2595) - 1)
    at = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    rising = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    return torch.tensor(np.clip(np.minimum(rising, falling), 0, None), dtype=torch.float32)


BAND_WEIGHTS = mel_bands()


def log_mel(sounds: Tensor) -> Tensor:
    """Log-mel spectrograms ``(n, 1, BANDS, n_frames)``, each of mean 0 and spread 1."""
    window = torch.hann_window(WINDOW, device=sounds.device)
    parts = torch.stft(sounds, WINDOW, HOP, window=window, return_complex=True).abs().square()
    loud = (BAND_WEIGHTS.to(sounds.device) @ parts + 1e-6).log()
    mean, wide = loud.mean((1, 2), keepdim=True), loud.std((1, 2), keepdim=True)
    return ((loud - mean) / (wide + 1e-6))[:, None]


def fitted(batch: list[tuple[Tensor, int]]) -> tuple[Tensor, Tensor]:
    """A batch: sounds cut or filled with silence to one length, and digits."""
    sounds = torch.zeros(len(batch), SAMPLES)
    for row, (sound, _) in zip(sounds, batch, strict=True):
        row[: len(sound)] = sound[:SAMPLES]
    return sounds, torch.tensor([digit for _, digit in batch])


def network() -> nn.Sequential:
    """Three convolutions, the mean over time and frequency, a layer."""
    layers: list[nn.Module] = []
    for before, after in ((1, 16), (16, 32), (32, 48)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d((5, 2)), nn.Flatten(), nn.Linear(480, DIGITS)
    )


@torch.no_grad()
def confusion(model: nn.Module, part: list[tuple[Tensor, int]], device: str) -> np.ndarray:
    """Counts ``(true, called)``."""
    model.eval()
    cells = np.zeros((DIGITS, DIGITS), int)
    for x, y in DataLoader(part, batch_size=100, collate_fn=fitted):  # type: ignore[arg-type]
        np.add.at(cells, (y.numpy(), model(log_mel(x.to(device))).argmax(1).cpu().numpy()), 1)
    return cells


def run_arm(name: str, task: Task, seed: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Train and judge one arm with one seed."""
    copies, power = ARMS[name]
    data: Any = task.train
    digits = [digit for _, digit in task.train]
    if copies:
        data = PartialAugment(data, SOUND, [RARE], limit=asked.limit, labels=digits, seed=seed)
    labels = data.labels if copies else digits
    sampler = BalancedSampler(labels, power, n_draws=len(digits), seed=seed)
    torch.manual_seed(seed)
    model, mask = network().to(asked.device), SpecMasking(frequencies=6, frames=8)
    optimiser, loss = torch.optim.Adam(model.parameters(), lr=asked.rate), nn.CrossEntropyLoss()
    best, kept, rows = -1.0, model.state_dict(), 0
    with Peak(asked.device) as peak:
        for epoch in range(asked.epochs):
            sampler.set_epoch(epoch)
            if copies:
                data.set_epoch(epoch)
            model.train()
            for x, y in DataLoader(data, batch_size=32, sampler=sampler, collate_fn=fitted):
                optimiser.zero_grad()
                heard = torch.stack([mask(one) for one in log_mel(x)])  # every arm, every row
                loss(model(heard.to(asked.device)), y.to(asked.device)).backward()
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
        "arm", "accuracy", "balanced accuracy", "recall of the others", f"recall of {RARE}",
        f"called {RARE} / there", *COST,
    )  # fmt: skip
    rows = []
    for name, runs in arms.items():
        cells = sum(run["cells"] for run in runs)
        own, there = recalls(cells), cells[RARE].sum()
        rows.append([
            name,
            spread([np.trace(run["cells"]) / run["cells"].sum() for run in runs]),
            spread(balanced(runs)), f"{np.delete(own, RARE).mean():.3f}",
            f"{own[RARE]:.3f} ({cells[RARE, RARE]}/{there})",
            f"{cells[:, RARE].sum() / there:.3f}", *cost_cells(runs),
        ])  # fmt: skip
    return markdown(heads, rows)


def main(given: list[str] | None = None) -> None:
    """Run all arms and print the table."""
    parser = options(
        __doc__, each="other speakers", epochs=8, rate=2e-3, short="made tones, two epochs"
    )
    parser.add_argument("--limit", type=int, default=20, help="copies of a recording at most")
    asked = parser.parse_args(given)
    bound_threads(asked)
    data = Path(os.environ.get("EVENKEEL_DATA", "../shared/data"), "audio", "free-spoken-digit.zip")
    if asked.short:
        asked.epochs, asked.limit = 2, 2
    sounds = None if asked.short else read_zip(data)
    arms: dict[str, list[dict[str, Any]]] = {name: [] for name in ARMS}
    for seed in range(asked.seeds):
        task = task_of(made_sounds(seed) if sounds is None else sounds, seed)
        if seed == 0:
            print(f"{len(task.train):,} recordings to train on, {FEW} at most of the {RARE}.\n")
        for name, done in arms.items():
            done.append(run_arm(name, task, seed, asked))
            print(f"seed {seed}, {name}: {balanced(done)[-1]:.4f}", file=sys.stderr)
    print(table(arms))
    if asked.seeds > 1:
        apart = difference(balanced(arms["partial augmentation"]), balanced(arms["nothing"]))
        print(f"\npartial augmentation against nothing: balanced accuracy {signed(*apart, 3)}")


if __name__ == "__main__":
    main()
