"""Every kind of layer answers every question, and its answers are PyTorch's."""

import json
import re
from collections import defaultdict

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from resnet_explorer import assets
from resnet_explorer.autograd.lab import functions, graph_of
from resnet_explorer.autograd.reading import FUNCTIONS
from resnet_explorer.autograd.values import UNKNOWN, GraphNode, NodeKind, derivative
from resnet_explorer.autograd.writer import Writer as GraphWriter
from resnet_explorer.autograd.writer import in_forward_order
from resnet_explorer.errors import InputError
from resnet_explorer.module.blocks import module_of
from resnet_explorer.network import Block, Form, Part
from resnet_explorer.network.kinds import KINDS, Layer, Role, Shape, blocks, forks, gates
from resnet_explorer.network.kinds.activations import ACTIVATIONS, LeakyReLU
from resnet_explorer.network.kinds.convolutions import ChannelConv1d, Conv2d, Linear
from resnet_explorer.network.kinds.dimensions import STILL
from resnet_explorer.network.kinds.heads import AttentionPool2d, FixedScaleNorm, FlattenMap, GeM
from resnet_explorer.network.kinds.norms import NORMS, EvoNormS0
from resnet_explorer.network.kinds.pads import ZeroPad
from resnet_explorer.network.kinds.pools import SMOOTHERS, STEM_POOLS, AdaptiveAvgPool2d, AvgPool2d, MaxPool2d
from resnet_explorer.network.kinds.scaled import Beta, ScaledStdConv2d
from resnet_explorer.network.kinds.shortcuts import PadChannels
from resnet_explorer.network.kinds.tape import Tape
from resnet_explorer.network.tree import where
from resnet_explorer.picture.marks import Ink
from resnet_explorer.source.layers import Writer
from resnet_explorer.source.scope import Scope
from resnet_explorer.source.whole import classes
from resnet_explorer.spec import Activation, AntiAlias, Norm, ResNetSpec
from tests.cases import each

SPEC = ResNetSpec("", norm_groups=2)
MAP, PIXEL = (2, 8, 6, 6), (2, 8, 1, 1)
IMAGES: tuple[tuple[Layer, Shape], ...] = (
    *((make(SPEC, 8), MAP) for make in NORMS.values()),
    *((make(True, 8), MAP) for _, make in ACTIVATIONS.values()),
    *((make(False, 8), MAP) for _, make in ACTIVATIONS.values()),
    *((layer, MAP) for pool in STEM_POOLS.values() for _, layer in pool),
    *((make(2), MAP) for make in SMOOTHERS.values()),
    *((layer, MAP) for layer in (AvgPool2d(2, 1, True), AvgPool2d(2, 2, True), AdaptiveAvgPool2d())),
    *((Conv2d(8, 16, 3, 2, 1, 2, True), MAP), (Conv2d(8, 16, 3, padding=1, standardised=True), MAP)),
    *((ScaledStdConv2d(8, 16, 3, 2, 1, 2, True, gamma=1.7), MAP), (Beta(0.8), MAP)),
    *((GeM(), MAP), (AttentionPool2d(8, 6, 4), MAP), (AttentionPool2d(8, 3, 4), (2, 8, 5, 4))),
    *((FlattenMap(6, 192), MAP), (FixedScaleNorm(8), (2, 8))),
    *((ChannelConv1d(3), PIXEL), (ChannelConv1d(5), PIXEL), (Linear(8, 5), (2, 8)), (ZeroPad(8, 16, 2), MAP)),
    (PadChannels(8, 16), MAP),
    *(
        (gates.SpatialSoftmax(), (2, 1, 6, 6)),
        (gates.Softmax(), (2, 36, 6, 6)),
        (gates.AddToMap(), MAP),
        (gates.Refine(), MAP),
    ),
    *((gates.LayerNorm2d(8), PIXEL), (gates.ZeroBatchNorm2d(8), MAP)),
    *((blocks.ChannelStats(), MAP), (blocks.SpatialStats(), MAP), (gates.SumPairs(), (2, 8, 1, 2))),
    *((blocks.Sigmoid(), MAP), (blocks.Multiply(), MAP), (blocks.Add(), MAP), (blocks.GatedAdd(True), MAP)),
    *((blocks.Scale(0.5), MAP), (blocks.Gain(8, 0.5), MAP), (blocks.Gain(1, 0.0), MAP), (blocks.Bias(), MAP)),
    *((blocks.Dropout(0.5), MAP), (blocks.StochasticDepth(), MAP), (blocks.Flatten(), PIXEL)),
    *((forks.Slice(2, 4, 2), MAP), (forks.Carry(), MAP), (forks.Concat(16), MAP), (forks.SumPaths(3), MAP)),
    *((forks.PathSoftmax(2, 2), PIXEL), (forks.ShakeMix(), MAP), (forks.Shift(), MAP)),
    *((forks.PaddedAvgPool2d(3, 2), MAP), (forks.WeightedSum(2), MAP)),
)
PAIRS: tuple[tuple[Layer, Shape, Shape], ...] = (
    (gates.ContextPool(), MAP, (2, 1, 6, 6)),
    (gates.Affinity(8, 0.5), MAP, MAP),
    (gates.Gather(8), (2, 36, 6, 6), MAP),
    (gates.SumGates(8), (2, 1, 6, 6), PIXEL),
)
"""Kinds that take two signals."""
PRODUCTS = (blocks.Multiply, gates.AddToMap, gates.Refine)
"""What a gate's module computes itself."""
OTHERS = tuple(
    (lifted, (*shape[:2], *shape[2:][-1:]) if dims == 1 else (*shape[:2], *shape[2:3], *shape[2:]))
    for dims in (1, 3)
    for layer, shape in IMAGES
    for lifted in {layer.lifted(dims, time): None for time in (None, STILL)[: 1 + dims // 3]}
    if lifted != layer
)
"""The layers that differ in other dimensions: for signals, for videos, and for videos frame by frame."""
CASES = (*IMAGES, *OTHERS)
NODES = {
    "BatchNorm2d": "NativeBatchNorm0",
    "GroupNorm": "NativeGroupNorm0",
    "InstanceNorm2d": "View0 Repeat0 Repeat0 NativeBatchNorm0 View0",
    "RMSNorm2d": "Pow0 Mean1 Add0 Rsqrt0 Mul0 View0 Mul0",
    "FRN": "Pow0 Mean1 Add0 Rsqrt0 Mul0 View0 Mul0 View0 Add0 View0 Maximum0",
    "EvoNormS0": "View0 Mul0 Sigmoid0 Mul0 View0 Var0 Add0 Sqrt0 "
    "Unsqueeze0 Expand0 Clone0 View0 Unsqueeze0 Unsqueeze0 Div0 View0 Mul0 View0 Add0",
    "ReLU": "Relu0",
    "SiLU": "Silu0",
    "GELU": "Gelu0",
    "ReLU6": "Hardtanh0",
    "Hardswish": "Hardswish0",
    "Mish": "Mish0",
    "PReLU": "View0 PreluKernel0",
    "MaxPool2d": "MaxPool2DWithIndices0",
    "ConstantPad2d": "ConstantPadNd0",
    "BlurPool2d": "ReflectionPad2D0 Convolution0",
    "AdaptiveAvgPool2d": "Mean1",
    "Conv2d": "Convolution0",
    "StdConv2d": "View0 Unsqueeze0 NativeBatchNorm0 View0 Convolution0",
    "ScaledStdConv2d": "View0 Mul0 View0 NativeBatchNorm0 View0 Convolution0",
    "Beta": "Mul0",
    "GeM": "Clamp1 Pow1 Mean1 Reciprocal0 Pow1",
    "FixedScaleNorm": "NativeBatchNorm0",
    "ChannelConv1d": "View0 Transpose0 Convolution0 Transpose0 Unsqueeze0",
    "Linear": "T0 Addmm0",
    "ZeroPad": "Slice0 Slice0 ConstantPadNd0",
    "PadChannels": "ConstantPadNd0",
    "SpatialSoftmax": "View0 Softmax0 View0",
    "Softmax": "Softmax0",
    "LayerNorm2d": "View0 NativeLayerNorm0 View0",
    "ZeroBatchNorm2d": "NativeBatchNorm0",
    "ContextPool": "View0 View0 Transpose0 Bmm0 View0",
    "Affinity": "View0 Transpose0 View0 Bmm0 Mul0 View0",
    "Gather": "View0 View0 Bmm0 View0",
    "SumGates": "Add0",
    "ChannelStats": "Mean1 Amax0 Cat0",
    "SpatialStats": "Mean1 Amax0 Cat0",
    "SumPairs": "Sum1",
    "Sigmoid": "Sigmoid0",
    "Scale": "Mul0",
    "Gain": "Mul0",
    "Bias": "Add0",
    "Dropout": "Mul0",
    "StochasticDepth": "Mul0",
    "Flatten": "View0",
    "Slice": "Slice0",
    "Carry": "Add0",
    "Concat": "Cat0",
    "SumPaths": "Add0 Add0",
    "PathSoftmax": "View0 Transpose0 Softmax0 View0",
    "WeightedSum": "Slice0 Mul0 Slice0 Mul0 Add0",
    "Shift": "ConstantPadNd0",
    "ShakeMix": "Shake",
}
"""What autograd records of each kind in training on the CPU, in the order in which the data went."""
FORMULAS = json.loads(assets.path("formulas", "index.json").read_text(encoding="utf-8"))


def test_every_kind_and_every_choice_is_asked() -> None:
    asked = {type(layer) for layer, _ in CASES} | {type(layer) for layer, *_ in PAIRS}
    assert not [kind.__name__ for kind in KINDS if kind not in asked], "kinds without a case above"
    assert [choice for choice in Norm if choice not in NORMS] == [Norm.NONE]
    assert set(Activation) == set(ACTIVATIONS)


def made(layer: Layer) -> nn.Module:
    """Return the module of a layer, with the chance that its block gives it."""
    torch.manual_seed(0)
    module = module_of(layer)
    if isinstance(layer, blocks.StochasticDepth):
        setattr(module, "p", 0.5)  # noqa: B010 - its type declares none
    return module


def nodes(layer: Layer) -> tuple[str, ...]:
    """Return the names of what autograd records: that of ``View0`` is ViewBackward0."""
    dims = getattr(layer, "dims", 2)
    text = NODES.get(layer.kind) or NODES.get(layer.kind.replace(f"{dims}d", "2d"), "")
    text = text.replace("Pad2D0", f"Pad{dims}D0")
    if isinstance(layer, LeakyReLU):
        text = f"{layer.operation}{layer.in_place:d}"
    if isinstance(layer, AvgPool2d | forks.PaddedAvgPool2d):
        text = f"AvgPool{max(2, dims)}D0"
    if isinstance(layer, MaxPool2d) and dims == 3:
        text = "MaxPool3DWithIndices0"
    if isinstance(layer, MaxPool2d | AvgPool2d | AdaptiveAvgPool2d) and dims == 1:
        text = f"Unsqueeze0 {text} Squeeze1"
    if isinstance(layer, AvgPool2d) and layer.keeps_size:
        text = f"ConstantPadNd0 {text}"
    if isinstance(layer, ZeroPad):
        text = f"{'Slice0 ' * sum(stride > 1 for stride in layer.strides)}ConstantPadNd0"
    if isinstance(layer, ChannelConv1d) and dims != 2:
        text = "View0 Transpose0 Convolution0 Transpose0 View0" if dims == 3 else "Transpose0 Convolution0 Transpose0"
    if isinstance(layer, EvoNormS0):
        text = text.replace("Unsqueeze0 Unsqueeze0 Div0", f"{'Unsqueeze0 ' * dims}Div0")
    if isinstance(layer, AttentionPool2d):
        resized = "Slice0 View0 Permute0 UpsampleBicubic2DAa0 Permute0 View0 Cat0"
        own = "View0 T0 Addmm0 View0 View0"
        text = (
            f"View0 Permute0 Mean1 Cat0 {'' if layer.side == 6 else f'Slice0 {resized} '}Unsqueeze0 Add0 Slice0 {own} "
            f"Transpose0 Mul0 {own} Permute0 Bmm0 Softmax0 {own} Transpose0 Bmm0 View0"
        )
    return tuple(re.sub(r"(\d?)$", r"Backward\1", name, count=1) for name in text.split())


def more_maps(layer: Layer, start: Tensor) -> tuple[Tensor, ...]:
    """Return what a layer takes beside its first map: as many maps more, and weights where it takes some."""
    counts = {forks.Carry: 1, forks.Concat: 1, forks.ShakeMix: 1, forks.SumPaths: 2, forks.WeightedSum: 1}
    maps = (start,) * counts.get(type(layer), 0)
    if isinstance(layer, forks.WeightedSum):
        return *maps, torch.rand(len(start), layer.paths * start.shape[1], 1, 1, requires_grad=True).exp()
    return maps


def answers(layer: Layer, shape: Shape) -> dict[str, bool]:
    """Return for each reading of a layer whether there is one."""
    part = Part("layer", layer)
    block = Block("layer1.0", 1, Form((part,), ()), ("layer1.0.layer",))
    key, text = layer.describe(where(part, block, SPEC))
    output = layer.output(shape)
    return {
        "role": isinstance(layer.role, Role),
        "ink": layer.ink in set(Ink),
        "label": bool(layer.label),
        "docstring": bool(type(layer).__doc__),
        "formula": key in FORMULAS and (not layer.size_key or layer.size_key in FORMULAS),
        "text": bool(re.fullmatch(r"[A-Zx].*\.", text)),
        "output": bool(output) and all(size > 0 for size in output),
        "FLOPs": layer.flops(shape, output, True) > 0 or layer.flops_each == 0,
        "nodes": bool(nodes(layer) or not layer.module) and UNKNOWN not in map(derivative, nodes(layer)),
        "module": bool(layer.module)
        or layer.role is Role.JOIN
        or isinstance(layer, blocks.Multiply | gates.AddToMap | gates.Refine),
        "figures": bool(layer.figures(output)) or not layer.params,
    }


@each("layer,shape", CASES)
def test_a_kind_answers_as_pytorch_does(layer: Layer, shape: Shape) -> None:
    missing = [name for name, found in answers(layer, shape).items() if not found]
    assert not missing, f"{layer.kind} lacks: {', '.join(missing)}"
    if not layer.module:
        return  # a sum or a product: the block's own, asked with whole networks
    module, leaf = made(layer), torch.rand(shape, requires_grad=True)
    anyway = {tensor.untyped_storage().data_ptr() for tensor in (*module.parameters(), *module.buffers())}
    kept: dict[int, Tensor] = {}
    torch.manual_seed(1)
    start = leaf.exp()
    others = more_maps(layer, start)
    with saved_tensors_hooks(lambda tensor: kept.setdefault(tensor.untyped_storage().data_ptr(), tensor), lambda t: t):
        y = module(start, *others)
    recorded = [type(one).__name__ for one in functions(y.grad_fn)]
    held = {address: one for address, one in kept.items() if address not in anyway}
    saves = layer.saves(shape, layer.output(shape), True)
    sizes = {each.untyped_storage().data_ptr(): each.nbytes for each in (start, *others) if saves.input}
    sizes |= {y.untyped_storage().data_ptr(): y.nbytes} if saves.output else {}
    tensors = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    assert tuple(y.shape) == layer.output(shape), layer.kind
    assert {tensor.name: tensor.shape for tensor in layer.tensors()} == tensors, layer.kind
    assert {tensor.name for tensor in layer.tensors() if not tensor.buffer} == dict(module.named_parameters()).keys()
    assert saves.passes == (y.untyped_storage().data_ptr() == start.untyped_storage().data_ptr()), layer.kind
    assert sum(one.untyped_storage().nbytes() for one in held.values()) == sum(sizes.values()) + saves.extra
    own = [name for name in recorded if name not in ("AccumulateGrad", "ExpBackward0")]
    assert own == list(nodes(layer)), layer.kind


@pytest.mark.parametrize(("layer", "one", "other"), PAIRS, ids=lambda value: getattr(value, "kind", ""))
def test_a_kind_of_two_signals_answers_as_pytorch_does(layer: Layer, one: Shape, other: Shape) -> None:
    missing = [name for name, found in answers(layer, one).items() if not found]
    assert not missing, f"{layer.kind} lacks: {', '.join(missing)}"
    signals = [torch.rand(shape, requires_grad=True).exp() for shape in (one, other)]
    with FlopCounterMode(display=False) as counter:
        y = made(layer)(*signals)
    assert tuple(y.shape) == layer.output(one)
    assert counter.get_total_flops() == 2 * layer.work(one, layer.output(one))
    tape = Tape(True)
    value = layer.record_all(tape, (tape.leaf("a", one), tape.leaf("b", other)))
    assert value.shape == tuple(y.shape)
    own = [type(each).__name__ for each in functions(y.grad_fn)]
    assert [name for name in own if name not in ("AccumulateGrad", "ExpBackward0")] == list(nodes(layer))


INSIDE = (
    *("ChannelConv1d", "ChannelStats", "SpatialStats", "SumPairs", "Scale"),
    *("SpatialSoftmax", "Softmax", "LayerNorm2d", "ZeroBatchNorm2d", "Beta"),
)
"""Kinds that source writes as a part of an attention's class, or as a factor in ``forward``."""
WRITTEN = [
    (layer, shape)
    for layer, shape in CASES
    if layer.called.startswith("nn.")
    or (layer.called in classes(getattr(layer, "dims", 2)) and layer.kind not in INSIDE)
]


@each("layer,shape", WRITTEN)
def test_a_kind_as_source_computes_the_same(layer: Layer, shape: Shape) -> None:
    space = {"torch": torch, "nn": nn, "functional": functional, "Tensor": Tensor}
    exec(classes(getattr(layer, "dims", 2)).get(layer.called, ""), space)
    written = eval(str(Writer(SPEC, Scope(), str(shape[1])).term([layer])), space)
    module = made(layer).eval()
    written.load_state_dict(module.state_dict())
    x = torch.rand(shape) - 0.3
    torch.testing.assert_close(written.eval()(x.clone()), module(x.clone()), msg=layer.kind)


@each("layer,shape", [(layer, shape) for layer, shape in CASES if layer.module and layer.role is not Role.MERGE])
def test_what_a_kind_records_is_pytorchs_graph(layer: Layer, shape: Shape) -> None:
    """Nodes with their attributes, shapes, parameters and saved tensors, and the edges between them."""
    tape = Tape(True, "layer", 0.5)
    value = layer.record(tape, tape.add(tape.leaf("input", shape)))
    assert value.operation is not None and value.shape == layer.output(shape)
    output = GraphNode("output", NodeKind.OUTPUT, "layer", value.shape)
    ours = GraphWriter(FUNCTIONS).graph(value.operation, output, device="cpu", torch="", saved=True)
    leaf, model = torch.rand(shape, requires_grad=True), nn.ModuleDict({"layer": made(layer).train()})
    y = model["layer"](leaf + 0.5)
    theirs = graph_of(y, model, leaf, defaultdict(lambda: "layer"), device="cpu", saved=True)
    assert [node for node in ours.nodes if node.kind is not NodeKind.OUTPUT] == list(theirs.nodes[:-1]), layer.kind
    assert ours.edges == theirs.edges, layer.kind


@each("layer,shape", [(layer, shape) for layer, shape in CASES if layer.role is Role.MERGE and layer.module])
def test_what_joins_maps_records_the_nodes_that_pytorch_records(layer: Layer, shape: Shape) -> None:
    tape = Tape(True, "layer", 0.5)
    others = more_maps(layer, torch.zeros(shape))
    maps = [tape.leaf(f"map{number}", tuple(map.shape)) for number, map in enumerate((torch.zeros(shape), *others))]
    value = layer.record_all(tape, tuple(maps))
    assert value.operation is not None and value.shape == layer.output(shape), layer.kind
    found = [one.name for one in in_forward_order(value.operation, lambda one: one.before)]
    assert [name for name in found if name != "AccumulateGrad"] == list(nodes(layer)), layer.kind


@each("layer,shape", [(layer, shape) for layer, shape in CASES if layer.module])
def test_what_idles_gives_its_input_back(layer: Layer, shape: Shape) -> None:
    """In memory of its own there is something to do; what works in place or drops has something to do as well."""
    for training in (True, False):
        x = torch.rand(shape) - 0.5
        start = x.clone()
        y = made(layer).train(training)(start, *more_maps(layer, x))
        is_same = y.untyped_storage().data_ptr() == start.untyped_storage().data_ptr()
        assert layer.idles(training) == (is_same and torch.equal(start, x)), (layer.kind, training)


@each("layer,shape", [(layer, shape) for layer, shape in CASES if layer.module])
def test_operands_are_the_maps_of_the_outputs_size_beside_the_first(layer: Layer, shape: Shape) -> None:
    others = more_maps(layer, torch.zeros(shape))
    assert layer.operands == sum(tuple(other.shape) == layer.output(shape) for other in others), layer.kind
    assert (blocks.Add().operands, blocks.GatedAdd(True).operands) == (1, 2), "the shortcut, and its gate"


def test_a_name_is_one_tensor() -> None:
    """A parameter that is used twice gets the gradients of both."""
    tape = Tape(True, "conv1")
    assert tape.parameter("weight", (2, 3)) is tape.leaf("conv1.weight", (2, 3))
    assert tape.parameter("weight", (2, 3)) is not tape.parameter("bias", (2,))


def test_a_mean_does_not_fit_on_fewer_frames_than_its_window() -> None:
    pool = AvgPool2d(2, 2, True, dims=3)
    assert pool.output((1, 8, 2, 5, 5)) == (1, 8, 1, 3, 3)
    with pytest.raises(InputError, match="a 2×2×2 mean does not fit on a video of 1×5×5"):
        pool.output((1, 8, 1, 5, 5))
    with pytest.raises(RuntimeError):
        made(pool)(torch.zeros(1, 8, 1, 5, 5))


@each("layer,shape", [(layer, shape) for layer, shape in CASES if layer.module])
def test_memory_chance_and_macs_are_pytorchs(layer: Layer, shape: Shape) -> None:
    """New memory or not, other numbers with another seed or not, and half of the FLOPs that PyTorch counts."""
    x, module = torch.rand(shape), made(layer).train()
    others = more_maps(layer, x + 1)
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        start = x.clone()
        with FlopCounterMode(display=False) as counter:
            y = module(start, *others)
        found.append(y.clone())
    is_new = y.untyped_storage().data_ptr() != start.untyped_storage().data_ptr()
    assert layer.allocates == is_new, layer.kind
    assert layer.is_random == (not torch.equal(*found)), layer.kind
    assert counter.get_total_flops() == 2 * layer.work(shape, layer.output(shape)), layer.kind


def test_a_circle_is_a_sum_or_a_product() -> None:
    for kind in KINDS:
        assert kind.is_round == (kind.box in ("+", "×", "×+")), kind.__name__


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_blur_reflects_maps_of_two_pixels_and_none_of_one(dims: int) -> None:
    pool = SMOOTHERS[AntiAlias.BLUR](2).lifted(dims, None)
    assert pool.output((1, 8, *(2,) * dims)) == tuple(made_blur(dims, 2).shape) == (1, 8, *(1,) * dims)
    with pytest.raises(InputError):
        pool.output((1, 8, *(2,) * (dims - 1), 1))
    with pytest.raises(RuntimeError):
        made_blur(dims, 1)


def made_blur(dims: int, last: int) -> Tensor:
    blurred: Tensor = made(SMOOTHERS[AntiAlias.BLUR](2).lifted(dims, None))(torch.zeros(1, 8, *(2,) * (dims - 1), last))
    return blurred
