"""The diagram on the stage: the network, block after block, each opened for the back row, and its plain twin."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from resnet_explorer.diagram.diagram import difference, twins
from resnet_explorer.diagram.large import large_overview
from resnet_explorer.diagram.large_block import large_block
from resnet_explorer.diagram.view import View, shown_blocks
from resnet_explorer.network import Block, compile_spec
from resnet_explorer.picture.marks import Picture
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.explain import explain
from resnet_explorer.readings.text import share, si
from resnet_explorer.spec.catalogue import title
from resnet_explorer.ui.slide import Control, ControlKind, Presentation, Slide, first_sentence, join
from resnet_explorer.ui.window import PageView, Window

if TYPE_CHECKING:
    from resnet_explorer.diagram.overlays import Overlay


class DiagramShow(Presentation):
    """Goes from block to block of the window's network; it begins at the one that is selected."""

    keys = "← → block · Enter open it · T without shortcuts"

    def __init__(self, window: Window, page: PageView | None = None) -> None:
        super().__init__()
        self._window = window
        self.is_other = False
        block = self.analysis.network.block_at(window.document.selection) if window.document.selection else None
        self.path = block.path if block else ""
        self.is_open = self.path in window.document.view.expanded

    @property
    def analysis(self) -> Analysis:
        """Return the readings of the window's network."""
        return self._window.session.results.analysis

    @property
    def shown(self) -> tuple[Analysis, Analysis | None]:
        """Return the network that is shown, and its residual twin where the plain one stands in for it."""
        if not self.is_other:
            return self.analysis, None
        residual, plain = twins(self.analysis.network.spec)
        if self.analysis.network.spec.has_shortcuts:
            return analyse(compile_spec(plain), self.analysis.input), self.analysis
        return analyse(compile_spec(residual), self.analysis.input), None

    def step(self, by: int) -> None:
        paths = shown_blocks(self.analysis.network, View())
        if self.path not in paths:
            self.path = paths[0 if by > 0 else -1]
        else:
            self.path = paths[max(0, min(len(paths) - 1, paths.index(self.path) + by))]
        self.changed.emit()

    def open(self) -> None:
        if not self.path:
            self.step(1)
        self.is_open = not self.is_open
        self.changed.emit()

    def compare(self) -> None:
        self.is_other = not self.is_other
        self.changed.emit()

    @property
    def controls(self) -> Sequence[Control]:
        is_plain = not self.shown[0].network.spec.has_shortcuts
        text = "without shortcuts" if is_plain else "with shortcuts"
        return (Control(ControlKind.CHOICE, text, lambda by: self.compare()),)

    def slide(self) -> Slide:
        shown, lost = self.shown
        block = shown.network.block_at(self.path) if self.path else None
        if block is not None and self.is_open:
            return self._open(shown, block)
        overlays: tuple[Overlay, ...] = () if self.is_other else tuple(self._window.document.overlays.values())
        draw = partial(_overview, shown, self.path, lost, overlays)
        note = join(*(overlay.caption for overlay in overlays))
        return Slide(title(shown.network.spec), draw, _facts(shown), self._sentence(shown, lost, block), note)

    def _sentence(self, shown: Analysis, lost: Analysis | None, block: Block | None) -> str:
        if block is not None:
            told = explain(shown, block.path)
            overlays = (overlay.describe(block.path) for overlay in self._window.document.overlays.values())
            return f"{told.title}: {first_sentence(told.text)}" + "".join(f" {text}." for text in overlays if text)
        if lost is not None:
            return difference(lost, shown)
        if not shown.network.spec.has_shortcuts:
            return PLAIN
        kind = explain(shown, "").kind
        return f"{kind}: each adds its input x to F(x), which its layers compute from x."

    def _open(self, shown: Analysis, block: Block) -> Slide:
        told, sums = explain(shown, block.path), shown.sums[block.path]
        costs = f"{sums.params:,} parameters", f"{si(sums.macs)}MACs"
        part = f"{share(sums.macs, shown.total.macs):.1f} % of the network's" if shown.total.macs else ""
        facts = join(told.kind, costs[0], f"{costs[1]}, {part}" if part else costs[1])
        said = first_sentence(told.text)
        return Slide(told.title, partial(_block, shown, block), facts, said, title(shown.network.spec))


PLAIN = "A plain network: every block passes on F(x) alone, so that each layer has to learn the whole of its output."


def _overview(
    shown: Analysis, path: str, lost: Analysis | None, overlays: "tuple[Overlay, ...]", wide: float, high: float
) -> Picture:
    return large_overview(shown, (wide, high), path, lost, overlays)


def _block(shown: Analysis, block: Block, wide: float, high: float) -> Picture:
    return large_block(shown, block, (wide, high))


def _facts(shown: Analysis) -> str:
    spec, image, total = shown.network.spec, shown.input, shown.total
    ends = f"{spec.classes:,} classes" if spec.classes else "features"
    shape = f"{spec.in_channels}×{image.text(spec.dims)} → {ends}"
    return join(shape, f"{si(total.params).strip()} parameters", f"{si(total.macs)}MACs")
