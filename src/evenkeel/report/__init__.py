"""Facts to people: the page, the model card and the screen, all drawn from one document.

``wording`` writes numbers and names, ``figures`` picks what each figure shows, ``charts`` draws it (with ``marks``);
``page``, ``card`` (sharing ``parts``) and ``screen`` (``sections`` on a ``sheet``) put it before the reader.
"""

from evenkeel.report.card import render_card
from evenkeel.report.charts import chart_specs
from evenkeel.report.page import preload, render_page
from evenkeel.report.screen import print_decision, print_screen, screen_lines

__all__ = [
    "chart_specs",
    "preload",
    "print_decision",
    "print_screen",
    "render_card",
    "render_page",
    "screen_lines",
]
