"""What a network changes in the one it came from: the layers that are new or different, and the words for it."""

from dataclasses import dataclass

from resnet_explorer.blueprint import Block, Form, Network, Stage, compile_spec
from resnet_explorer.blueprint.kinds import Layer
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.difference import changes as in_words
from resnet_explorer.spec.difference import origin


@dataclass(frozen=True, slots=True)
class Changes:
    """A line of words, the changed layers of each form by name, and how many blocks more each stage has.

    A form that is unchanged is left out; one that only lost layers, or has them in another order, has no names.
    """

    words: tuple[str, ...]
    forms: dict[Form, frozenset[str]]
    more: dict[str, tuple[int, int]]

    def of(self, block: Block) -> frozenset[str]:
        """Return the names of the layers in which a block differs; empty where it is as it was."""
        return self.forms.get(block.form, frozenset())

    def touches(self, block: Block) -> bool:
        """Return whether a block is new, or differs, be it only by what it lost."""
        stage = block.path.partition(".")[0]
        more = self.more.get(stage, (0, 0))
        return block.form in self.forms or (block.number > 0 and block.number > more[0])

    def blocks_more(self, stage: Stage) -> int:
        """Return by how many blocks a stage has grown; negative where it has shrunk."""
        return self.more.get(stage.path, (0, 0))[1]


def changes(network: Network) -> Changes | None:
    """Return how a network differs from the one it came from; None where it came from none."""
    source = origin(network.spec)
    if source is None:
        return None
    words = in_words(source.spec, network.spec)
    count = f"{len(words)} change{'' if len(words) == 1 else 's'}"
    old = compile_spec(source.spec)
    return Changes(
        (f"{title(network.spec)} = {source.title} with {count}", *words), _forms(old, network), _more(old, network)
    )


def _more(old: Network, new: Network) -> dict[str, tuple[int, int]]:
    """Return for each stage how many blocks it had, and how many more it has now."""
    counts = {stage.path: len(stage.blocks) for stage in old.stages}
    return {s.path: (counts.get(s.path, 0), len(s.blocks) - counts.get(s.path, 0)) for s in new.stages}


def _forms(old: Network, new: Network) -> dict[Form, frozenset[str]]:
    """Compare each block with the one at its place; past the end of a stage with the stage's last."""
    pairs = [(new.stem, old.stem)]
    for stage in new.stages:
        olds = old.stages[min(stage.number, len(old.stages)) - 1].blocks
        pairs += [(stage.blocks[0], olds[0])]
        pairs += [(block, olds[min(1, len(olds) - 1)]) for block in stage.blocks[1:2]]
    if new.head and old.head:
        pairs.append((new.head, old.head))
    found: dict[Form, frozenset[str]] = {}
    for block, before in pairs:
        was, now = _layers(before), _layers(block)
        changed = frozenset(name for name, layer in now.items() if was.get(name) != layer)
        if changed or set(was) - set(now) or _order(block) != _order(before):
            found[block.form] = changed
    return found


def _layers(block: Block) -> dict[str, Layer]:
    return {part.name: part.layer for part in block.form.parts}


def _order(block: Block) -> list[str]:
    return [part.name for part in block.form.parts]
