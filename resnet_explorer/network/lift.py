"""From images to signals and videos: the layers of a tree, made for images, for other dimensions.

A kernel, stride or window holds along every axis. A video's time axis goes its own way in the stem, which keeps all
frames, and where ``conv_time`` says so (Tran et al. 2018, section 3, as torchvision builds its video ResNets).
"""

import re
from dataclasses import replace

from resnet_explorer.network.branches import activation, norm
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.dimensions import STILL, Time
from resnet_explorer.network.tree import Chain, Form, Gated, Part, Step
from resnet_explorer.spec import Norm, ResNetSpec
from resnet_explorer.spec.choices import ConvTime

STEM_MIDDLE = (45, 64)
"""Channels between the two convolutions of R(2+1)D's stem, for so many after it (torchvision's ``R2Plus1dStem``)."""
_STEM_FRAMES = 3
"""Frames that the first convolution of a video network sees."""


def lift_form(spec: ResNetSpec, form: Form, channels: int) -> Form:
    """Return the form of a block in the dimensions of its network; ``channels`` enter it."""
    if spec.dims == 2:
        return form
    branch, before, after = (lift(spec, chain, channels) for chain in (form.branch, form.before, form.after))
    shortcut = None if form.shortcut is None else _alike(spec, form.shortcut)
    return replace(form, branch=branch, shortcut=shortcut, after=after, before=before, gate=_alike(spec, form.gate))


def lift(spec: ResNetSpec, chain: Chain, channels: int) -> Chain:
    """Return a chain of a block, or of the head, in the dimensions of its network."""
    if spec.dims == 2:
        return chain
    lifted: Chain = ()
    for step in _alike(spec, chain):
        is_split = isinstance(step, Part) and spec.conv_time is ConvTime.SPLIT and _splits(step)
        lifted += _split(spec, step, channels) if is_split and isinstance(step, Part) else (step,)
    return lifted


def _splits(part: Part) -> bool:
    layer = part.layer
    return (
        isinstance(layer, Conv2d) and layer.dims == 3 and layer.kernel > 1 and bool(re.fullmatch(r"conv\d", part.name))
    )


def _alike(spec: ResNetSpec, chain: Chain) -> Chain:
    """Return a chain whose windows hold along every axis, or along height and width alone."""
    if spec.dims == 2:
        return chain
    still = STILL if spec.dims == 3 and spec.conv_time is ConvTime.FRAMES else None
    return _chain(chain, spec.dims, still)


def _step(step: Step, dims: int, time: Time | None) -> Step:
    if isinstance(step, Part):
        return _part(step, dims, time)
    assert isinstance(step, Gated), "parallel paths are made for images"
    return Gated(step.name, _chain(step.parts, dims, time), _part(step.scale, dims, time))


def _chain(chain: Chain, dims: int, time: Time | None) -> Chain:
    return tuple(_step(step, dims, time) for step in chain)


def _part(part: Part, dims: int, time: Time | None) -> Part:
    layer = part.layer.lifted(dims, time)
    return part if layer is part.layer else Part(part.name, layer)


def _split(spec: ResNetSpec, part: Part, channels: int) -> Chain:
    """Return a convolution of a block as a pair.

    The channels between are those with which the pair has as many weights as a 3×3×3 (section 3.5); as in torchvision,
    both convolutions of a basic block count with the channels that enter the block.
    """
    layer = part.layer
    assert isinstance(layer, Conv2d)
    kernel, out = layer.kernel, layer.out_channels
    middle = channels * out * kernel**3 // (channels * kernel**2 + kernel * out)
    frames = Time(kernel, layer.stride, layer.dilation * (kernel // 2))
    return _pair(spec, part, max(1, middle // layer.groups) * layer.groups, frames)


def _pair(spec: ResNetSpec, part: Part, middle: int, frames: Time) -> Chain:
    """Return a convolution in space, a norm, an activation, and a convolution in time."""
    layer, name = part.layer, part.name
    assert isinstance(layer, Conv2d)
    space = replace(layer, out_channels=middle, bias=False, dims=3, time=STILL)
    time = replace(layer, in_channels=middle, kernel=1, stride=1, padding=0, dims=3, time=frames)
    normed = norm(spec, f"{name.replace('conv', 'bn')}_space", middle)
    active = activation(spec, middle, f"{name.removeprefix('conv')}_space")
    return (Part(f"{name}_space", space), *_alike(spec, (*normed, *active)), Part(f"{name}_time", time))


def lift_stem(spec: ResNetSpec, chain: Chain) -> Chain:
    """Return the stem in the dimensions of its network: a video's convolutions see three frames and skip none."""
    if spec.dims != 3:
        return _alike(spec, chain)
    return tuple(part for step in chain if isinstance(step, Part) for part in _stem_part(spec, step))


def _stem_part(spec: ResNetSpec, part: Part) -> Chain:
    layer = part.layer
    is_in_row = re.fullmatch(r"conv1\.(\d+)", part.name)
    if not isinstance(layer, Conv2d) or part.name.startswith("maxpool") or spec.conv_time is ConvTime.FRAMES:
        (alike,) = _alike(spec, (part,))
        moved = is_in_row and spec.conv_time is ConvTime.SPLIT
        return (Part(in_row(part.name, 3), alike.layer),) if moved and isinstance(alike, Part) else (alike,)
    frames = Time(_STEM_FRAMES, 1, _STEM_FRAMES // 2)
    if spec.conv_time is ConvTime.FULL:
        return (Part(part.name, layer.lifted(3, frames)),)
    pair = _pair(spec, part, max(1, STEM_MIDDLE[0] * layer.out_channels // STEM_MIDDLE[1]), frames)
    if not is_in_row:
        return pair
    places = (0, *((1,) if spec.norm is not Norm.NONE else ()), *(() if spec.norm.activates else (2,)), 3)
    steps = (step for step in pair if isinstance(step, Part))
    return tuple(Part(in_row(part.name, place), step.layer) for step, place in zip(steps, places, strict=True))


def in_row(name: str, place: int) -> str:
    """Return the name of a layer in a deep stem whose convolutions are pairs: each takes three places more."""
    number = int(name.rpartition(".")[2])
    return f"conv1.{6 * (number // 3) + number % 3 + place}"
