"""The file tree of the README is the one that there is."""

from benchmarks.tree import ROOT, tree


def test_the_readme_shows_every_file():
    page = (ROOT / "README.md").read_text()
    shown = page.partition("## The tree\n\n```\n")[2].partition("\n```")[0]
    assert shown.splitlines() == tree().splitlines(), (
        "print it again: python -m benchmarks.tree --write"
    )
