"""Spec to tree: branches, shortcuts, stem and head put at their places."""

from functools import lru_cache

from resnet_explorer.blueprint import kit
from resnet_explorer.blueprint.branches import Place, branch, split_first
from resnet_explorer.blueprint.kinds import Layer, Role
from resnet_explorer.blueprint.kinds.blocks import Add, Dropout, GatedAdd, Scale, Sigmoid
from resnet_explorer.blueprint.kinds.convolutions import Conv2d
from resnet_explorer.blueprint.kinds.pads import ZeroPad
from resnet_explorer.blueprint.kinds.pools import AvgPool2d
from resnet_explorer.blueprint.stems import head, stem
from resnet_explorer.blueprint.tree import Block, Chain, Form, Network, Part, Stage
from resnet_explorer.spec import Block as Kind
from resnet_explorer.spec import Downsample, Gating, Order, ResNetSpec, Shortcut
from resnet_explorer.spec.resnet_spec import stem_stride

_LAST = {Kind.BASIC: "2", Kind.BOTTLENECK: "3"}


def _changed(spec: ResNetSpec, at: Place) -> bool:
    return at.stride != 1 or at.channels != at.out(spec)


def _bridge(spec: ResNetSpec, at: Place) -> Chain:
    """Return what brings x to the shape of F(x): nothing where it has that shape already."""
    everywhere = spec.shortcut is Shortcut.PROJECTION_EVERYWHERE
    if not _changed(spec, at) and not everywhere:
        return ()
    if spec.shortcut is Shortcut.PADDING:
        return kit.parts(("downsample.0", ZeroPad(at.channels, at.out(spec), at.stride)))
    layers = [part.layer for part in _projection(spec, at)]
    return tuple(Part(f"downsample.{index}", layer) for index, layer in enumerate(layers))


def _projection(spec: ResNetSpec, at: Place) -> tuple[Part, ...]:
    out, dilated = at.out(spec), at.dilation > 1
    normed = () if spec.order is Order.V2 else kit.norm(spec, "", out)
    if spec.downsample is Downsample.AVERAGE:
        pools = at.stride > 1 or dilated
        stride = 1 if dilated else at.stride
        pool = (Part("", AvgPool2d(max(2, stride), stride, whole=True)),) if pools else ()
        return (*pool, kit.conv(spec, "", at.channels, out, 1), *normed)
    kernel = 3 if spec.downsample is Downsample.CONV3X3 and (at.stride > 1 or dilated) else 1
    return (kit.conv(spec, "", at.channels, out, kernel, at.stride, 1, at.before if kernel > 1 else 1), *normed)


def _shortcut(spec: ResNetSpec, at: Place) -> Chain | None:
    """Return the shortcut's layers: none at all in a plain net, an empty chain for the identity."""
    if not spec.residual:
        return None
    chain = _bridge(spec, at)
    if spec.shortcut_scale != 1:
        chain = (*chain, _weakened("scale", Scale(spec.shortcut_scale), chain))
    if spec.shortcut_dropout:
        chain = (*chain, _weakened("dropout", Dropout(spec.shortcut_dropout), chain))
    return chain


def _weakened(name: str, layer: Layer, chain: Chain) -> Part:
    """Return a layer that alters the shortcut: numbered on in a projection, named on the bare shortcut."""
    projects = bool(chain) and chain[0].name.startswith("downsample.")
    return Part(f"downsample.{len(chain)}" if projects else f"shortcut.{name}", layer)


def _gate(spec: ResNetSpec, at: Place) -> Chain:
    """Return what leads to the gate g(x): a 1x1 convolution with bias, and a sigmoid (He et al. 2016, section 3)."""
    if not spec.residual or spec.gating is Gating.NONE:
        return ()
    conv = Conv2d(at.channels, at.out(spec), 1, at.stride, bias=True)
    return kit.parts(("gate.conv", conv), ("gate.sigmoid", Sigmoid()))


def _after(spec: ResNetSpec, at: Place) -> Chain:
    last = _LAST[at.kind]
    chain: Chain = ()
    if spec.residual:
        join: Layer = Add() if spec.gating is Gating.NONE else GatedAdd(spec.gating is Gating.EXCLUSIVE)
        chain = kit.parts(("add", join))
    if spec.order is Order.BN_AFTER:
        chain = (*chain, *kit.norm(spec, f"bn{last}", at.out(spec)))
    if spec.order in (Order.V1, Order.BN_AFTER):
        chain = (*chain, *kit.activation(spec, last))
    return chain


def _form(spec: ResNetSpec, at: Place) -> Form:
    inner, shortcut = branch(spec, at), _shortcut(spec, at)
    convolves = any(isinstance(step, Part) and step.layer.role is Role.CONVOLUTION for step in shortcut or ())
    before: Chain = ()
    if convolves:
        before, inner = split_first(spec, inner)
    return Form(inner, shortcut, _after(spec, at), before, _gate(spec, at))


def _place(path: str, number: int, form: Form, prefix: str = "", skip: float = 0.0) -> Block:
    return Block(path, number, form, tuple([prefix + part.name for part in form.parts]), skip)


def _stage(spec: ResNetSpec, number: int, first: Place) -> Stage:
    """Return a stage whose first block may shrink the map; the others keep its shape and share one form."""
    count, done = spec.blocks[number - 1], sum(spec.blocks[: number - 1])
    rest = Place(first.kind, first.out(spec), first.width, 1, first.dilation, first.dilation)
    forms = [_form(spec, first)]
    if count > 1:
        forms.append(forms[0] if rest == first else _form(spec, rest))
    path, rate = f"layer{number}", spec.stochastic_depth / sum(spec.blocks) if spec.residual else 0.0
    blocks = (
        _place(f"{path}.{index}", index + 1, forms[min(index, 1)], f"{path}.{index}.", rate * (done + index + 1))
        for index in range(count)
    )
    return Stage(path, number, tuple(blocks))


def _places(spec: ResNetSpec) -> tuple[Place, ...]:
    """Return where the first block of each stage stands; past the output stride a stage dilates."""
    channels, reached, dilation = spec.stem_channels, stem_stride(spec), 1
    places = []
    for kind, width, asked in zip(spec.block, spec.widths, spec.strides, strict=True):
        before, stride = dilation, asked
        if spec.output_stride is not None and (dilation > 1 or reached * asked > spec.output_stride):
            dilation, stride = dilation * asked, 1
        reached *= stride
        places.append(Place(kind, channels, width, stride, dilation, before))
        channels = places[-1].out(spec)
    return tuple(places)


@lru_cache(maxsize=32)
def compile_spec(spec: ResNetSpec) -> Network:
    """Return the tree of a spec; the same spec gives the same tree."""
    stages = tuple(_stage(spec, number, at) for number, at in enumerate(_places(spec), start=1))
    last = head(spec, spec.outputs[-1])
    end = _place("head", 0, Form(last)) if last else None
    return Network(spec, _place("stem", 0, Form(stem(spec))), stages, end)
