"""What the tree and its readings say of each kind of layer, and of each part of a network, is what was looked through.

To accept a change on purpose: run with UPDATE_GOLDEN=1, and look through what changed in ``golden``.
"""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from resnet_explorer.errors import InputError, SpecError
from resnet_explorer.network import Block, compile_spec
from resnet_explorer.network.kinds import Layer, Shape
from resnet_explorer.network.tree import where
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.explain import explain
from resnet_explorer.readings.read import depth, features
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.search import default_input
from tests.readings.test_explain_everything import everything

GOLDEN = Path(__file__).parent / "golden"
EACH = 4
"""Of each kind so many different layers are recorded."""
CHANGED = ("resnet20", "resnet50")
"""The networks in which each axis takes each of its values."""


def shallow(spec: ResNetSpec) -> ResNetSpec:
    """Return the network with two blocks in its first stage and one in each other."""
    return assign(spec, f"blocks=2{',1' * (len(spec.blocks) - 1)}")


def specs() -> Iterator[ResNetSpec]:
    """Yield the first network of each family, then networks with one axis changed."""
    families = {entry.family.key: entry.spec for entry in reversed(list(CATALOGUE.values()))}
    yield from map(shallow, reversed(families.values()))
    for key, axis in AXES.items():
        for choice, name in product(axis.choices, CHANGED):
            with suppress(SpecError):
                yield assign(shallow(find(name)), f"{key}={choice.value}")


@cache
def analyses() -> tuple[Analysis, ...]:
    made = []
    for spec in specs():
        with suppress(InputError):
            made.append(analyse(compile_spec(spec), default_input(spec)))
    return tuple(made)


def of_layer(analysis: Analysis, block: Block, layer: Layer, shape: Shape) -> Iterator[str]:
    """Yield what a layer tells of itself, beside what it does for autograd and for source, which PyTorch judges."""
    output = layer.output(shape)
    yield f"{layer} {shape} → {output}"
    values = {name: getattr(layer, name) for name in sorted(dir(layer)) if not name.startswith("_")}
    yield ", ".join(f"{name} {value!r}" for name, value in values.items() if value and not callable(value))
    yield f"tensors {[tuple(tensor) for tensor in layer.tensors()]}, arguments {layer.arguments()}"
    yield f"MACs {layer.work(shape, output)}, of the output {layer.macs(output)}"
    for training in (True, False):
        saved = layer.saves(shape, output, training)
        flops = layer.flops(shape, output, training)
        yield f"training {training}: FLOPs {flops}, idles {layer.idles(training)}, {saved}"
    part = next(part for part in block.form.parts if part.layer is layer)
    yield f"{layer.figures(output)}"
    yield f"{layer.describe(where(part, block, analysis.network.spec_of(block)))}"


def layers() -> Iterator[str]:
    """Yield what the first layers of each kind tell, with the first map that they meet."""
    kinds: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for analysis in analyses():
        for block in analysis.network.blocks:
            for row in analysis.rows_of(block):
                layer = row.part.layer
                known = kinds[layer.kind]
                if len(known) < EACH and repr(layer) not in known:
                    known[repr(layer)] = list(of_layer(analysis, block, layer, row.reading.input))
    for kind in sorted(kinds):
        for lines in kinds[kind].values():
            yield from lines


def parts() -> Iterator[str]:
    """Yield what is said of each part of the networks, each sentence where it comes first, whatever its figures."""
    seen = set[str]()
    for analysis in analyses():
        network = analysis.network
        yield f"== {network.spec.name}: {depth(network)}, {[tuple(one) for one in features(analysis)]}"
        for path in everything(network):
            told = explain(analysis, path)
            lines = [told.title, told.kind, told.text, told.gradient_words, *map(str, (told.formulas, told.gradients))]
            lines += [": ".join(fact) for fact in told.facts]
            lines += [f"{rule}" for rule in told.rules]
            lines += [f"branch {told.branch}, shortcut {told.shortcut}"]
            for line in lines:
                kind = re.sub(r"\d[\d,.]*", "0", line)
                if kind not in seen:
                    seen.add(kind)
                    yield f"{path}: {line}"


@pytest.mark.parametrize("record", [layers, parts])
def test_recorded(record: Callable[[], Iterator[str]]) -> None:
    lines = list(record())
    file = GOLDEN / f"{record.__name__}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    assert lines == file.read_text(encoding="utf-8").splitlines()
