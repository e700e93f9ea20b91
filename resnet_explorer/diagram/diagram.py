"""The block diagram: title, overview, and under it every block that is open; the plain twin beside, if asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import sqrt
from typing import TYPE_CHECKING

from resnet_explorer.diagram.grid import TURN, Room, best_grid
from resnet_explorer.diagram.nodes import Changes, changes
from resnet_explorer.diagram.overview import Overview, stage_ink
from resnet_explorer.diagram.panel import Drawn, panel
from resnet_explorer.diagram.view import View
from resnet_explorer.network import Network, compile_spec
from resnet_explorer.picture.marks import Arrow, Box, Dash, Group, Ink, Label, Mark, Picture, Style, width
from resnet_explorer.picture.marks import room as line_room
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.text import share, si
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import title

if TYPE_CHECKING:
    from resnet_explorer.diagram.overlays import BlockValues, Overlay


Size = tuple[float, float]
Rows = list[list[Group]]

MARGIN = 24.0
TITLE = 46.0
LEGEND = 24.0
"""What the title and the legend take of the height."""
LEGEND_TEXT = 12
WRAP = 560.0
"""So wide is a line of what differs between the twins at most."""
SPACE = 18.0
ROOM = (1200.0, 600.0)
"""The room in px that a picture is laid out for where no window says otherwise: a page in landscape."""

SMALLEST_ZOOM = 0.85
"""Open blocks stand side by side only where the room is wide enough to show them this large."""


def diagram(analysis: Analysis, view: View, room: Size = ROOM, overlays: Sequence["Overlay"] = ()) -> Picture:
    """Return the picture of a network as a view shows it, its blocks in rows that are read best in that room.

    Over its parts lies what ``overlays`` show of them, with a legend of each under the overview.
    """
    marks = (_compared if view.compare else _alone)(analysis, view, room, overlays)
    for overlay in overlays:
        marks = [overlay.draw_over(mark) for mark in marks]
    wide = max(group.x + group.width for group in marks if isinstance(group, Group)) + MARGIN
    high = max(group.y + group.height for group in marks if isinstance(group, Group)) + MARGIN
    sums = f"{title(analysis.network.spec)}: {analysis.total.params:,} parameters, {si(analysis.total.macs)}MACs"
    text = ". ".join([sums, *(overlay.caption for overlay in overlays)])
    return Picture(wide, high, tuple(marks), title(analysis.network.spec), text)


def _tints(overlays: Sequence["Overlay"]) -> "BlockValues | None":
    return next((tints for overlay in overlays if (tints := overlay.tints)), None)


def twins(spec: ResNetSpec) -> tuple[ResNetSpec, ResNetSpec]:
    """Return the residual network and its plain twin, whichever of the two is given."""
    if spec.has_shortcuts:
        return spec, spec.plain()
    name = spec.name.removesuffix("-plain").replace("plain", "resnet")
    return replace(spec, name=name, residual=True), spec


def _alone(analysis: Analysis, view: View, room: Size, overlays: Sequence["Overlay"]) -> list[Mark]:
    tints = _tints(overlays)
    marked = changes(analysis.network) if view.changes else None
    strip = _strip(marked.text, Ink.CHANGED) if marked else None
    panels = _panel_rows(list(_open(analysis, view, {}, marked)), room)
    grid, _ = best_grid(analysis, view, _room(room, overlays, panels[:1], strip), tints)
    top = _whole(Overview(analysis, grid, marked=marked, tints=tints), MARGIN, MARGIN)
    above = [top, *([replace(strip, y=top.y + top.height + 8)] if strip else [])]
    legends = _legends(overlays, analysis.network, above[-1], top.width)
    last = (legends or above)[-1]
    wide = max((group.width for row in panels for group in row), default=0.0)
    return [*above, *legends, *_rows(panels, wide, last.y + last.height + SPACE)]


def _legends(overlays: Sequence["Overlay"], network: Network, above: Group, wide: float) -> list[Group]:
    legends: list[Group] = []
    for overlay in overlays:
        above = overlay.legend(network, MARGIN, above.y + above.height + 8, wide)
        legends.append(above)
    return legends


def _room(
    room: Size, overlays: Sequence["Overlay"], rows: Rows, strip: Group | None, across: int = 1, down: int = 1
) -> Room:
    """Return the room of one or two overviews over some rows of open blocks."""
    legends = sum(overlay.legend_height + 8 for overlay in overlays)
    panels = sum(max(group.height for group in row) + SPACE for row in rows)
    widths = [sum(group.width + SPACE for group in row) - SPACE for row in rows]
    above = 2 * MARGIN + legends + panels + (strip.height + 8 if strip else 0.0) + (down - 1) * SPACE
    beside = 2 * MARGIN + (across - 1) * (SPACE + TURN)
    least = 2 * MARGIN + max([*widths, strip.width if strip else 0.0])
    return Room(*room, beside, above, across, down, TITLE + LEGEND, least)


def _compared(analysis: Analysis, view: View, room: Size, overlays: Sequence["Overlay"]) -> list[Mark]:
    """Return both twins beside or above each other, what differs, and their open blocks side by side.

    Values were measured in one of the two: the other has no colours.
    """
    from resnet_explorer.picture.chart.text import wrap  # the start needs no charts

    tints = _tints(overlays)
    tinted, other_tinted = (tints, None) if analysis.network.spec.has_shortcuts else (None, tints)
    residual, plain = (analyse(compile_spec(spec), analysis.input) for spec in twins(analysis.network.spec))
    drawn: dict[object, Drawn] = {}
    pairs = [
        [ours, replace(theirs, side="plain:")]
        for ours, theirs in zip(_open(residual, view, drawn), _open(plain, view, drawn), strict=True)
    ]
    wide = max((group.width for pair in pairs for group in pair), default=0.0)
    if pairs and _columns(room, wide) < 2:
        pairs = [[group] for pair in pairs for group in pair]
    strip = _strip(wrap(difference(residual, plain), WRAP, 12, 2, Style.SEMIBOLD), Ink.SHORTCUT)
    beside, zoom = best_grid(residual, view, _room(room, overlays, pairs[:1], strip, across=2), tints)
    above, other = best_grid(residual, view, _room(room, overlays, pairs[:1], strip, down=2), tints)
    is_beside = zoom >= other
    first = _whole(Overview(residual, beside if is_beside else above, tints=tinted), MARGIN, MARGIN)
    strip = replace(strip, y=first.y + first.height + 8)
    wide = max(wide, first.width) if is_beside else wide
    place = (MARGIN + wide + SPACE + TURN, MARGIN) if is_beside else (MARGIN, strip.y + strip.height + SPACE)
    second = _whole(Overview(plain, beside if is_beside else above, residual, tints=other_tinted), *place)
    if is_beside:
        strip = replace(strip, y=max(strip.y, second.y + second.height + 8))
    last = strip if is_beside else second
    legends = _legends(overlays, analysis.network, last, first.width)
    last = (legends or [last])[-1]
    return [first, second, strip, *legends, *_rows(pairs, wide, last.y + last.height + SPACE)]


def _strip(lines: tuple[str, ...], ink: Ink) -> Group:
    """Return lines of words in a frame: the first says how much differs, the others what."""
    styles = [Style.SEMIBOLD, *(Style.REGULAR for _ in lines[1:])]
    wide = max(line_room(line, 12, style) for line, style in zip(lines, styles, strict=True)) + 28
    high = 30.0 + 18 * (len(lines) - 1)
    labels = [Label(14, 20 + 18 * i, line, 12, style=styles[i], is_name=True) for i, line in enumerate(lines)]
    box = Box(0, 0, wide, high, Ink.OPEN, ink, 1.2, 15, Dash.DOTTED)
    return Group("", "difference", ". ".join(lines), MARGIN, 0, wide, high, (box, *labels))


def difference(residual: Analysis, plain: Analysis) -> str:
    """Return in a sentence what the plain twin lacks."""
    forms = [block.form for stage in residual.network.stages for block in stage.blocks]
    cost = residual.total.params - plain.total.params
    gone = f"In the plain twin {len(forms)} shortcuts are gone"
    if not cost:
        return f"{gone}; they have no parameters: both networks have {plain.total.params:,}."
    projections = sum(form.projects for form in forms)
    less = si(residual.total.macs - plain.total.macs)
    counts = f"{plain.total.params:,} parameters instead of {residual.total.params:,}"
    costs = f"−{cost:,}, −{share(cost, residual.total.params):.1f} %"
    return f"{gone}, {projections} of them projections: {counts} ({costs}), −{less}MACs"


def _whole(overview: Overview, x: float, y: float) -> Group:
    analysis, inner = overview.analysis, overview.draw()
    total = analysis.total
    shape = " × ".join(map(str, total.input))
    facts = f"input {shape} · {si(total.params).strip()} parameters · {si(total.macs)}MACs"
    name = title(analysis.network.spec)
    after = line_room(name, 20, Style.SEMIBOLD) + 12
    fits = after + width(facts, 12) <= inner.width
    legend, needed = _legend(analysis, TITLE + inner.height + 16, overview.ghosts is not None)
    wide = max(inner.width, width(name, 20, Style.SEMIBOLD), width(facts, 12), needed)
    marks: tuple[Mark, ...] = (
        Box(0, 0, wide, TITLE),
        Label(0, 24 if fits else 18, name, 20, style=Style.SEMIBOLD),
        Label(after if fits else 0, 24 if fits else 37, facts, 12, Ink.MUTED),
        replace(inner, y=TITLE),
        *legend,
    )
    side = "plain:" if overview.ghosts else ""
    return Group("", "network", f"{name}, {facts}", x, y, wide, TITLE + inner.height + LEGEND, marks, side=side)


def _legend(analysis: Analysis, y: float, lost: bool) -> tuple[list[Mark], float]:
    """Return samples of the kinds of arcs that the overview shows, from left to right, and their width."""
    forms = [block.form for stage in analysis.network.stages for block in (stage.blocks[0], stage.blocks[-1])]
    kinds = [
        ("identity shortcut", Dash.SOLID, Ink.SHORTCUT, any(form.shortcut == () and not form.gate for form in forms)),
        ("shortcut altered: gate, factor or dropout", Dash.DOTTED, Ink.SHORTCUT,
         any(form.alters and not form.projects for form in forms)),
        ("shape changes: projection or padding", Dash.DASHED, Ink.SHORTCUT, any(form.projects for form in forms)),
        ("shortcut that the plain twin has lost", Dash.DOTTED, Ink.GONE, lost),
    ]  # fmt: skip
    marks: list[Mark] = []
    x = 0.0
    for text, dash, ink, present in kinds:
        if present:
            marks.append(Arrow(((x, y - 4), (x + 30, y - 4)), ink, 1.8, dash, head=False))
            marks.append(Label(x + 36, y, text, LEGEND_TEXT, Ink.MUTED, is_name=True))
            x += 36 + line_room(text, LEGEND_TEXT) + 16
    return marks, max(0.0, x - 16)


def _open(analysis: Analysis, view: View, drawn: dict[object, Drawn], marked: Changes | None = None) -> Iterator[Group]:
    network = analysis.network
    blocks = [(network.stem, "Stem", Ink.STEM)]
    for stage in network.stages:
        blocks += [
            (block, f"{stage.title} · block {block.number}", stage_ink(stage))
            for block in stage.blocks
            if block.path in view.expanded
        ]
    if network.head:
        blocks.append((network.head, "Head", Ink.HEAD))
    for block, text, ink in blocks:
        if block.path in view.expanded:
            yield panel(analysis, block, text, ink, drawn, marked)


def _panel_rows(panels: list[Group], room: Size) -> Rows:
    """Return the open blocks in rows: as many in one as a room is wide for, and no more than a page of 3 to 4 has."""
    if not panels:
        return []
    wide = max(group.width for group in panels)
    page = max(1, round(sqrt(len(panels) * panels[-1].height * 1.4 / wide)))
    columns = min(page, _columns(room, wide))
    return [panels[i : i + columns] for i in range(0, len(panels), columns)]


def _columns(room: Size, wide: float) -> int:
    """Return how many open blocks of a width a room shows side by side at a size that can be read; at least one."""
    return max(1, int(room[0] / (SMALLEST_ZOOM * wide)))


def _rows(rows: Rows, wide: float, y: float) -> list[Mark]:
    marks: list[Mark] = []
    for row in rows:
        marks += [replace(group, x=MARGIN + i * (wide + SPACE), y=y) for i, group in enumerate(row)]
        y += max(group.height for group in row) + SPACE
    return marks
