"""Facts to a model card: what a model is for, what it reaches, where it ends, in Markdown."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from evenkeel.report import parts, wording

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment

Facts = dict[str, Any]

_NUMBERS = frozenset({"number", "share", "count", "threshold", "signed", "ratio", "out_of"})
_MEANING = re.compile(r"([\\`*_\[\]#|~])")
_OPENING = re.compile(r"^(\s*)([-+>=]|\d+(?=[.)]\s))")


def render_card(facts: Facts) -> str:
    """The model card as Markdown: intended use, data, decision, results, calibration, limits, use.

    Names of classes and columns are written as code, and every other text has the signs of Markdown and HTML
    escaped, so no label can format the card.

    Parameters
    ----------
    facts
        The document of ``docs/facts.md``.

    Returns
    -------
    str
        Markdown; write it as UTF-8.

    Examples
    --------
    >>> card = render_card({"data": {"name": "tx", "target": "is_fraud"}, "version": "0.1.0"})
    >>> card.splitlines()[0]
    '# Model card: `tx`, `is_fraud`'
    """
    text = (
        _environment().get_template("model_card.md.j2").render(facts=facts, **parts.shared(facts))
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


class _Written(str):
    """Text that is Markdown already."""

    __slots__ = ()


def escape(value: Any) -> Any:
    r"""Text in which no sign has a meaning to Markdown or HTML.

    >>> escape("a*b <script> | # x"), escape("- item"), escape("1. item")
    ('a\\*b &lt;script> \\| \\# x', '\\- item', '1\\. item')
    """
    if type(value) is not str:
        return value
    text = _MEANING.sub(r"\\\1", wording.tidy(value))
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    return _OPENING.sub(lambda m: m[0] + "\\" if m[2].isdigit() else f"{m[1]}\\{m[2]}", text)


def code(value: Any) -> str:
    r"""A name as a code span that also holds inside a table.

    >>> code("a`b|c")
    "`a'b\\|c`"
    """
    return _Written("`" + wording.label(value).replace("`", "'").replace("|", "\\|") + "`")


def _written(form: Callable[..., str]) -> Callable[..., str]:
    return lambda *args, **options: _Written(form(*args, **options))


@functools.cache
def _environment() -> Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("evenkeel.report"),
        autoescape=False,  # noqa: S701  # Markdown: ``finalize`` escapes every value
        undefined=jinja2.ChainableUndefined,
        finalize=escape,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        name: _written(form) if name in _NUMBERS else form for name, form in parts.filters().items()
    } | {"code": code}
    return environment
