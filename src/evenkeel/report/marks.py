"""Pieces that charts share: axes of shares, the base rate, the decision's point, the look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from evenkeel.report import wording
from evenkeel.report.wording import is_number

if TYPE_CHECKING:
    from collections.abc import Iterable

Spec = dict[str, Any]
Row = dict[str, Any]

# CSS variables of report.css: the browser resolves them, so charts follow light, dark and print by themselves.
INK, MUTED, LINE, PAPER = "var(--ink)", "var(--muted)", "var(--line)", "var(--paper)"
MAIN, SECOND, NEUTRAL = "var(--main)", "var(--second)", "var(--neutral)"
_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


def data(rows: Iterable[Row]) -> Any:
    """Rows as inline data; six digits draw the same line and halve the page."""
    import altair as alt

    return alt.InlineData(
        values=[{key: _short(value) for key, value in row.items()} for row in rows]
    )


def unit() -> Any:
    """The scale of a share."""
    import altair as alt

    return alt.Scale(domain=[0, 1], nice=False)


def tip(field: str, form: str = ".3~p") -> Any:
    """A number in the tooltip; by default a share."""
    import altair as alt

    return alt.Tooltip(f"{field}:Q", title=field, format=form)


def line(rows: Iterable[Row], *, color: str | None = MAIN) -> Any:
    """A line whose points are not seen but answer to the pointer."""
    import altair as alt

    unseen = alt.OverlayMarkDef(opacity=0, size=90)
    look: Row = {} if color is None else {"color": color}
    return alt.Chart(data(rows)).mark_line(strokeWidth=2, point=unseen, **look)


def shares(logarithmic: tuple[float, float] | None = None) -> Any:
    """The axis of a share; a logarithmic one has a line per decade."""
    import altair as alt

    if logarithmic is None:
        return alt.Axis(format="~p", tickCount=5)
    return alt.Axis(format="~p", values=decades(*logarithmic))


def decades(low: float, high: float) -> list[float]:
    """Powers of ten inside a range, with 2 and 5 times them where they alone would be too few.

    >>> decades(0.003, 2.0), decades(0.01, 0.06)
    ([0.01, 0.1, 1.0], [0.01, 0.02, 0.05])
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [10.0**power for power in range(first, last + 1)]
    ticks = [power for power in powers if low <= power <= high]
    if len(ticks) < 3:
        finer = [round(step * power, 12) for power in powers for step in (1, 2, 5)]
        ticks = [tick for tick in finer if low <= tick <= high]
    return ticks


def words(base: Any, *, color: str = INK, bold: bool = False, **place: Any) -> Any:
    """Text that stays readable where it crosses a line: a halo of paper under it."""
    look = {"fontSize": 11.5, "fontWeight": 600 if bold else 400, **place}
    halo = base.mark_text(**look, stroke=PAPER, strokeWidth=4, strokeJoin="round", fill=PAPER)
    return halo + base.mark_text(**look, fill=color)


def base_rate(value: float) -> list[Any]:
    """The line that a model without knowledge reaches, with its name."""
    import altair as alt

    y = alt.Y("rate:Q", scale=unit())
    base = alt.Chart(
        data([{"rate": value, "at": 0.012, "text": f"base rate {wording.share(value)}"}])
    )
    named = base.encode(x=alt.X("at:Q", scale=unit()), y=y, text="text:N")
    line = base.mark_rule(color=MUTED, strokeDash=[3, 3], strokeWidth=1.25)
    return [line.encode(y=y), words(named, color=MUTED, align="left", dy=-9 if value < 0.9 else 11)]


def decision_point(own: Row) -> list[Any]:
    """Recall and precision of the decision, with both intervals as whiskers."""
    import altair as alt

    keys = ("recall", "recall_low", "recall_high", "precision", "precision_low", "precision_high")
    base = alt.Chart(data([{key: own.get(key) for key in keys} | {"text": "decision"}]))
    x, y = alt.X("recall:Q", scale=unit()), alt.Y("precision:Q", scale=unit())
    whisker = base.mark_rule(color=SECOND, strokeWidth=2)
    layers = []
    if wording.spread(own, "recall"):
        layers.append(
            whisker.encode(x=alt.X("recall_low:Q", scale=unit()), x2="recall_high:Q", y=y)
        )
    if wording.spread(own, "precision"):
        upright = alt.Y("precision_low:Q", scale=unit())
        layers.append(whisker.encode(x=x, y=upright, y2="precision_high:Q"))
    point = base.mark_point(filled=True, color=SECOND, opacity=1, size=110, shape="diamond")
    crowded = own["recall"] > 0.85
    side: Row = {"align": "right" if crowded else "left", "dx": -9 if crowded else 9}
    return [
        *layers,
        point.encode(x=x, y=y, tooltip=[tip("recall"), tip("precision")]),
        words(
            base.encode(x=x, y=y, text="text:N"),
            bold=True,
            dy=-13 if own["precision"] < 0.9 else 15,
            **side,
        ),
    ]


def threshold_axis(against: Row, field: str = "threshold") -> Any:
    """The axis of thresholds, logarithmic where they are tiny, cut to the measured ones."""
    import altair as alt

    measured = [point["threshold"] for point in against["points"]]
    low, high = min(measured), max(measured)
    kind: Literal["log", "linear"] = "log" if against["logarithmic"] and low > 0 else "linear"
    scale = alt.Scale(
        type=kind, domain=[low, high] if high > low else [low, low + 1], nice=False, clamp=True
    )
    return alt.X(
        f"{field}:Q",
        title="threshold" + (" (logarithmic)" if kind == "log" else ""),
        scale=scale,
        axis=alt.Axis(format="~g", values=decades(low, high))
        if kind == "log"
        else alt.Axis(format="~g", tickCount=6),
    )


def spread(against: Row) -> list[Any]:
    """The band of thresholds that the same policy chooses on resampled rows."""
    import altair as alt

    low, high = (against["decision"].get(f"threshold_{end}") for end in ("low", "high"))
    if not (is_number(low) and is_number(high) and high > low):
        return []
    row = {"low": _inside(low, against), "high": _inside(high, against)}
    band = alt.Chart(data([row])).mark_rect(color=NEUTRAL, opacity=0.18)
    return [band.encode(x=threshold_axis(against, "low"), x2="high:Q")]


def chosen_rule(against: Row) -> list[Any]:
    """The chosen threshold, written beside its line on the roomier side."""
    import altair as alt

    value = against["decision"].get("threshold")
    if not is_number(value):
        return []
    measured = sorted(point["threshold"] for point in against["points"])
    below = sum(point < value for point in measured) / len(measured)
    if not against["logarithmic"]:
        below = (value - measured[0]) / max(measured[-1] - measured[0], 1e-12)
    right = below > 0.5
    base = alt.Chart(
        data([{"threshold": _inside(value, against), "text": f"chosen {wording.threshold(value)}"}])
    )
    base = base.encode(x=threshold_axis(against))
    named = base.encode(y=alt.value(9), text="text:N")
    side: Row = {"align": "right" if right else "left", "dx": -6 if right else 6}
    return [base.mark_rule(color=INK, strokeWidth=1.5), words(named, bold=True, **side)]


def _inside(value: float, against: Row) -> float:
    """A threshold moved to the drawn ones: flagging everything is 0, which no logarithmic axis holds."""
    measured = [point["threshold"] for point in against["points"]]
    return float(min(max(value, min(measured)), max(measured)))


def chosen(against: Row) -> str:
    """The chosen threshold in words."""
    decision = against["decision"]
    ends = wording.interval(
        decision.get("threshold_low"), decision.get("threshold_high"), form=wording.threshold
    )
    return f"{wording.threshold(decision.get('threshold'))} {ends}".strip()


def finish(chart: Any, description: str, height: int) -> Spec:
    """The specification of a chart: as wide as its figure, described for those who cannot see it."""
    sized = chart.properties(width="container", height=height, description=description)
    spec: Spec = sized.configure(**_look()).to_dict()
    spec.pop("$schema", None)
    return spec


def _look() -> Spec:
    words = {"labelFont": _FONT, "titleFont": _FONT, "labelFontSize": 11.5, "titleFontSize": 12}
    calm = {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "titleFontWeight": "normal",
        "titlePadding": 10,
    }
    axis = (
        words
        | calm
        | {
            "grid": True,
            "gridColor": LINE,
            "gridWidth": 1,
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
            "labelOverlap": True,
            "labelSeparation": 6,
        }
    )
    legend = words | {
        "orient": "top",
        "labelColor": INK,
        "symbolStrokeWidth": 2,
        "offset": 4,
        "padding": 0,
        "columnPadding": 18,
    }
    return {
        "background": "transparent",
        "font": _FONT,
        "padding": 2,
        "view": {"stroke": None},
        "axis": axis,
        "legend": legend,
    }


def _short(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value
