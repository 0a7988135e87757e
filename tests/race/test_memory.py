"""What a remedy may take on top of what its process holds, libraries apart."""

import os
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


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory by RLIMIT_DATA")
def test_linear_algebra_that_was_not_used_before_does_not_wait_for_memory_for_ever():
    code = """if True:
        import numpy as np
        from evenkeel.race.fold_rows import load_libraries
        from evenkeel.race.memory import beyond_limit, memory_limit
        with memory_limit(4 << 20):
            with beyond_limit():
                load_libraries(None)
            from scipy.linalg import lu
            print(lu(np.eye(20, dtype=np.float32))[2].trace(), np.linalg.inv(np.eye(20)).trace())
    """
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.stdout.split() == ["20.0", "20.0"]
