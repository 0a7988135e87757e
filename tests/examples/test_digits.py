"""The short form runs whole; MNIST is read and thinned as the text says."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from examples import digits, measuring


def test_the_short_form_prints_every_arm_and_the_guard_s_warning(capsys):
    torch.set_num_threads(1)
    digits.main(["--short"])
    out = capsys.readouterr().out
    rows = [line.strip("| ").split(" | ") for line in out.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[1:]] == list(digits.ARMS)
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [line.startswith(f"- {name}: WARNS") for line in out.splitlines() for name in digits.ARMS
            if line.startswith(f"- {name}: ")] == [False, False, False, True, False]  # fmt: skip
    seen = {row[-4] for row in rows[1:]}
    assert seen == {"1,092"}  # every arm sees as many rows
    assert "nan" not in out, "one seed has no standard error"
    called = {row[0]: float(row[rows[0].index("called 9 / there")]) for row in rows[1:]}
    assert called["sampler and weights"] == max(called.values()) > 1.5


def test_parts_of_mnist_are_thinned_or_untouched(data_dir):
    task = digits.real_task(data_dir / "images" / "mnist", 0)
    images, labels = task.train.tensors
    assert torch.bincount(labels).tolist() == [1000] * 9 + [100]
    assert images.shape == (9100, 1, 28, 28)
    assert 0.0 == float(images.min()) < float(images.max()) == 1.0
    assert (len(task.choose[1]), len(task.judge[1])) == (10_000, 10_000)
    assert torch.bincount(task.judge[1])[9] == 1009
    again = digits.thinned(np.repeat(np.arange(10), 200), 50, 5, 1)
    assert len(again.unique()) == 455


def test_threads_are_those_asked_for_and_one_in_the_short_form():
    before = torch.get_num_threads()
    parser = measuring.options("A run.", each="a draw", epochs=1, rate=0.1, short="small")
    try:
        for given, threads in (
            (["--short"], 1),
            (["--threads", "2"], 2),
            (["--short", "--threads", "2"], 2),
        ):
            measuring.bound_threads(parser.parse_args(given))
            assert torch.get_num_threads() == threads
        measuring.bound_threads(parser.parse_args([]))
        assert 1 <= torch.get_num_threads() <= 2
    finally:
        torch.set_num_threads(before)


def test_a_difference_shows_its_error_where_there_is_one():
    assert measuring.signed(*measuring.difference([0.5], [0.25]), 3) == "+0.250"
    both = measuring.difference([0.5, 0.7], [0.25, 0.35])
    assert measuring.signed(*both, 3) == "+0.300 ± 0.050"


def test_recalls_are_read_along_the_rows():
    cells = np.full((10, 10), 1)
    cells[3, 3] = 11
    np.testing.assert_allclose(digits.recalls(cells), [0.1] * 3 + [0.55] + [0.1] * 6)
