"""The diagram as elements that open: cards of stages, in them a button for each block, and what a block is made of.

The cards wrap where a screen is narrow. What an open block shows is a template that equal blocks share, so that a stage
of 400 blocks is drawn once; blocks that the scene has open stand open without the script, too.
"""

from dataclasses import dataclass, field
from html import escape

from resnet_explorer.diagram.grid import caption
from resnet_explorer.diagram.nodes import Changes, changes
from resnet_explorer.diagram.overview import stage_ink
from resnet_explorer.diagram.panel import Drawn, panel
from resnet_explorer.diagram.view import foldable, folded
from resnet_explorer.network import Block, Form, Stage
from resnet_explorer.picture.marks import Ink, Picture
from resnet_explorer.readings.explain import Explanation, explain
from resnet_explorer.readings.text import compact, si
from resnet_explorer.share.article import Diagram
from resnet_explorer.share.elements import Store, svg

SKIP = '<span class="skip"></span>'
"""Where the chance stands with which stochastic depth skips a block: blocks of one form differ in it."""


def _chance(block: Block) -> str:
    return f"a chance of {100 * block.skip:.1f} %"


def diagram(part: Diagram, store: Store) -> str:
    """Return the elements of a diagram."""
    return _Cards(part, store).elements()


@dataclass
class _Cards:
    part: Diagram
    store: Store
    drawn: dict[object, Drawn] = field(default_factory=dict)
    shared: dict[object, str] = field(default_factory=dict)
    """The id of the template of each form at an input."""

    def elements(self) -> str:
        network = self.part.analysis.network
        self.marked: Changes | None = changes(network) if self.part.view.changes else None
        cards = [self._end(network.stem, "Stem", Ink.STEM), *map(self._stage, network.stages)]
        cards += [self._end(network.head, "Head", Ink.HEAD)] if network.head else []
        title = f"<h3>{escape(self.part.title)}</h3>" if self.part.title else ""
        title += f"<p>{escape(self.part.note)}</p>" if self.part.note else ""
        spoken = escape(f"Diagram of {self.part.title or network.spec.name}")
        return (
            f'<div class="diagram" role="group" aria-label="{spoken}">{title}'
            f'<p class="tools"><button type="button" data-do="open">Open all blocks</button> '
            f'<button type="button" data-do="close">Close all</button></p>'
            f'<ol class="cards">{"".join(cards)}</ol>{self._legend()}</div>'
        )

    def _legend(self) -> str:
        forms = {block.form for block in self.part.analysis.network.blocks if block.number}
        kinds = (
            ("identity", "identity shortcut: x is added unchanged"),
            ("projection", "projection or padding: the shape changes"),
            ("altered", "altered: gate, factor or dropout"),
            ("gone", "shortcut that is gone"),
        )
        present = {self._arc(form) for form in forms}
        entries = "".join(f'<li class="{kind}">{text}</li>' for kind, text in kinds if kind in present)
        return f'<ul class="legend">{entries}</ul>' if entries else ""

    def _end(self, block: Block, name: str, ink: Ink) -> str:
        shape = escape(compact(self.part.analysis.sums[block.path].output))
        cells = self._block(block, name, name)
        return f'<li class="card end ink-{ink}"><ol class="blocks">{cells}</ol><p class="shape">{shape}</p></li>'

    def _stage(self, stage: Stage) -> str:
        sums, is_folded = self.part.analysis.sums[stage.path], folded(stage, self.part.view)
        cells = [
            self._block(block, f"block {block.number}", f"{stage.title}, block {block.number}", is_folded and index > 1)
            for index, block in enumerate(stage.blocks)
        ]
        if foldable(stage):
            rest, state = len(stage.blocks) - 2, "false" if is_folded else "true"
            text = f"blocks 3 to {rest + 2} are like block 2"
            cells.insert(
                2,
                f'<li class="cell fold"><button type="button" class="fold" aria-expanded="{state}">'
                f"<b>× {rest} more</b><small>{text}</small></button></li>",
            )
        costs = f"{sums.params:,} parameters · {si(sums.macs)}MACs"
        more = self.marked.blocks_more(stage) if self.marked else 0
        grown = f' <i class="changed">{more:+d}</i>' if more else ""
        return (
            f'<li class="card stage ink-{stage_ink(stage)}"><h4>{stage.title}{grown} '
            f"<small>{escape(compact(sums.output))} · {costs}</small></h4>"
            f'<ol class="blocks">{"".join(cells)}</ol></li>'
        )

    def _arc(self, form: Form) -> str:
        if form.shortcut is None:
            return "gone" if self.part.lost else "plain"
        return "projection" if form.projects else "altered" if form.alters else "identity"

    def _block(self, block: Block, name: str, title: str, hidden: bool = False) -> str:
        """Return a block's cell, and where it is open what it shows."""
        analysis, path = self.part.analysis, escape(block.path)
        sums, is_open = analysis.sums[block.path], block.path in self.part.view.expanded
        content = self._content(block)
        spoken = f"{title}: {sums.params:,} parameters, {si(sums.macs)}MACs"
        selected = self.part.selection in (block.path, block.shortcut_path, *block.layer_paths)
        current = ' aria-current="true"' if selected else ""
        kind = f"cell {self._arc(block.form)}" if block.number else "cell"
        mark = '<i class="changed">Δ</i>' if self.marked and self.marked.touches(block) else ""
        away = " hidden" if hidden and not is_open else ""
        skip = f' data-skip="{_chance(block)}"' if block.skip else ""
        cell = (
            f'<li class="{kind}"{away}><button type="button" class="block" data-path="{path}" '
            f'data-form="{self.store.template(content)}" aria-expanded="{str(is_open).lower()}"{current}{skip} '
            f'title="{escape(spoken)}"><b>{escape(name)}{mark}</b><small>{escape(caption(block.form))}</small>'
            f"</button></li>"
        )
        if not is_open:
            return cell
        content = content.replace(SKIP, SKIP.replace("><", f">{_chance(block)}<"))
        return f'{cell}<li class="open" data-path="{path}"><h5>{path} · {escape(title)}</h5>{content}</li>'

    def _content(self, block: Block) -> str:
        """Return what an open block shows, which is the same for all blocks of a form at an input."""
        analysis = self.part.analysis
        key = (block.form, analysis.sums[block.path].input)
        if key not in self.shared:
            drawn = panel(analysis, block, "", Ink.LINE, self.drawn, self.marked)
            shortcut = () if block.form.shortcut is None else (block.shortcut_path,)
            names = {self._relative(block, path): path for path in (*block.layer_paths, *shortcut)}
            picture = Picture(drawn.width + 2, drawn.height + 2, drawn.marks, "Layers of the block")
            text = explain(analysis, block.path)
            details = "".join(self._about(name, explain(analysis, path)) for name, path in names.items())
            content = (
                f'<div class="flow" tabindex="0" role="group" aria-label="Layers of the block">'
                f"{svg(picture, frozenset(names))}</div>"
                f'<div class="details" aria-live="polite">{details}</div>'
                f'<div class="text">{self._explanation(text)}</div>'
                f'<p class="tools"><button type="button" data-do="table">Show its layers in the table</button> '
                f'<button type="button" data-do="shut">Close</button></p>'
            )
            self.shared[key] = content.replace(_chance(block), SKIP) if block.skip else content
        return self.shared[key]

    def _about(self, name: str, text: Explanation) -> str:
        """Return what is said of a layer once it is chosen."""
        return f'<div class="about" data-for="{escape(name)}" hidden>{self._explanation(text)}</div>'

    @staticmethod
    def _relative(block: Block, path: str) -> str:
        return path.removeprefix(block.path) if block.number else path

    def _explanation(self, text: Explanation) -> str:
        formulas = "".join(map(self.store.formula, text.formulas))
        back = "".join(map(self.store.formula, text.gradients))
        words = f"<p>{escape(text.gradient_words)}</p>" if text.gradient_words else ""
        return (
            f"<p><b>{escape(text.kind)}.</b> {escape(text.text)}</p>"
            f'<div class="formulas">{formulas}</div>{words}<div class="formulas">{back}</div>'
        )
