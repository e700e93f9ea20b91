"""A chart drawn by matplotlib as papers print it; exported figures carry this file's text, so it imports nothing else.

``chart`` is a dictionary as ``figure.data_of`` returns it: titles, axes, and series of numbers.
"""

from typing import Any

# fmt: off


def draw(ax: Any, chart: dict[str, Any]) -> None:
    """Draw a chart or a heat map on matplotlib axes."""
    if "rows" in chart:
        draw_heat_map(ax, chart)
        return
    stacks: dict[float, float] = {}
    for series in chart["series"]:
        draw_series(ax, series, stacks if chart["stacked"] else None)
    for axis, name in ((chart["x"], "x"), (chart["y"], "y")):
        set_axis(ax, axis, name)
    for guide in chart["guides"]:
        line, at = (ax.axvline, "x") if guide["vertical"] else (ax.axhline, "y")
        line(guide["value"], color="0.4", linewidth=0.8, linestyle=":")
        here = (guide["value"], 1.0) if at == "x" else (1.0, guide["value"])
        coordinates = ("data", "axes fraction") if at == "x" else ("axes fraction", "data")
        ax.annotate(guide["label"], here, xycoords=coordinates, xytext=(-3, -3), textcoords="offset points",
                    ha="right", va="top", fontsize="x-small", color="0.35")
    for span in chart["spans"]:
        if span["low"] > ax.get_xlim()[0]:
            ax.axvline(span["low"], color="0.8", linewidth=0.6, zorder=0)
        ax.annotate(span["label"], ((span["low"] + span["high"]) / 2, 0.0), xycoords=("data", "axes fraction"),
                    xytext=(0, 3), textcoords="offset points", ha="center", va="bottom", fontsize="xx-small",
                    color="0.35")
    set_title(ax, chart)
    if any(series["label"] and not series["faint"] for series in chart["series"]):
        ax.legend(framealpha=0.8, edgecolor="none", fontsize="small")


def draw_series(ax: Any, series: dict[str, Any], stacks: dict[float, float] | None) -> None:
    """Draw one series: a line, steps, points or bars, with the band around it."""
    x, y, colour = series["x"], series["y"], series["colour"]
    if series["kind"] == "bars":
        bottom = series["low"] or [0.0] * len(x)
        if stacks is not None:
            bottom = [stacks.get(value, 0.0) for value in x]
            stacks.update({value: start + height for value, start, height in zip(x, bottom, y, strict=True)})
        ax.bar(x, y, bottom=bottom, color=colour, label=series["label"] or None, hatch=series["hatch"])
        return
    look = {"color": colour, "label": series["label"] or None, "marker": series["marker"], "markersize": 4,
            "markerfacecolor": "white" if series["open"] else colour, "linewidth": 1.5}
    if series["faint"]:
        look |= {"linewidth": 0.5, "alpha": 0.4, "label": None, "marker": None}
    if series["kind"] == "scatter":
        look |= {"linestyle": "none"}
    else:
        look |= {"linestyle": series["dash"], "drawstyle": "steps-post" if series["kind"] == "steps" else "default"}
        look |= {"markevery": max(1, len(x) // 30)}
    ax.plot(x, y, **look)
    if series["low"]:
        ax.fill_between(x, series["low"], series["high"], color=colour, alpha=0.15, linewidth=0)


def set_axis(ax: Any, axis: dict[str, Any], name: str) -> None:
    """Set the scale, the limits, the ticks and the label of one axis."""
    getattr(ax, f"set_{name}label")(axis["title"])
    if axis["log"]:
        getattr(ax, f"set_{name}scale")("log", nonpositive="mask")
    getattr(ax, f"set_{name}lim")(axis["low"], axis["high"])
    if axis["ticks"]:
        values, labels = zip(*axis["ticks"], strict=True)
        getattr(ax, f"set_{name}ticks")(values, labels)
    elif axis["whole"]:
        getattr(ax, f"{name}axis").get_major_locator().set_params(integer=True)


def set_title(ax: Any, chart: dict[str, Any]) -> None:
    """Say above the axes what is shown, and under which conditions it was measured."""
    from textwrap import fill

    points = 72 * ax.figure.get_figwidth() * ax.get_position().width  # a letter is about 4 points wide
    conditions = "\n".join(fill(text, max(20, int(points / 4.2))) for text in chart["about"])
    ax.set_title(f"{chart['title']}\n{conditions}".strip(), loc="left", fontsize="small")


def draw_heat_map(ax: Any, chart: dict[str, Any]) -> None:
    """Draw rows of values as colours, the first row at the top, with the bar that says which colour is which."""
    from itertools import pairwise

    from matplotlib.colors import LogNorm, Normalize

    value = chart["value"]
    norm = (LogNorm if value["log"] else Normalize)(value["low"], value["high"])
    x, rows = chart["x_values"], len(chart["rows"])
    edges = [x[0] - 0.5] + [(left + right) / 2 for left, right in pairwise(x)] + [x[-1] + 0.5]
    mesh = ax.pcolormesh(edges, range(rows + 1), chart["values"], norm=norm, cmap="viridis_r")
    ax.set_yticks([row + 0.5 for row in range(rows)], chart["rows"], fontsize="x-small")
    ax.invert_yaxis()
    set_axis(ax, chart["x"], "x")
    ax.set_ylabel(chart["y_title"])
    set_title(ax, chart)
    ax.figure.colorbar(mesh, ax=ax, label=value["title"])
