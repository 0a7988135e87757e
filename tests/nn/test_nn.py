"""What the folder exports, and what is said where torch is absent."""

import subprocess
import sys

import evenkeel.nn


def test_every_name_is_there_once():
    names = evenkeel.nn.__all__
    assert len(names) == len(set(names)) > 0
    for name in names:
        assert getattr(evenkeel.nn, name) is not None
    exec(f"from evenkeel.nn import {', '.join(names)}", {})


def test_without_torch_the_exact_line_is_printed():
    code = "import sys; sys.modules['torch'] = None; import evenkeel.nn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Install it with: pip install 'evenkeel[torch]'" in done.stderr.splitlines()[-1]
