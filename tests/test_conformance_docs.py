"""The page for migrants shows every deviation of the conformance run, and no other."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_lists_the_deviations():
    known = tomllib.loads((ROOT / "tests/conformance/deviations.toml").read_text())["deviation"]
    page = (ROOT / "docs/from-imbalanced-learn.md").read_text()
    shown = re.findall(r"^\| `(test_\w+)` \| (.+) \|$", page, flags=re.MULTILINE)
    wanted = [(re.search(r"test_[a-z_]+", one["test"])[0], one["reason"]) for one in known]
    assert shown == wanted
