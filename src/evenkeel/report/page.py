"""Facts to one offline page: the verdict first, then what it rests on."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from typing import TYPE_CHECKING, Any

from evenkeel.report import charts, parts, wording

if TYPE_CHECKING:
    from jinja2 import Environment

Facts = dict[str, Any]

SECTIONS = (
    ("verdict", "Verdict"),
    ("data", "Data"),
    ("audit", "Audit"),
    ("remedies", "Remedies"),
    ("decision", "Decision"),
    ("test", "Test"),
    ("calibration", "Calibration"),
    ("method", "Method"),
)


def render_page(facts: Facts) -> str:
    r"""The report as one HTML file that needs nothing else.

    Style, data, charts and the JavaScript that draws them are inside. A content security policy in its head lets the
    browser run exactly the two scripts of the page (by their SHA-256) and refuses every request.

    Parameters
    ----------
    facts
        The document of ``docs/facts.md``.

    Returns
    -------
    str
        HTML, below 3 MB; write it as UTF-8.

    Examples
    --------
    >>> page = render_page({"data": {"name": "tx", "target": "<script>"}, "version": "0.1.0"})
    >>> "<h1>tx: &lt;script&gt;</h1>" in page
    True
    """
    from markupsafe import Markup

    script, library = _template("report.js"), _library()
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            facts=facts,
            charts=charts.chart_specs(facts),
            css=Markup(_template("report.css")),  # noqa: S704  # our own file
            script=Markup(script),  # noqa: S704  # our own file
            library=Markup(library),  # noqa: S704  # Vega's own bundle
            policy=_policy(library, script),
            sections=_sections(facts),
            provenance=_provenance(facts),
            **parts.shared(facts),
        )
    )


def _sections(facts: Facts) -> list[tuple[str, str]]:
    """Anchors and names; without a test part its section tells what was judged in its place."""
    nested = (facts.get("split") or {}).get("kind") == "nested"
    return [(id_, "Nested" if nested and id_ == "test" else name) for id_, name in SECTIONS]


def preload() -> None:
    """Import what a page needs and make its script, which takes seconds, before it is asked for."""
    _library()
    _environment()


def _provenance(facts: Facts) -> list[tuple[str, Any]]:
    data = facts.get("data") or {}
    rows = [
        ("evenkeel", facts.get("version")),
        ("Facts", facts.get("schema")),
        ("Source", data.get("source")),
        ("Content of the data (hash)", data.get("hash")),
        ("Seed", facts.get("seed")),
    ]
    rows += list((facts.get("versions") or {}).items())
    return [(str(term), value) for term, value in rows if value is not None]


def _policy(*scripts: str) -> str:
    digests = (hashlib.sha256(text.encode()).digest() for text in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


@functools.cache
def _library() -> str:
    """Vega, Vega-Lite and Vega-Embed, once for all charts, in the version that Altair writes for."""
    import altair
    import vl_convert

    version = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", version)
    # "</script" in a string of the bundle would end the script that holds it.
    return re.sub(r"</(?=script)", r"<\\/", bundle, flags=re.IGNORECASE)


def _template(name: str) -> str:
    from importlib.resources import files

    return files("evenkeel.report").joinpath("templates", name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("evenkeel.report"),
        autoescape=True,
        undefined=jinja2.ChainableUndefined,
        finalize=lambda value: wording.tidy(value) if type(value) is str else value,
        trim_blocks=True,
    )
    environment.filters |= parts.filters()
    return environment
