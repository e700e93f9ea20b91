"""The autograd graph on the stage: the gradient's way back, one operation after the other, large enough to read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import ceil

from PySide6.QtCore import QTimer

from resnet_explorer.autograd.cluster_marks import nodes_of, opened
from resnet_explorer.autograd.clusters import Cluster, Recorded
from resnet_explorer.autograd.page import PLAY_MS, GraphPage
from resnet_explorer.autograd.values import GraphNode, NodeKind, derivative
from resnet_explorer.picture.marks import Anchor, Arrow, Box, Dash, Group, Ink, Label, Mark, Picture, Style, width
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui.slide import Control, ControlKind, Presentation, Slide, first_sentence, join, text_picture
from resnet_explorer.ui.window import Window

NAME, SUB = 13, 10
STRIP, BAR = 38.0, 14.0
"""The height of the row of all blocks above the open one, and of a block in it."""
KINDS = (NodeKind.OPERATION, NodeKind.ACCUMULATE)
AT_FIRST = "The gradient starts at the loss and goes back to the input, through one operation after the other."


class GraphShow(Presentation):
    """Steps through the backward pass of the page's graph."""

    keys = "← → backward step · Space play"

    def __init__(self, window: Window, page: GraphPage) -> None:
        super().__init__()
        self._window, self._page = window, page
        self.at = page.steps.slider.value()
        self._clock = QTimer(self, interval=PLAY_MS)
        self._clock.timeout.connect(self._on_tick)
        page.canvas.picture_changed.connect(self.changed)
        self._read: tuple[Recorded, list[int], dict[int, list[int]], dict[int, int]] | None = None

    def _graph(self) -> tuple[Recorded, list[int], dict[int, list[int]], dict[int, int]] | None:
        """Return the graph, its nodes in the order of the backward pass, where each leads to, and its cluster."""
        recorded = self._page.canvas.recorded
        if recorded is None:
            return None
        if self._read is None or self._read[0] is not recorded:
            nodes = recorded.graph.nodes
            order = [index for index in range(len(nodes) - 1, -1, -1) if nodes[index].kind in KINDS]
            onward: dict[int, list[int]] = {}
            for start, end in recorded.graph.edges:
                if nodes[start].kind in KINDS and nodes[end].kind in KINDS:
                    onward.setdefault(end, []).append(start)
            homes = {index: place for place, part in enumerate(recorded.clusters) for index in nodes_of(part)}
            self._read = recorded, [index for index in order if index in homes], onward, homes
        return self._read

    @property
    def count(self) -> int:
        read = self._graph()
        return len(read[1]) if read else 0

    def step(self, by: int) -> None:
        self._clock.stop()
        self._move(self.at + by)

    def _move(self, at: int) -> None:
        self.at = max(0, min(self.count, at))
        self.changed.emit()

    def play(self) -> None:
        if self._clock.isActive():
            self._clock.stop()
        else:
            self._move(0 if self.at >= self.count else self.at)
            self._clock.start()
        self.changed.emit()

    def _on_tick(self) -> None:
        self._move(self.at + 1)
        if self.at >= self.count:
            self._clock.stop()

    def leave(self) -> None:
        self._clock.stop()

    @property
    def controls(self) -> Sequence[Control]:
        if not self.count:
            return ()
        playing = self._clock.isActive()
        go = Control(ControlKind.PLAY, "Pause" if playing else "Play", lambda _: self.play(), float(playing))
        text, part = f"step {self.at:,} of {self.count:,}", self.at / self.count
        return go, Control(ControlKind.SLIDER, text, lambda to: self._move(round(to * self.count)), part)

    def slide(self) -> Slide:
        read, name = self._graph(), title(self._window.document.state.spec)
        if read is None:
            problem = self._page.problem.text()
            return Slide("Autograd graph", text_picture(problem or "Recording the graph"), name)
        recorded, order, onward, homes = read
        note = f"{recorded.graph.device.upper()}, torch {recorded.graph.torch.partition('+')[0]}"
        at = min(self.at, len(order))
        if not at:
            way = recorded.highway
            facts = f"{len(order):,} steps · shortest way back {way.shortest:,}, longest {way.longest:,}"
            draw = partial(_draw, recorded, None, (order[0],), homes)
            return Slide(f"Autograd graph of {name}", draw, facts, AT_FIRST, note)
        index = order[at - 1]
        node, following = recorded.graph.nodes[index], onward.get(index, [])
        draw = partial(_draw, recorded, index, (index, *following), homes)
        facts = join(node.path, f"step {at:,} of {len(order):,}")
        return Slide(node.name.rpartition("::")[2], draw, facts, _said(recorded, index, following), note)


def _said(recorded: Recorded, index: int, following: Sequence[int]) -> str:
    nodes = recorded.graph.nodes
    node: GraphNode = nodes[index]
    splits = " Here the gradient splits." if len({nodes[other].path for other in following}) > 1 else ""
    bold = " It is on the highway." if index in recorded.highway.way else ""
    return f"{first_sentence(derivative(node.name))}{splits}{bold}"


def _draw(
    recorded: Recorded, current: int | None, front: Sequence[int], homes: dict[int, int], wide: float, high: float
) -> Picture:
    """Return the block of the current node around it, and above it all blocks with the place of this one."""
    place = homes[front[0]]
    cluster = recorded.clusters[place]
    ink = {"stem": Ink.STEM, "head": Ink.HEAD}.get(cluster.path, Ink.ACCENT)
    drawn = opened(recorded.graph, cluster, frozenset(recorded.highway.way), ink, {})
    rest = max(drawn.group.height + 8, 120.0)
    least = ceil(SUB * max(1.0, (STRIP + rest) / high))  # a picture that is higher than the room is shown smaller
    scale = max(1.0, min(1.7, high / (STRIP + rest)))
    wide, high = wide / scale, high / scale
    nodes = dict(zip(nodes_of(cluster), drawn.spots[cluster.path][1], strict=True))
    left = _offset(drawn.group.width, wide, nodes.get(current) if current is not None else None)
    top = STRIP
    marks = list(_inside((replace(drawn.group, x=-left, y=top),), 0.0, 0.0, wide, least))
    for order, index in enumerate(front if current is not None else ()):
        if index in nodes:
            x, y, long, tall = nodes[index]
            if x - left >= 0 and x - left + long <= wide:
                frame = Box(x - left - 2, y + top - 2, long + 4, tall + 4, None, Ink.CHANGED, 3.0, 7)
                marks.append(frame if not order else replace(frame, thickness=2.0, dash=Dash.DASHED))
    marks += _strip(recorded, place, {homes[index] for index in front[1:] if index in homes}, wide, least)
    marks.append(Label(max(0.0, -left) + 14, top + 18, cluster.title, max(NAME, least), Ink.TEXT, style=Style.SEMIBOLD))
    return Picture(wide, max(high, top + rest), tuple(marks), cluster.title, cluster.text)


def _offset(long: float, wide: float, node: tuple[float, float, float, float] | None) -> float:
    """Return where the part that is shown begins: the node in the middle, and nothing empty beside the block."""
    if long <= wide:
        return (long - wide) / 2
    middle = node[0] + node[2] / 2 if node else long
    return min(max(0.0, middle - wide / 2), long - wide)


def _inside(marks: Sequence[Mark], x: float, y: float, wide: float, least: int) -> Iterator[Mark]:
    """Yield what is drawn in a cluster: no text is cut or too small; boxes and lines may leave the room."""
    for mark in marks:
        if isinstance(mark, Group) and mark.kind == "cluster":
            inner = tuple(_inside(mark.marks, mark.x, mark.y, wide, least))
            yield replace(mark, marks=inner)
        elif isinstance(mark, Group):
            inner = tuple(replace(part, size=max(least, part.size)) if isinstance(part, Label) else part
                          for part in mark.marks)  # fmt: skip
            ends = [_ends(part) for part in inner if isinstance(part, Label)]
            low = min([0.0, *(end[0] for end in ends)])
            far = max([mark.width, *(end[1] for end in ends)])
            is_whole = x + mark.x + low >= 0 and x + mark.x + far <= wide
            yield replace(mark, marks=inner if is_whole else tuple(part for part in inner if isinstance(part, Box)))
        elif not isinstance(mark, Label):
            yield mark


def _ends(label: Label) -> tuple[float, float]:
    long = width(label.text, label.size, label.style)
    left = label.x - {Anchor.START: 0.0, Anchor.MIDDLE: long / 2, Anchor.END: long}[label.anchor]
    return left, left + long


def _strip(recorded: Recorded, place: int, nexts: set[int], wide: float, size: int) -> list[Mark]:
    """Return all clusters in a row from the input to the loss, the current one filled."""
    parts: tuple[Cluster, ...] = recorded.clusters
    step = wide / len(parts)
    gap = min(4.0, step / 5)
    marks: list[Mark] = []
    for index in range(len(parts)):
        fill = Ink.CHANGED if index == place else Ink.ACCENT if index > place else Ink.CARD
        dash = Dash.DASHED if index in nexts else Dash.SOLID
        line = Ink.CHANGED if index in nexts or index == place else Ink.MUTED
        marks.append(Box(index * step + gap / 2, 4, step - gap, BAR, fill, line, 1.6, min(4.0, step / 4), dash))
    base = 4 + BAR + 14
    marks.append(Label(0, base, parts[0].title, size, Ink.MUTED))
    marks.append(Label(wide, base, parts[-1].title, size, Ink.MUTED, Anchor.END))
    middle = "the gradient goes back"
    long = width(middle, size)
    marks.append(Label(wide / 2, base, middle, size, Ink.MUTED, Anchor.MIDDLE))
    end = wide / 2 - long / 2 - 8
    marks.append(Arrow(((end, base - 4), (max(60.0, end - 70), base - 4)), Ink.MUTED, 1.8))
    return marks
