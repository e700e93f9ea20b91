"""The branch F(x) of a block in words: its convolutions, how it ends, and where it starts."""

from collections.abc import Mapping

from resnet_explorer.network import Block, Form, Part, flat
from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.kinds.blocks import Gain, Scale, StochasticDepth
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.tree import starts_at_0
from resnet_explorer.readings.explain.text import activator, preparation
from resnet_explorer.spec import Attention, Init, Norm, Order, ResNetSpec
from resnet_explorer.spec import Gain as GainChoice

_BARE_ORDERS: Mapping[Order, Order] = {Order.BN_AFTER: Order.V1, Order.RELU_ONLY: Order.V2}
"""Without norms these orders are the same."""


def convolutions(form: Form) -> list[Conv2d]:
    """Return the convolutions of a branch, those of its gates left out."""
    return [step.layer for step in form.branch if isinstance(step, Part) and isinstance(step.layer, Conv2d)]


def branch_key(spec: ResNetSpec, form: Form) -> str:
    """Return the key of the branch's formula."""
    count = len(convolutions(form))
    if spec.init is Init.FIXUP:
        return f"branch_fixup_{count}"
    if spec.norm.activates:
        return f"branch_joint_{count}"
    if spec.norm is Norm.NONE:
        return f"branch_bare_{_BARE_ORDERS.get(spec.order, spec.order)}_{count}"
    return f"branch_{spec.order}_{count}"


def order_words(spec: ResNetSpec) -> str:
    """Return what is particular of the order of layers (He et al. 2016, figure 4); nothing for the original."""
    act = activator(spec)
    if spec.order is Order.BN_AFTER and spec.norm is not Norm.NONE:
        return " The last norm comes after the addition, so it alters what the shortcut brings."
    if spec.order is Order.RELU_BEFORE:
        grows = act == "ReLU" and spec.gain is GainChoice.NONE
        return f" F(x) ends in a {act}{', so it can only add: the signal grows from block to block' if grows else ''}."
    if spec.order in (Order.RELU_ONLY, Order.V2):
        comes = "comes" if preparation(spec) == act else "come"
        first = preparation(spec)
        return f" {first[:1].upper()}{first[1:]} {comes} before each convolution; nothing comes after the addition."
    return ""


def branch_words(spec: ResNetSpec, block: Block) -> str:
    """Return what F(x) is made of, how it ends, and where it starts."""
    convs, layers = convolutions(block.form), [part.layer for part in flat(block.form.branch)]
    words = f"{_convs(convs)}{_stride(convs)}{''.join(layer.follows for layer in layers)}"
    return f"{words}{_end(spec, block, layers)}{_start(spec, block)}"


def _convs(convs: list[Conv2d]) -> str:
    first, middle, last = convs[0], convs[1], convs[-1]
    if len(convs) == 2:
        channels = f"{first.in_channels} → {first.out_channels} → {last.out_channels} channels"
        return f"F(x) is two 3×3 convolutions, {channels}."
    groups = f" in {middle.groups} groups" if middle.groups > 1 else ""
    same = middle.in_channels == middle.out_channels
    works = f"works on those{groups}" if same else f"brings those to {middle.out_channels}{groups}"
    reduces = f"In F(x) 1×1 brings {first.in_channels} channels to {first.out_channels}"
    return f"{reduces}, 3×3 {works}, 1×1 brings them to {last.out_channels}."


def _stride(convs: list[Conv2d]) -> str:
    """Return which convolution carries the stride: it matters in bottlenecks (torchvision's "v1.5")."""
    apart = _dilated(convs)
    if len(convs) == 3 and convs[0].stride > 1:
        return f" The first 1×1 carries the stride, as in the paper.{apart}"
    if len(convs) == 3 and convs[1].stride > 1:
        return f" The 3×3 carries the stride, as in torchvision (v1.5).{apart}"
    return apart


def _dilated(convs: list[Conv2d]) -> str:
    dilations = [conv.dilation for conv in convs if conv.kernel == 3]
    if max(dilations) == 1:
        return ""
    first = {True: "Both 3×3 are", False: "The second 3×3 is"}[dilations[0] > 1]
    who = first if len(dilations) == 2 else "The 3×3 is"
    return f" {who} dilated by {dilations[-1]}, in the place of a stride."


_ATTENTIONS: Mapping[Attention, str] = {
    Attention.SE: "squeeze-and-excitation weighs its channels",
    Attention.ECA: "efficient channel attention weighs its channels",
    Attention.CBAM: "CBAM weighs its channels, then its positions",
}


def _end(spec: ResNetSpec, block: Block, layers: list[Layer]) -> str:
    words = f" At its end {_ATTENTIONS[spec.attention]}." if block.form.gates else ""
    for layer in layers:
        if isinstance(layer, Gain) and layer.initial != 1:
            one = "One learnt factor" if layer.initial == 0 else "A learnt factor for each channel"
            words += f" {one}, {layer.initial:g} at first, multiplies F(x)."
        if isinstance(layer, Scale):
            words += f" A constant factor of {layer.factor:g} multiplies F(x)."
        if isinstance(layer, StochasticDepth):
            words += f" In training F(x) is skipped with a chance of {100 * block.skip:.1f} %."
    return words


def _start(spec: ResNetSpec, block: Block) -> str:
    """Return what starts at 0, and what that means for the first steps."""
    form, part = block.form, starts_at_0(spec, block.form)
    gains = [step.layer for step in flat(form.branch) if isinstance(step.layer, Gain)]
    if part is None and not any(gain.initial == 0 for gain in gains):
        return ""
    what = "the block starts as its shortcut" if form.shortcut is not None else "nothing passes at first"
    norm = "its last norm" if part and part.layer.role is Role.NORM else "its last convolution"
    return f" F(x) is 0 at first, since {norm if part else 'that factor'} starts at 0: {what}."
