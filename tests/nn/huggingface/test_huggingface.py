"""Names without transformers; the form that the documentation shows."""

import subprocess
import sys

import pytest

pytest.importorskip("transformers")

import evenkeel.nn
import evenkeel.nn.huggingface as folder


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_without_transformers_all_else_is_there_and_the_exact_line_is_printed():
    code = (
        "import sys; sys.modules['transformers'] = None\n"
        "from evenkeel.nn import BalancedTrainerMixin, FocalLoss, check_trainer, decide_on\n"
        "from evenkeel.nn import make_compute_metrics\n"
        "from evenkeel.nn import EpochCallback\n"
    )
    done = run(code)
    assert done.returncode == 1
    assert "line 4" in done.stderr
    assert "Install it with: pip install 'evenkeel[text]'" in done.stderr.splitlines()[-1]


def test_importing_the_folder_does_not_import_transformers():
    code = "import sys, evenkeel.nn.huggingface; sys.exit('transformers' in sys.modules)"
    assert run(code).returncode == 0


def test_every_name_is_exported_above():
    assert set(folder.__all__) <= set(evenkeel.nn.__all__)
    for name in folder.__all__:
        assert getattr(folder, name) is getattr(evenkeel.nn, name)
    for module in (folder, evenkeel.nn):
        with pytest.raises(AttributeError, match="has no attribute 'Trainer'"):
            _ = module.Trainer
