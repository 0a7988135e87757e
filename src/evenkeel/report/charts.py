"""Facts to charts: one Vega-Lite specification per figure, drawn by Altair.

Colours are the CSS variables of the page, so that one style sheet serves light, dark and print. No text of the user's
enters an expression: labels travel as data only.
"""

from __future__ import annotations

from typing import Any

from evenkeel.report import figures, marks, wording
from evenkeel.report.marks import INK, MAIN, MUTED, NEUTRAL, PAPER, SECOND
from evenkeel.report.wording import is_number

Facts = dict[str, Any]
Spec = dict[str, Any]
Row = dict[str, Any]


def chart_specs(facts: Facts) -> dict[str, Spec]:
    """Every chart that the facts can fill, by the id of its figure.

    Parameters
    ----------
    facts
        The document of ``docs/facts.md``.

    Returns
    -------
    dict of str to dict
        Vega-Lite specifications without ``$schema``: ``differences-METRIC``, ``precision-recall-I`` (two classes:
        only 0; several: the rarest first), ``thresholds``, ``cost``, ``reliability`` and, for several classes,
        ``confusion``. A chart whose facts are absent is left out.

    Examples
    --------
    >>> bins = [{"predicted": 0.2, "observed": 0.1, "count": 10, "positives": 1}]
    >>> list(chart_specs({"calibration": {"reliability": bins}}))
    ['reliability']
    """
    specs = {f"differences-{one['key']}": differences(one) for one in figures.comparisons(facts)}
    curves = figures.curves(facts)
    for at, curve in enumerate(curves):
        specs[f"precision-recall-{at}"] = precision_recall(curve, small=len(curves) > 1)
    if against := figures.thresholds(facts):
        specs["thresholds"] = rates_by_threshold(against)
        if any(is_number(point.get("cost")) for point in against["points"]):
            specs["cost"] = cost_by_threshold(against)
    if bins := figures.reliability(facts):
        specs["reliability"] = reliability(bins)
    matrix = figures.confusion(facts)
    if matrix and len(matrix["names"]) > 2:
        specs["confusion"] = confusion(matrix)
    return specs


def differences(comparison: Row) -> Spec:
    """Forest plot: each remedy's paired difference to the baseline, with its interval."""
    import altair as alt

    title = wording.metric(comparison["key"])
    verdicts = ["better", "no clear difference", "worse"]
    look = alt.Scale(domain=verdicts, range=[MAIN, NEUTRAL, SECOND])
    shape = alt.Scale(domain=verdicts, range=["triangle-up", "circle", "triangle-down"])
    rows = comparison["rows"]
    base = alt.Chart(marks.data(rows)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=alt.Axis(grid=False)),
        color=alt.Color("verdict:N", scale=look, legend=None),
        tooltip=[
            alt.Tooltip("name:N", title="remedy"),
            *(marks.tip(field, "+.4~g") for field in ("difference", "low", "high")),
            alt.Tooltip("verdict:N", title="verdict"),
        ],
    )
    side = "left" if comparison["lower_is_better"] else "right"
    zeroless = "datum.value === 0 ? '0' : datum.label"
    axis = alt.Axis(format="+,~r", tickCount=6, labelExpr=zeroless)
    whiskers = base.mark_rule(strokeWidth=2.5).encode(
        x=alt.X("low:Q", title=f"difference ({side} is better)", axis=axis),
        x2="high:Q",
    )
    points = base.mark_point(filled=True, size=95, opacity=1).encode(
        x="difference:Q", shape=alt.Shape("verdict:N", scale=shape, legend=None)
    )
    zero = alt.Chart(marks.data([{"x": 0}])).mark_rule(color=INK, strokeWidth=1.25).encode(x="x:Q")
    told = "; ".join(
        f"{row['name']} {wording.signed(row['difference'])} {wording.interval(row['low'], row['high'])}"
        for row in rows[:12]
    )
    return marks.finish(
        zero + whiskers + points,
        f"Differences in {title} to the baseline. {told}.",
        30 * len(rows) + 10,
    )


def precision_recall(curve: Row, *, small: bool = False) -> Spec:
    """Precision against recall, with the base rate and the decision's point and intervals."""
    import altair as alt

    own, name = curve["figures"], wording.label(curve["label"])
    rows = [point | {"at": at} for at, point in enumerate(curve["points"])]
    layers = [
        marks.line(rows).encode(
            x=alt.X("recall:Q", title="recall", scale=marks.unit(), axis=marks.shares()),
            y=alt.Y("precision:Q", title="precision", scale=marks.unit(), axis=marks.shares()),
            order="at:Q",
            tooltip=[marks.tip("recall"), marks.tip("precision"), marks.tip("threshold", ".3~g")],
        )
    ]
    base_rate = own.get("prevalence")
    if is_number(base_rate):
        layers += marks.base_rate(base_rate)
    if is_number(own.get("recall")) and is_number(own.get("precision")):
        layers += marks.decision_point(own)
    told = (
        f"Precision-recall curve of {name}; base rate {wording.share(base_rate)}; the decision reaches recall "
        f"{wording.share(own.get('recall'))} at precision {wording.share(own.get('precision'))}."
    )
    return marks.finish(alt.layer(*layers), told, 220 if small else 340)


def rates_by_threshold(against: Row) -> Spec:
    """Precision and recall against the threshold, with the chosen one and its spread."""
    import altair as alt

    rates = [
        {"threshold": point["threshold"], "rate": key, "value": point[key]}
        for key in ("precision", "recall")
        for point in against["points"]
        if is_number(point.get(key))
        # Precision without an alert is undefined, whatever convention wrote it down.
        and (key == "recall" or point.get("alerts_per_1000") != 0)
    ]
    names = ["precision", "recall"]
    legend = alt.Legend(title=None, symbolType="stroke", symbolSize=250)
    look = alt.Scale(domain=names, range=[MAIN, SECOND])
    dash = alt.Scale(domain=names, range=[[1, 0], [6, 3]])
    lines = marks.line(rates, color=None).encode(
        x=marks.threshold_axis(against),
        y=alt.Y("value:Q", title=None, scale=marks.unit(), axis=marks.shares()),
        color=alt.Color("rate:N", scale=look, legend=legend),
        strokeDash=alt.StrokeDash("rate:N", scale=dash, legend=legend),
        tooltip=["rate:N", marks.tip("value"), marks.tip("threshold", ".3~g")],
    )
    told = f"Precision and recall against the threshold; chosen {marks.chosen(against)}."
    return marks.finish(
        alt.layer(*marks.spread(against), lines, *marks.chosen_rule(against)), told, 280
    )


def cost_by_threshold(against: Row) -> Spec:
    """Cost per 1,000 rows against the threshold; logarithmic where the ends dwarf the valley."""
    import altair as alt

    rows = [
        {"threshold": point["threshold"], "cost": point["cost"]}
        for point in against["points"]
        if is_number(point.get("cost"))
    ]
    costs = [row["cost"] for row in rows]
    steep = min(costs) > 0 and max(costs) > 10 * min(costs)
    title = "cost per 1,000 rows" + (" (logarithmic)" if steep else "")
    scale = alt.Scale(type="log", nice=False) if steep else alt.Scale(zero=True)
    axis = alt.Axis(format=",.6~g", tickCount=5)
    if steep:
        axis = alt.Axis(format=",.6~g", values=marks.decades(min(costs), max(costs)))
    tips = [marks.tip("cost", ",.4~g"), marks.tip("threshold", ".3~g")]
    line = marks.line(rows).encode(
        x=marks.threshold_axis(against),
        y=alt.Y("cost:Q", title=title, scale=scale, axis=axis),
        tooltip=tips,
    )
    told = f"Cost per 1,000 rows against the threshold; chosen {marks.chosen(against)}."
    return marks.finish(
        alt.layer(*marks.spread(against), line, *marks.chosen_rule(against)), told, 280
    )


def reliability(bins: Row) -> Spec:
    """Observed against predicted share; bins without a positive are open triangles on the floor."""
    import altair as alt

    ends = _ends(bins) if bins["logarithmic"] else None
    floor, top = ends or (0.0, 1.0)
    rows = [_bin(row, floor) for row in bins["bins"]]
    scale = alt.Scale(type="log" if ends else "linear", domain=[floor, top], nice=False, clamp=True)
    x = alt.X("across:Q", title="predicted share", scale=scale, axis=marks.shares(ends))
    y = alt.Y("shown:Q", title="observed share", scale=scale, axis=marks.shares(ends))
    counts = alt.Tooltip("counts:N", title="positives/rows")
    base = alt.Chart(marks.data(rows)).encode(
        x=x, tooltip=[marks.tip("predicted"), marks.tip("observed"), counts]
    )
    exact = alt.Chart(marks.data([{"across": end, "shown": end} for end in (floor, top)]))
    layers = [exact.mark_line(color=NEUTRAL, strokeDash=[4, 4], strokeWidth=1.25).encode(x=x, y=y)]
    if all(row["low"] is not None for row in rows):
        whisker = base.mark_rule(color=MAIN, strokeWidth=2)
        layers.append(whisker.encode(y=alt.Y("low:Q", scale=scale), y2="high:Q"))
    kinds = ["observed share", "no positive in the bin"]
    empty = any(row["kind"] == kinds[1] for row in rows)
    shape = alt.Shape(
        "kind:N",
        scale=alt.Scale(domain=kinds, range=["circle", "triangle-down"]),
        legend=alt.Legend(title=None) if empty else None,
    )
    points = base.mark_point(size=75, opacity=1, color=MAIN, fill=PAPER, strokeWidth=2)
    layers += [
        marks.words(base.encode(y=y, text="counts:N"), color=MUTED, dy=-14, fontSize=11),
        points.encode(y=y, shape=shape),
    ]
    told = "; ".join(
        f"predicted {wording.share(row['predicted'])}, observed {wording.share(row['observed'])} "
        f"({row['counts']})"
        for row in rows[:15]
    )
    return marks.finish(alt.layer(*layers), f"Reliability by bin: {told}.", 340)


def _ends(bins: Row) -> tuple[float, float]:
    seen = [row[key] for row in bins["bins"] for key in ("predicted", "observed") if row[key] > 0]
    return min(seen, default=0.001) / 2, min(1.0, 1.6 * max(seen, default=1.0))


def _bin(row: Row, floor: float) -> Row:
    known = is_number(row.get("observed_low")) and is_number(row.get("observed_high"))
    return row | {
        "shown": max(row["observed"], floor),
        "across": max(row["predicted"], floor),
        "kind": "observed share" if row["observed"] > 0 else "no positive in the bin",
        "counts": f"{wording.count(row.get('positives'))}/{wording.count(row['count'])}",
        "low": max(row["observed_low"], floor) if known else None,
        "high": max(row["observed_high"], floor) if known else None,
    }


def confusion(matrix: Row) -> Spec:
    """Heat map of decisions: counts written, depth of colour by share of the true class."""
    import altair as alt

    names, counts = matrix["names"], matrix["counts"]
    cells = [
        {
            "true": true,
            "decided": decided,
            "count": counts[i][j],
            "share": counts[i][j] / max(1, sum(counts[i])),
        }
        for i, true in enumerate(names)
        for j, decided in enumerate(names)
    ]
    top = alt.Axis(orient="top", labelAngle=-40, labelLimit=120, grid=False)
    base = alt.Chart(marks.data(cells)).encode(
        x=alt.X("decided:N", sort=None, title=None, axis=top),
        y=alt.Y("true:N", sort=None, title=None, axis=alt.Axis(grid=False)),
        tooltip=["true:N", "decided:N", marks.tip("count", ","), marks.tip("share")],
    )
    # Half the colour at most: the count stays readable in ink, in light and in dark.
    depth = alt.Opacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0.05, 0.5]), legend=None)
    rects = base.mark_rect(color=MAIN, stroke=PAPER, strokeWidth=2).encode(opacity=depth)
    texts = base.mark_text(fontSize=11.5, fill=INK).encode(text=alt.Text("count:Q", format=","))
    told = f"Confusion matrix of {len(names)} classes; the table below holds the same counts."
    return marks.finish(rects + texts, told, max(28, 44 - 2 * len(names)) * len(names))
