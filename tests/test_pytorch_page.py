"""docs/pytorch.md: its blocks run, one after another, and none is longer than 20 lines."""

import re
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

PAGE = Path(__file__).parents[1] / "docs" / "pytorch.md"
SECTIONS = re.split(r"^## ", PAGE.read_text(), flags=re.MULTILINE)
BLOCKS = {
    section.split("\n", 1)[0]: re.findall(
        r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE
    )
    for section in SECTIONS
}


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


def test_every_block_is_short():
    blocks = [block for found in BLOCKS.values() for block in found]
    assert len(blocks) >= 11
    assert all(len(block.splitlines()) < 20 for block in blocks)


@pytest.mark.filterwarnings(
    "ignore:.*treespec, LeafSpec.*",  # Lightning's own, on what it imports
    "ignore:.*does not have many workers",
)
def test_the_blocks_run_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(1)
    names = {}
    try:
        for title, blocks in BLOCKS.items():
            if title in GIVEN:
                names |= GIVEN[title](tmp_path / "trainer")
            for block in blocks:
                exec(compile(block, f"{PAGE.name}: {title}", "exec"), names)
    finally:
        torch.set_rng_state(state)
        torch.set_num_threads(threads)
    assert "reaches the loss" in capsys.readouterr().out
    assert {path.name for path in Path("model").iterdir()} >= {"model.safetensors", "decision.json"}
    assert len(names["labels"]) == len(names["test"])
