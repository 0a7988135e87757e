"""docs/pytorch.md: its blocks run, one after another, none is longer than 20 lines, and say the truth."""

import re
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

import evenkeel.nn

PAGE = Path(__file__).parents[1] / "docs" / "pytorch.md"
SECTIONS = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
BLOCKS = {
    section.split("\n", 1)[0]: re.findall(
        r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE
    )
    for section in SECTIONS
}
ROWS, LOSS, RESUME = (
    next(iter(BLOCKS)),
    "A loss in a plain loop",
    "Going on in the middle of an epoch",
)


def text_rows(folder):
    """What the blocks on Transformers take as given: a tiny encoder, rows, arguments."""
    pytest.importorskip("transformers")
    from tests.nn.huggingface.tiny import collate, model, settings, telling

    return {
        "encoder": model("binary"), "args": settings(folder, max_steps=2), "collate": collate,
        "train": telling(), "valid": telling(seed=1), "test": telling(seed=2),
    }  # fmt: skip


def lightning_parts(folder):
    """What the block on Lightning takes as given: a module that takes the loss, and options."""
    lightning = pytest.importorskip("lightning")

    class Small(lightning.LightningModule):
        def __init__(self, loss):
            super().__init__()
            self.net, self.loss = torch.nn.Linear(4, 2), loss

        def training_step(self, batch, number):
            return self.loss(self.net(batch[0]), batch[1])

        def validation_step(self, batch, number):
            return {"logits": self.net(batch[0]), "labels": batch[1]}

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1)

    options = {
        "max_epochs": 2, "accelerator": "cpu", "logger": False, "enable_progress_bar": False,
        "enable_model_summary": False, "enable_checkpointing": False, "default_root_dir": folder,
    }  # fmt: skip
    return {"module": Small, "options": options}


GIVEN = {"Transformers": text_rows, "Lightning": lightning_parts}


@pytest.fixture
def page(tmp_path, monkeypatch):
    """An empty folder, one thread, no GPU; the random state and the threads are put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_rng_state(state)
    torch.set_num_threads(threads)


def run(blocks, names, title="page"):
    for block in blocks:
        exec(compile(block, f"{PAGE.name}: {title}", "exec"), names)
    return names


def trained():
    """Names after the blocks on rows and on a loss, and the rows that the model sees from here on."""
    names, seen = run([*BLOCKS[ROWS], BLOCKS[LOSS][0]], {}), []
    names["model"].register_forward_pre_hook(lambda model, given: seen.append(given[0].tolist()))
    return names, seen


def test_every_block_is_short():
    blocks = [block for found in BLOCKS.values() for block in found]
    assert len(blocks) >= 17
    assert all(len(block.splitlines()) < 20 for block in blocks)


@pytest.mark.filterwarnings(
    "ignore:.*treespec, LeafSpec.*",  # Lightning's own, on what it imports
    "ignore:.*does not have many workers",
)
def test_the_blocks_run_in_order(page, capsys):
    pytest.importorskip("accelerate")
    names = {}
    for title, blocks in BLOCKS.items():
        if title in GIVEN:
            names |= GIVEN[title](page / "trainer")
        run(blocks, names, title)
    assert "reaches the loss" in capsys.readouterr().out
    assert {path.name for path in Path("model").iterdir()} >= {"model.safetensors", "decision.json"}
    assert len(names["labels"]) == len(names["test"])


def test_accumulated_pieces_are_one_batch(page):
    names, _ = trained()
    model, loss, X, y = (names[name] for name in ("model", "loss", "X", "y"))
    names["optimizer"] = torch.optim.SGD(model.parameters(), lr=1.0)
    before = [part.detach().clone() for part in model.parameters()]
    model.zero_grad()
    loss(model(X[:60]), y[:60]).backward()
    expected = [part - part.grad for part in model.parameters()]
    model.zero_grad()
    run([BLOCKS[LOSS][1]], names)
    for found, right, old in zip(model.parameters(), expected, before, strict=True):
        torch.testing.assert_close(found.detach(), right.detach(), rtol=1e-6, atol=1e-7)
        assert not torch.equal(found, old)
    for divided in (False, True):  # what the page says of equal pieces, and of a shorter last one
        n, error = (64, 1e-6) if divided else (60, 0.01)
        model.zero_grad()
        loss(model(X[:n]), y[:n]).backward()
        whole = model[0].weight.grad.clone()
        model.zero_grad()
        for features, target in zip(X[:n].split(8), y[:n].split(8), strict=True):
            (loss(model(features), target) / 8).backward()
        apart = (model[0].weight.grad - whole).abs().max() / whole.abs().max()
        assert (apart < error) == divided


class Killed(Exception):
    pass


def test_a_killed_training_goes_on_with_the_row_that_comes_next(page, monkeypatch):
    block = ["from evenkeel.nn import BalancedSampler", *BLOCKS[RESUME]]
    names, whole = trained()
    run(block, names)
    Path("state.pt").unlink()
    later, first = trained()

    def kill(*_):
        if len(first) == 18:  # ten batches to an epoch; the last state is of sixteen
            raise Killed

    later["model"].register_forward_pre_hook(kill)
    with pytest.raises(Killed):
        run(block, later)
    again, rest = trained()
    run(block, again)
    assert first[:16] + rest == whole
    assert len(whole) == 20
    for mine, right in zip(again["model"].parameters(), names["model"].parameters(), strict=True):
        assert torch.equal(mine, right)
    (_, _, state), done = torch.load("state.pt")
    assert done == state["drawn"] == 576


@pytest.mark.parametrize("workers", [0, 2])
def test_accelerate_goes_on_with_the_row_that_comes_next(page, workers):
    pytest.importorskip("accelerate")
    (block,) = BLOCKS["Accelerate"]
    block = block.replace("sampler=sampler)", f"sampler=sampler, num_workers={workers})")
    start = "first, batches = 0, 0"
    assert start in block
    both = []
    for place in (start, "first, batches = 1, 4"):
        names, seen = trained()
        run(["from evenkeel.nn import BalancedSampler", block.replace(start, place)], names)
        both.append(seen)
    X, sampler, right = names["X"], names["sampler"], []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        right += [X[rows].tolist() for rows in torch.tensor(list(sampler)).split(64)]
    assert both[0] == right
    assert both[1] == right[14:]


@pytest.mark.parametrize("rank", [0, 1])
def test_each_of_two_processes_of_accelerate_goes_on_too(page, rank):
    loaders = pytest.importorskip("accelerate.data_loader")

    def batches(first, done):
        labels = [0] * 570 + [1] * 30
        sampler = evenkeel.nn.BalancedSampler(labels, num_replicas=1)
        loader = torch.utils.data.DataLoader(torch.arange(600), batch_size=48, sampler=sampler)
        shared = loaders.prepare_data_loader(
            loader, num_processes=2, process_index=rank, put_on_device=False, rng_types=[]
        )
        for epoch in range(first, 3):
            shared.set_epoch(epoch)
            yield from (rows.tolist() for rows in loaders.skip_first_batches(shared, done))
            done = 0

    whole = list(batches(0, 0))
    assert len(whole) == 3 * 7  # thirteen batches of 48 to an epoch, and one to fill up
    assert list(batches(1, 5)) == whole[7 + 5 :]
    assert len({tuple(rows) for rows in whole}) == len(whole)


def test_every_public_name_stands_in_the_index_once():
    index = next(section for section in SECTIONS if section.startswith("Every name\n"))
    listed = re.findall(r"^- ((?:`\w+`(?:, )?)+): \S", index, re.MULTILINE)
    assert len(listed) == len(re.findall(r"^- ", index, re.MULTILINE))
    found = Counter(name for line in listed for name in re.findall(r"\w+", line))
    assert set(found.values()) == {1}
    assert sorted(found) == sorted(evenkeel.nn.__all__)


def test_links_within_the_page_lead_somewhere():
    heads = re.findall(r"^## (.*)$", PAGE.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
    links = re.findall(r"\]\(#([^)]*)\)", PAGE.read_text())
    assert anchors >= set(links)
    assert len(set(links)) == len(links) >= 14
