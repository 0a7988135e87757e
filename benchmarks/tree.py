"""Print the file tree of the README, one comment a file, from the files' own first sentences.

``python -m benchmarks.tree`` prints it; ``--write`` puts it into README.md.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parent.parent
BESIDE = {
    "tests/": "mirrors src/evenkeel",
    "benchmarks/": "speed, memory and results, each by `python -m`",
    "examples/": "small files that commands in the docs use",
    "docs/": "results, benchmarks, the JSON document, coming from imbalanced-learn",
}


def tree() -> str:
    """The tree as text."""
    source = ROOT / "src" / "evenkeel"
    lines = ["src/evenkeel/"]
    for path in sorted(source.iterdir(), key=lambda p: (p.is_dir(), p.name)):
        if path.suffix == ".py" and path.name != "__main__.py":
            lines.append(_line(path.name, path, 1))
        elif path.is_dir() and (path / "__init__.py").is_file():
            lines.append(_line(f"{path.name}/", path / "__init__.py", 1))
            inside = [p for p in sorted(path.glob("*.py")) if p.name != "__init__.py"]
            lines += [_line(p.name, p, 2) for p in inside]
    lines += [f"{name:<34} {what}" for name, what in BESIDE.items()]
    return "\n".join(lines)


def _line(name: str, path: Path, depth: int) -> str:
    doc = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0]
    said = re.sub(r"\s+", " ", doc).replace("``", "").rstrip(".")
    return f"{'    ' * depth + name:<34} {textwrap.shorten(said, 82, placeholder=' ...')}"


def main() -> None:
    """Print, or write into the README between its fences."""
    if "--write" not in sys.argv:
        print(tree())
        return
    page = ROOT / "README.md"
    text = page.read_text()
    head, fence, _ = text.partition("## The tree\n\n```\n")
    page.write_text(f"{head}{fence}{tree()}\n```\n")


if __name__ == "__main__":
    main()
