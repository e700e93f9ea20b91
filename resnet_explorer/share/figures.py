"""Charts as elements: drawn for a wide and for a narrow screen, with the values that the page's script reads out."""

from html import escape
from math import isfinite
from typing import Any

from resnet_explorer.picture.chart import Chart, Kind, Series, draw, steps
from resnet_explorer.picture.chart.readout import name_of, value_of
from resnet_explorer.picture.chart.scale import ChartScale, Read, Reading
from resnet_explorer.share.article import Drawing
from resnet_explorer.share.elements import Store, svg

SIZES = {"wide": (860.0, 400.0), "narrow": (340.0, 340.0)}
"""In px, for screens that are wide enough and for phones."""
LONG = 60
"""Lines under the title of more characters are said under the chart, too."""
MOST = 400
"""So many places along the x axis can be read; of more every second, third, … one."""


def figure(chart: Chart, store: Store) -> str:
    """Return a chart; its values can be read by mouse, finger and arrow keys."""
    drawn = {name: draw(chart, *size) for name, size in SIZES.items()}
    pictures = "".join(svg(made.picture, name=name) for name, made in drawn.items())
    scale = drawn["wide"].scale
    places = _places(scale)
    text = escape(chart.title)
    if not places:
        return f'<figure class="chart"><div class="plot">{pictures}</div></figure>'
    charts = store.data["charts"]
    pixels = {name: _pixels(made.scale, places) for name, made in drawn.items()}
    charts.append(pixels | {"series": _series(scale), "read": _texts(scale, places)})
    return (
        f'<figure class="chart" data-chart="{len(charts) - 1}"><div class="plot" tabindex="0" role="slider" '
        f'aria-label="{text}" aria-valuemin="1" aria-valuemax="{len(places)}" aria-valuenow="1" '
        f'aria-valuetext="Arrow keys read the values">{pictures}</div>'
        f'<figcaption><span class="hint">Values: point at the chart, or focus it and press ← and →.</span>'
        f"{_conditions(chart)}</figcaption></figure>"
    )


def _conditions(chart: Chart) -> str:
    """Return the line under the title whole, where a chart has no room for it, and the notes."""
    texts = [chart.subtitle] if len(chart.subtitle) > LONG else []
    return "".join(f"<br>{escape(text)}" for text in (*texts, *chart.notes))


def drawing(part: Drawing) -> str:
    """Return a picture as it is, which scrolls where the screen is narrow."""
    caption = f"<figcaption>{escape(part.caption)}</figcaption>" if part.caption else ""
    label = escape(part.picture.title)
    return (
        f'<figure><div class="flow" tabindex="0" role="group" aria-label="{label}">{svg(part.picture)}</div>'
        f"{caption}</figure>"
    )


def _places(scale: ChartScale) -> list[float]:
    places = sorted(set(steps(scale)))
    every = -(-len(places) // MOST)
    return places[:: max(1, every)]


def _pixels(scale: ChartScale, places: list[float]) -> dict[str, Any]:
    """Return where the line of each place stands, and the height of each curve's value there."""
    frame = scale.frame
    heights = []
    for place in places:
        reading = scale.at(scale.x.px(place))
        values = reading.values if reading else ()
        heights.append([round(read.px[1], 1) if read.x == place and isfinite(read.px[1]) else None for read in values])
    return {
        "top": round(frame.top, 1),
        "bottom": round(frame.bottom, 1),
        "x": [round(scale.x.px(place), 1) for place in places],
        "y": heights,
    }


def _series(scale: ChartScale) -> list[list[str]]:
    """Return the label and the ink of each curve that is read out."""
    return [[series.label, series.style.ink] for series in scale.chart.shown if _is_read(series)]


def _is_read(series: Series) -> bool:
    return series.kind is not Kind.SCATTER and not series.faint and len(series.x) > 0


def _texts(scale: ChartScale, places: list[float]) -> list[list[str]]:
    """Return for each place its name, and the value of every curve."""
    read = {series.key for series in scale.chart.shown if _is_read(series)}
    texts: list[list[str]] = []
    for place in places:
        reading = scale.at(scale.x.px(place))
        assert reading is not None
        paths = {value.path for value in reading.values}
        name = name_of(scale, reading, paths.pop() if len(paths) == 1 else "")
        texts.append([name, *(_value(scale, reading, value) for value in reading.values if value.key in read)])
    return texts


def _value(scale: ChartScale, reading: Reading, read: Read) -> str:
    """Return a value as the window reads it out; a count in full."""
    is_count = read.x == reading.x and read.low is None and abs(read.y) >= 1000 and read.y.is_integer()
    return f"{read.y:,.0f}" if is_count else value_of(scale, reading, read)
