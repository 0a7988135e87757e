"""What a remedy may take on top of what its process holds, libraries apart."""

import subprocess
import sys

import pytest

CODE = """
import numpy as np
from evenkeel.race.memory import beyond_limit, memory_limit
kept = []
with memory_limit(60 << 20):
    with beyond_limit():
        kept.append(np.ones(100 << 17))  # 100 MiB of libraries
    kept.append(np.ones(30 << 17))
    try:
        np.ones(100 << 17)
    except MemoryError:
        print("limited")
np.ones(100 << 17)
with beyond_limit():
    print("free")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process takes")
def test_libraries_do_not_count_against_the_limit():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.stdout.split(), done.stderr) == (["limited", "free"], "")
