"""Optional packages: the extras bring what they promise, and absence is answered with a pip line."""

import importlib.util
import tomllib
from pathlib import Path

import pytest

from evenkeel._optional import need
from evenkeel.errors import EvenkeelError, MissingDependency

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
MODULES = {
    "torch": ("torch", "skorch", "safetensors"),
    "text": ("transformers", "accelerate"),
    "audio": ("soundfile",),
    "lightning": ("lightning",),
    "xgboost": ("xgboost",),
    "onnx": ("onnx", "onnxruntime", "onnxmltools", "skl2onnx"),
    "ray": ("ray",),
    "mlflow": ("mlflow",),
}


def test_every_extra_is_listed_here_and_in_all():
    extras = PROJECT["optional-dependencies"]
    assert set(MODULES) == set(extras) - {"all"}
    assert extras["all"] == [f"evenkeel[{','.join(name for name in extras if name != 'all')}]"]


@pytest.mark.parametrize("module", [name for names in MODULES.values() for name in names])
def test_what_an_extra_brings_is_installed_with_all_extras(module):
    assert importlib.util.find_spec(module) is not None


def test_absence_is_answered_with_the_line_that_installs():
    with pytest.raises(MissingDependency, match=r"pip install 'evenkeel\[ray\]'") as caught:
        need("no_such_module_of_ray", extra="ray")
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value, EvenkeelError)
    assert need("math", extra="torch").pi > 3
