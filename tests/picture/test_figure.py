"""Charts for matplotlib: the values on its axes are the chart's, and the exported file draws them without the app."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.patches import Rectangle

from resnet_explorer.errors import ExplorerError
from resnet_explorer.picture.chart import (
    PLAIN,
    RESIDUAL,
    STEPS,
    STYLES,
    Axis,
    Chart,
    Guide,
    HeatMap,
    Kind,
    Row,
    Scale,
    Series,
    Span,
)
from resnet_explorer.picture.figure import plot, to_script

mpl.use("Agg")
X = (1.0, 2.0, 3.0)
LINES = Chart(
    "Gradient norm, block by block",
    Axis("block"),
    Axis("‖∂L/∂y‖₂", Scale.LOG, low=1e-3, high=10.0),
    (
        Series("residual", "ResNet-56", X, (1.0, float("inf"), 0.1), RESIDUAL, low=X, high=X, note="first/last = 10"),
        Series("plain", "plain-56", X, (5.0, 1.0, 0.01), PLAIN),
        Series("hidden", "hidden", X, X, hidden=True),
    ),
    'median of 3 seeds \\ band """from smallest to largest',
    (Guide(2.0, "here"),),
    (Span(0.5, 2.5, "stage 1"), Span(2.5, 3.5, "stage 2")),
)
HEAT = HeatMap("Blocks by steps", Axis("step"), Axis("norm", Scale.LOG), X, (Row("1", (1.0, 0.1, float("nan"))),))


@pytest.fixture(autouse=True)
def closed() -> None:
    pyplot.close("all")


def test_axes_hold_the_series_with_their_labels_scales_and_limits() -> None:
    ax = plot(LINES)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("block", "‖∂L/∂y‖₂", "log")
    assert ax.get_ylim() == (1e-3, 10.0)
    assert "median of 3 seeds" in ax.get_title("left")
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["ResNet-56 (first/last = 10)", "plain-56"]
    first, second, *_ = ax.get_lines()
    assert np.asarray(second.get_ydata()).tolist() == [5.0, 1.0, 0.01]
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--"), "not by colour alone"
    assert len(ax.collections) == 1, "one band"


def test_bars_of_a_stacked_chart_stand_on_each_other() -> None:
    bars = tuple(Series(f"b{n}", f"b{n}", X, (n, n, n), STYLES[n], Kind.BARS) for n in (1, 2))
    ax = plot(Chart("Shares", Axis("block"), Axis("share"), bars, stacked=True))
    assert [patch.get_y() for patch in ax.patches if isinstance(patch, Rectangle)] == [0, 0, 0, 1, 1, 1]
    assert ax.patches[-1].get_hatch()


def test_a_chart_goes_on_the_axes_that_are_given() -> None:
    figure, axes = pyplot.subplots(1, 2)
    assert plot(HEAT, axes[1]) is axes[1]
    assert axes[1].get_title("left") == "Blocks by steps"
    assert len(figure.axes) == 3, "with the bar of colours"


def test_the_exported_file_draws_without_the_app(tmp_path: Path) -> None:
    (tmp_path / "figure.py").write_text(to_script(LINES, HEAT), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"MPLBACKEND": "Agg"}
    command = [sys.executable, "-I", "figure.py", "figure.svg"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    drawn = (tmp_path / "figure.svg").read_text(encoding="utf-8")
    assert "Gradient norm, block by block" in drawn
    assert "plain-56" in drawn


@pytest.mark.parametrize("wide", [5.0, 8.0])
def test_the_conditions_are_wrapped_inside_the_figure(wide: float) -> None:
    figure, axes = pyplot.subplots(1, 2, figsize=(wide, 3.0), layout="constrained")
    ax = plot(replace(LINES, subtitle=" · ".join(["median of 3 seeds, band from smallest to largest"] * 4)), axes[1])
    figure.canvas.draw()
    box = ax._left_title.get_window_extent()  # type: ignore[attr-defined]  # matplotlib has no public way to it
    assert box.x1 <= figure.bbox.x1


def test_each_kind_of_series_is_drawn_as_its_kind() -> None:
    kinds = (Kind.LINE, Kind.STEPS, Kind.SCATTER)
    series = tuple(Series(kind, kind, X, X, STYLES[n], kind) for n, kind in enumerate(kinds))
    line, steps, dots = plot(Chart("Kinds", Axis("x"), Axis("y"), series)).get_lines()
    assert (line.get_drawstyle(), steps.get_drawstyle()) == ("default", "steps-post")
    assert (line.get_linestyle(), dots.get_linestyle()) == ("-", "None") and dots.get_marker() == "^"


def test_bars_of_other_charts_stand_on_what_they_begin_at() -> None:
    bars = (
        Series("from 0", "from 0", X, X, RESIDUAL, Kind.BARS),
        Series("from low", "from low", X, X, PLAIN, Kind.BARS, low=(5.0, 6.0, 7.0), high=(6.0, 8.0, 10.0)),
    )
    ax = plot(Chart("Spans", Axis("block"), Axis("ms"), bars))
    assert [patch.get_y() for patch in ax.patches if isinstance(patch, Rectangle)] == [0, 0, 0, 5, 6, 7]


def test_faint_series_stand_behind_and_are_not_named() -> None:
    seeds = (Series("seed", "seed 1", X, X, RESIDUAL, faint=True),)
    ax = plot(Chart("Seeds", Axis("block"), Axis("norm"), seeds))
    (line,) = ax.get_lines()
    assert (line.get_linewidth(), line.get_alpha(), line.get_marker()) == (0.5, 0.4, "None")
    assert ax.get_legend() is None, "nothing is named"


def test_ticks_with_names_keep_them() -> None:
    stages = Axis("block", ticks=((1.0, "layer1.0"), (3.0, "layer2.0")))
    ax = plot(Chart("Norms", stages, Axis("norm"), (Series("one", "one", X, X, RESIDUAL),)))
    assert [text.get_text() for text in ax.get_xticklabels()] == ["layer1.0", "layer2.0"]
    assert ax.get_xticks().tolist() == [1.0, 3.0]


def test_ticks_of_steps_are_whole_numbers() -> None:
    ax = plot(Chart("Loss", STEPS, Axis("loss"), (Series("one", "one", X, X, RESIDUAL),)))
    assert all(tick.is_integer() for tick in ax.get_xticks())
    assert not all(tick.is_integer() for tick in ax.get_yticks())


def test_guides_and_spans_are_named_where_they_are() -> None:
    """A vertical guide stands at its x, a level one at its y; where a part of the axis begins there is a line."""
    guides = (Guide(2.0, "upright"), Guide(0.5, "level", vertical=False))
    ax = plot(replace(LINES, guides=guides))
    upright, level, *parts = ax.get_lines()[2:]
    assert set(np.asarray(upright.get_xdata()).tolist()) == {2.0} and set(np.asarray(level.get_ydata()).tolist()) == {
        0.5
    }
    assert [set(np.asarray(line.get_xdata()).tolist()) for line in parts] == [{2.5}], "the first begins with the axis"
    assert [text.get_text() for text in ax.texts] == ["upright", "level", "stage 1", "stage 2"]


def test_without_matplotlib_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ExplorerError, match="pip install matplotlib"):
        plot(LINES)
