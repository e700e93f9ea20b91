"""What a lesson can read of a network: every function takes the scene whose network it is, and then its own values."""

from collections.abc import Callable, Mapping, Sequence
from math import prod, sqrt
from typing import TypeVar

from resnet_explorer.errors import ExplorerError, InputError, SpecError, did_you_mean
from resnet_explorer.lessons.kinds import KINDS
from resnet_explorer.lessons.readings import analysis_of, check_size
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import BYTES_PER_VALUE, Layer, Shape
from resnet_explorer.network.kinds.convolutions import Conv2d, Linear
from resnet_explorer.network.tree import stride_of
from resnet_explorer.readings import Analysis, Row, analyse, read
from resnet_explorer.readings.kept import Kept, inference_bytes, kept, training_bytes
from resnet_explorer.readings.needs import needs
from resnet_explorer.readings.results import in_space
from resnet_explorer.readings.text import size
from resnet_explorer.scenes.scene import Scene
from resnet_explorer.spec import Init, catalogue
from resnet_explorer.spec.axes import axis
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input

T = TypeVar("T")


def _fail(what: str, remedy: str = "") -> ExplorerError:
    return ExplorerError("expression", what, remedy)


def _rows(analysis: Analysis, path: str) -> tuple[Row, ...]:
    """Return the layers at a path, in the order in which they run; none for a shortcut without layers."""
    network = analysis.network
    if not path:
        return analysis.rows
    if not network.has(path):
        paths = [part for block in network.blocks for part in (block.path, *block.layer_paths)]
        paths += [stage.path for stage in network.stages]
        raise _fail(f"There is no part {path[:40]!r} in {catalogue.title(network.spec)}.", did_you_mean(path, paths))
    if stage := next((stage for stage in network.stages if stage.path == path), None):
        return tuple(row for block in stage.blocks for row in analysis.rows_of(block))
    block = network.block_at(path)
    assert block is not None, "what a network has is a stage or lies in a block"
    rows = analysis.rows_of(block)
    return rows if path == block.path else tuple(row for row in rows if f"{row.path}.".startswith(f"{path}."))


def _layer(scene: Scene, path: str) -> Row:
    """Return the only layer at a path; raises ExplorerError where there are several."""
    rows = _rows(analysis_of(scene), path)
    if len(rows) != 1:
        raise _fail(f"{path or 'The network'} is {len(rows):,} layers.", 'Name one of them, as in "conv1".')
    return rows[0]


def _ends(scene: Scene, path: str) -> tuple[Shape, Shape]:
    """Return the shapes of the input and the output at a path."""
    analysis = analysis_of(scene)
    if path in analysis.sums:
        return analysis.sums[path].input, analysis.sums[path].output
    if rows := _rows(analysis, path):
        return rows[0].reading.input, rows[-1].reading.output
    block = analysis.network.block_at(path)
    assert block is not None, "only a shortcut has no layers, and it lies in a block"
    start = analysis.rows_of(block)[0].reading.input
    return start, start


def title(scene: Scene) -> str:
    """Return the network's name for people."""
    return catalogue.title(scene.state.spec)


def params(scene: Scene, path: str = "") -> int:
    """Return the learnable parameters at a path."""
    return sum(row.reading.params for row in _rows(analysis_of(scene), path))


def macs(scene: Scene, path: str = "") -> int:
    """Return the multiply-accumulates at a path."""
    return sum(row.reading.macs for row in _rows(analysis_of(scene), path))


def flops(scene: Scene, path: str = "") -> int:
    """Return twice the multiply-accumulates, as PyTorch's FlopCounterMode counts."""
    return 2 * macs(scene, path)


def shape(scene: Scene, path: str = "") -> str:
    """Return the output's shape, such as ``64×56×56``."""
    return size(_ends(scene, path)[1])


def input_shape(scene: Scene, path: str = "") -> str:
    """Return the input's shape, such as ``3×224×224``."""
    return size(_ends(scene, path)[0])


def channels(scene: Scene, path: str = "") -> int:
    """Return the output's channels, or features where the map is pooled away."""
    return _ends(scene, path)[1][1]


def height(scene: Scene, path: str = "") -> int:
    """Return the height of the output; raises ExplorerError where it is no map."""
    return _map(scene, path, 4)[-2]


def width(scene: Scene, path: str = "") -> int:
    """Return the width of the output, or the length of a signal's; raises ExplorerError where it is no map."""
    return _map(scene, path)[-1]


def _map(scene: Scene, path: str, least: int = 3) -> Shape:
    output = _ends(scene, path)[1]
    if len(output) < least:
        raise _fail(f"The output of {path or 'the network'} is no map.", 'Name a stage, as in "layer4".')
    return output


def kernel(scene: Scene, path: str) -> int:
    """Return the side of a layer's kernel; a dilated one counts its weights alone."""
    layer = _layer(scene, path).part.layer
    if isinstance(layer, Conv2d):
        return layer.kernel
    if layer.window == (1, 1):
        raise _fail(f"{path} has no kernel.", "Name a convolution or a pool.")
    return layer.window[0]


def stride(scene: Scene, path: str) -> int:
    """Return by how much the layers at a path shrink the map together."""
    analysis = analysis_of(scene)
    block = analysis.network.block_at(path)
    if block and path == block.path:
        return stride_of(block.form.before + block.form.branch)
    if stage := next((stage for stage in analysis.network.stages if stage.path == path), None):
        return prod(stride(scene, inner.path) for inner in stage.blocks)
    return _stride_of([row.part.layer for row in _rows(analysis, path)])


def _stride_of(layers: Sequence[Layer]) -> int:
    return prod(layer.window[1] for layer in layers)


def total_stride(scene: Scene, path: str) -> int:
    """Return the stride of the output to the image, of a video along height and width.

    Raises ExplorerError where the map is pooled away.
    """
    analysis = analysis_of(scene)
    rows = _rows(analysis, path)
    strides = [row.reading.stride for row in rows[-1:]]
    if not strides or strides[0] is None:
        raise _fail(f"{path or 'The network'} ends in no map.", 'Name a stage, as in "layer4".')
    return in_space(strides[0])


def receptive_field(scene: Scene, path: str = "") -> int:
    """Return the receptive field at the end of a path, of a video along height and width.

    Without a path it is that of the last map.
    """
    analysis = analysis_of(scene)
    last = analysis.sums.get(path) or next(reversed(_rows(analysis, path)), None)
    if last is None or last.receptive_field is None:
        raise _fail(f"{path} is no map of a part of the image.", "Name a layer before the global pool.")
    return in_space(last.receptive_field)


def deviation(scene: Scene, path: str) -> float:
    """Return the standard deviation of a layer's initial weights before the first step, by the rule that draws them."""
    layer, init = _layer(scene, path).part.layer, scene.state.spec.init
    if isinstance(layer, Linear):
        return 1 / sqrt(3 * layer.in_features)
    if not isinstance(layer, Conv2d):
        raise _fail(f"{path} is no convolution.", 'Name one, as in "conv1".')
    area = prod(layer.kernels)
    fan_in, fan_out = area * layer.in_channels // layer.groups, area * layer.out_channels
    if init not in _DEVIATIONS:
        raise _fail(f"The initialisation {init} has no one deviation.", "Choose another initialisation.")
    return _DEVIATIONS[init](fan_in, fan_out)


_DEVIATIONS: Mapping[Init, Callable[[int, int], float]] = {
    Init.FAN_IN: lambda fan_in, fan_out: sqrt(2 / fan_in),
    Init.FAN_OUT: lambda fan_in, fan_out: sqrt(2 / fan_out),
    Init.XAVIER: lambda fan_in, fan_out: sqrt(2 / (fan_in + fan_out)),
    Init.DEFAULT: lambda fan_in, fan_out: sqrt(1 / (3 * fan_in)),
}
"""He et al. 2015, "Delving Deep into Rectifiers", section 2.2; Glorot and Bengio 2010; PyTorch's uniform default."""


def depth(scene: Scene) -> int:
    """Return the weight layers: convolutions of stem and branches, and the fully connected layer."""
    return read.depth(compile_spec(scene.state.spec)).weight_layers


def activations(scene: Scene, path: str = "") -> int:
    """Return the bytes of all outputs at a path that are newly allocated."""
    return sum(row.reading.activation_bytes for row in _rows(analysis_of(scene), path))


def _kept(analysis: Analysis) -> Kept:
    result = kept(analysis)
    if result is None:
        raise _fail("A batch norm cannot train on this input.", "Choose a larger image, or a batch of 2 or more.")
    return result


_MEMORY: Mapping[str, Callable[[Analysis], int]] = {
    "weights": lambda analysis: analysis.total.params * BYTES_PER_VALUE,
    "inference": lambda analysis: inference_bytes(analysis).total,
    "training": lambda analysis: training_bytes(analysis, _kept(analysis), states=1).total,
    "kept": lambda analysis: _kept(analysis).total,
}
"""Estimates in bytes by what is asked for; a training step is one of SGD with momentum."""


def memory(scene: Scene, what: str) -> int:
    """Return an estimate in bytes, in float32."""
    return _chosen("memory", what, _MEMORY)(analysis_of(scene))


def smallest(scene: Scene, what: str) -> int:
    """Return the side of the smallest square image, at the batch of the scene's input."""
    needed = needs(analysis_of(scene))
    sides = {"inference": needed.smallest_inference, "training": needed.smallest_training}
    side = _chosen("smallest image", what, sides)
    if side is None:
        raise _fail("No image is large enough.", "Choose another network.")
    return side


def setting(scene: Scene, key: str) -> int | float | str | bool:
    """Return the value of an axis: a number, a truth, or what the Build panel calls it."""
    value = scene.state.spec.value(axis(key).key)
    return value if isinstance(value, int | float) else catalogue.value_words(scene.state.spec, axis(key).key)


def problem(scene: Scene, of: str = "", set: str = "", input: str = "") -> str:
    """Return what is wrong with a network or an input; raises ExplorerError where nothing is."""
    try:
        spec = catalogue.find(of) if of else scene.state.spec
        spec = assign(spec, *set.split())
        check_size(spec)
        image = (
            parse_input(input, spec.in_channels, spec.dims)
            if input
            else default_input(spec)
            if of
            else scene.state.image
        )
        analyse(compile_spec(spec), image)
    except (SpecError, InputError) as error:
        return error.what
    raise _fail("Nothing is wrong with these settings.", "Choose settings that cannot be.")


def count(scene: Scene, kind: str, path: str = "") -> int:
    """Return how many parts of a kind of ``KINDS`` there are at a path."""
    return len(paths(scene, kind, path))


def paths(scene: Scene, kind: str, path: str = "") -> tuple[str, ...]:
    """Return the parts of a kind of ``KINDS`` at a path; a shortcut goes by the path of its block."""
    network, rows = compile_spec(scene.state.spec), {row.path for row in _rows(analysis_of(scene), path)}
    matches = tuple(_chosen("kind of part", kind, KINDS)(network))
    layers = {block.path: block.layer_paths for block in network.blocks}
    layers |= {stage.path: stage.blocks[0].layer_paths for stage in network.stages}
    return tuple(match for match in matches if rows & {match, match.rpartition(".")[0], *layers.get(match, ())})


def _chosen(what: str, name: str, of: Mapping[str, T]) -> T:
    if name not in of:
        raise _fail(f"There is no {what} {name[:40]!r}.", did_you_mean(name, of, f"Choose one of {', '.join(of)}."))
    return of[name]
