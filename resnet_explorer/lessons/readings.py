"""Readings by their names: those of the network here, those of the labs from their rows; called with checked values."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from types import UnionType
from typing import Any, get_args, get_type_hints

from resnet_explorer import features
from resnet_explorer.errors import ExplorerError
from resnet_explorer.features import Reading, resolve
from resnet_explorer.lessons.formats import Value
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.scenes.scene import DIAGRAM, Scene, State
from resnet_explorer.spec import InputShape, ResNetSpec, catalogue
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input

MAX_BLOCKS = 1_000
"""Networks of more blocks than this are refused, before they are built: reading them would take too long."""
OTHER = ("of", "set", "input")
"""What every reading of a network takes by name: another network, other settings, another input."""


def _row(function: str, sentence: str, example: str, of_network: bool = True) -> Reading:
    room, _, name = function.partition(":")
    return Reading(name, f"resnet_explorer.lessons.{room}_readings:{name}", sentence, example, of_network)


NETWORK = (
    _row("network:title", "The name of the network, as the window shows it.", 'title(of="resnet50")'),
    _row("network:params", "Parameters of the network, or of what lies at a path.", 'params("layer2.0.downsample.0")'),
    _row("network:macs", "Multiply-accumulates of convolutions and linear layers, for the whole batch.",
        'macs(of="resnet50")'),
    _row("network:flops", "FLOPs of the same layers: two for each multiply-accumulate.", 'flops("layer1")'),
    _row("network:shape", "The shape of the output at a path, without its batch.", 'shape("layer1")'),
    _row("network:input_shape", "The shape of the input at a path; of the image without one.",
        'input_shape("layer2.0")'),
    _row("network:channels", "The channels of the output at a path.", 'channels("layer2")'),
    _row("network:height", "The height of the map at a path.", 'height("layer4", input="225")'),
    _row("network:width", "The width of the map at a path.", 'width("layer4", input="225")'),
    _row("network:kernel", "The side of a layer's kernel.", 'kernel("conv1")'),
    _row("network:stride", "The stride of a layer, or of all layers at a path together.", 'stride("layer2.0.conv1")'),
    _row("network:total_stride", "How many pixels of the image lie between two positions of the map there.",
        'total_stride("layer3")'),
    _row("network:receptive_field", "The side in pixels of the square that one position of the map depends on.",
        'receptive_field("layer1")'),
    _row("network:deviation", "The standard deviation of a layer's initial weights.", 'deviation("conv1")'),
    _row("network:depth", "The weight layers: what the number in the name counts.", 'depth(of="resnet152")'),
    _row("network:count", "How many there are of a kind, in the network or at a path.",
        'count("projection shortcuts")'),
    _row("network:paths", "The paths of a kind, in the order in which they run.", 'paths("projection shortcuts")'),
    _row("network:setting", "The value of an axis of the Build panel.", 'setting("expansion")'),
    _row("network:activations", "Bytes of all maps that are newly allocated in a forward pass, in float32.",
        "activations()"),
    _row("network:memory", 'Bytes that a step is estimated to need: "weights", "inference", "training" or "kept".',
        'memory("training", input="32x3x224x224")'),
    _row("network:smallest", 'The smallest square image that it takes for "inference" or "training".',
        'smallest("training")'),
    _row("network:problem", "What is wrong with settings or an input that cannot be, as the Build panel says it.",
        'problem(set="norm=frn")', of_network=False),
)  # fmt: skip
"""The readings of the step's network."""


@cache
def _rows() -> Mapping[str, Reading]:
    return {row.name: row for row in (*NETWORK, *features.readings())}


def reading_names() -> tuple[str, ...]:
    """Return the names of all readings."""
    return tuple(_rows())


def readings() -> tuple[Reading, ...]:
    """Return all readings, those of the network first."""
    return tuple(_rows().values())


def values_of(name: str) -> tuple[str, ...]:
    """Return the names of the values that a reading takes, in their order, with its defaults: ``path=""``."""
    own = [
        value.name if value.default is inspect.Parameter.empty else f"{value.name}={value.default!r}"
        for value in list(_signature(name).parameters.values())[1:]
    ]
    return (*own, *(OTHER if _rows()[name].of_network else ()))


@cache
def _function(name: str) -> Callable[..., Value]:
    function: Callable[..., Value] = resolve(_rows()[name].function)
    return function


@cache
def _signature(name: str) -> inspect.Signature:
    return inspect.signature(_function(name))


def check_call(name: str, count: int, keywords: Sequence[str]) -> None:
    """Raise ExplorerError where a reading does not take so many values, or values of such names."""
    own = [word for word in keywords if not (_rows()[name].of_network and word in OTHER)]
    _bound(name, (None,) * (count + 1), dict.fromkeys(own))


def _bound(name: str, values: Sequence[object], keywords: Mapping[str, object]) -> inspect.BoundArguments:
    try:
        return _signature(name).bind(*values, **keywords)
    except TypeError:
        takes = ", ".join(values_of(name)) or "no values"
        example = _rows()[name].example
        raise ExplorerError("expression", f"{name} takes {takes}.", f"Write it as {example}.") from None


def call(name: str, scene: Scene, values: Sequence[Value], keywords: Mapping[str, Value]) -> Value:
    """Return what a reading gives in a scene; raises ExplorerError where it takes no such values or there is none."""
    own = dict(keywords)
    if _rows()[name].of_network:
        other = {word: own.pop(word) for word in OTHER if word in own}
        scene = _elsewhere(scene, **{word: _text(word, value) for word, value in other.items()})
    bound = _bound(name, (scene, *values), own)
    for word, kind in _kinds(name).items():
        if word in bound.arguments:
            _check_kind(name, word, bound.arguments[word], kind)
    return _function(name)(*bound.args, **bound.kwargs)


@cache
def _kinds(name: str) -> Mapping[str, Any]:
    hints = get_type_hints(_function(name))
    return {word: hints[word] for word in list(_signature(name).parameters)[1:]}


_NAMES = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}


def _check_kind(name: str, word: str, value: object, kind: Any) -> None:
    kinds = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    kinds = (*kinds, int) if float in kinds else kinds
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        what = f"{name} takes {_NAMES[kinds[0]]} as {word}, not {str(value)[:40]!r}."
        raise ExplorerError("expression", what, f"Write it as {_rows()[name].example}.")


def _text(word: str, value: Value) -> str:
    if not isinstance(value, str):
        raise ExplorerError("expression", f"{word} must be a string.", f'Write {word}="…".')
    return value


def _elsewhere(scene: Scene, of: str = "", set: str = "", input: str = "") -> Scene:
    """Return the scene on another network, closed; the input is its usual one where the network is another."""
    if not (of or set or input):
        return scene
    spec, image = scene.state.spec, scene.state.image
    if of:
        spec = catalogue.find(of)
        image = default_input(spec)
    if set:
        spec = catalogue.named(assign(spec, *set.split()))
    check_size(spec)
    if input:
        image = parse_input(input, spec.in_channels, spec.dims)
    return replace(scene, state=State(spec, image), selection="", page=DIAGRAM)


def check_size(spec: ResNetSpec) -> None:
    """Raise ExplorerError for a network whose reading would take long."""
    if sum(spec.blocks) > MAX_BLOCKS:
        text = f"A lesson shows networks of at most {MAX_BLOCKS:,} blocks, and this one has {sum(spec.blocks):,}."
        raise ExplorerError("set", text, "Choose fewer blocks.")


def analysis_of(scene: Scene) -> Analysis:
    """Return the analysis of a scene's network at its input; raises InputError where that cannot be."""
    return _analysis(scene.state.spec, scene.state.image)


@lru_cache(maxsize=32)
def _analysis(spec: ResNetSpec, image: InputShape) -> Analysis:
    return analyse(compile_spec(spec), image)
