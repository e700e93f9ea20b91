"""Random specs for property tests: small ones that torch runs in milliseconds, and any valid one."""

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from resnet_explorer.errors import InputError, SpecError
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import Block, ConvTime, InputShape, Pool, ResNetSpec, Shortcut, Stem, StemPool, Stride
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign, change_all
from resnet_explorer.spec.readers import FRACTIONS
from resnet_explorer.spec.resnet_spec import BY_STAGE
from resnet_explorer.spec.search import default_input

NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=80)
_CHANCES = st.floats(0.01, 0.9).map(lambda value: round(value, 3))
_SMALL: dict[str, st.SearchStrategy[Any]] = {
    "expansion": st.sampled_from([0.5, 1, 1.5, 2, 4]),
    "cardinality": st.integers(1, 4),
    "base_width": st.integers(64, 200),
    "group_width": st.none() | st.integers(1, 4),
    "reduce_first": st.integers(1, 3),
    "scales": st.integers(1, 4),
    "radix": st.integers(0, 3),
    "reduction": st.integers(1, 8),
    "reduction_multiple": st.integers(1, 8),
    "norm_groups": st.integers(1, 8),
    "stem_channels": st.integers(1, 12),
    "stem_width": st.integers(1, 12),
    "gate_bias": st.floats(-8, 8),
    "shortcut_scale": st.sampled_from([0.5, 0.7071, 2.0]),
    "branch_scale": st.sampled_from([0.5, 0.7071, 2.0]),
    "residual": st.booleans(),
    "stem_activation": st.booleans(),
    "head_channels": st.none() | st.integers(1, 12),
    "attention_scale": st.sampled_from([0.5, 2.0]),
    "zero_init": st.booleans(),
    "track_variance": st.booleans(),
    "conv_bias": st.booleans(),
    "map_side": st.integers(2, 4),
    "head_norm": st.booleans(),
    "head_hidden": st.integers(1, 12),
}
_STAGES = (
    *("block", "blocks", "widths", "strides", "expansion", "cardinality", "base_width", "in_channels", "classes"),
    *("dims", "conv_time"),
)
_DIMS = st.sampled_from((2, 2, 2, 1, 3))
"""What is drawn for each network before its other axes."""


def _values(key: str) -> st.SearchStrategy[Any]:
    if key in _SMALL:
        return _SMALL[key]
    if AXES[key].choices:
        return st.sampled_from([choice.value for choice in AXES[key].choices])
    assert key in FRACTIONS
    return _CHANCES


def _mended(base: ResNetSpec, changes: dict[str, Any]) -> ResNetSpec:
    """Return the spec with changes; where they exclude each other, with what the refusal offers."""
    fixes: list[str] = []
    for _ in range(6):
        try:
            return change_all(assign(base, *fixes), {k: v for k, v in changes.items() if not _fixed(k, fixes)})
        except SpecError as error:
            assume(error.fixes)
            fixes += error.fixes[0]
    assume(False)
    raise AssertionError


def _fixed(key: str, fixes: list[str]) -> bool:
    return any(fix.partition("=")[0] == key for fix in fixes)


@st.composite
def paper_specs(draw: st.DrawFn) -> ResNetSpec:
    """Return a narrow and shallow network of the axes of He et al. 2015, ResNeXt and Wide ResNet alone."""
    blocks = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    block = draw(st.sampled_from(Block))
    widths = [draw(st.integers(1, 9))]
    for _ in blocks[1:]:
        widths.append(widths[-1] * draw(st.integers(1, 2)))
    stem = draw(st.sampled_from((Stem.IMAGENET, Stem.CIFAR)))
    return ResNetSpec(
        "small",
        (block,) * len(blocks),
        blocks,
        tuple(widths),
        (1, *(2 for _ in blocks[1:])),
        expansion=draw(st.integers(1, 4)),
        cardinality=draw(st.integers(1, 4)) if block is Block.BOTTLENECK else 1,
        base_width=draw(st.integers(64, 200)) if block is Block.BOTTLENECK else 64,
        stem=stem,
        stem_pool=StemPool.NONE if stem is Stem.CIFAR else StemPool.MAX,
        stem_channels=widths[0],
        stride=draw(st.sampled_from((Stride.CONV3X3, Stride.CONV1X1))),
        shortcut=draw(st.sampled_from([one for one in Shortcut if one is not Shortcut.POOLED])),
        residual=draw(st.booleans()),
        classes=draw(st.none() | st.integers(1, 12)),
        in_channels=draw(st.integers(1, 4)),
    )


@st.composite
def small_specs(draw: st.DrawFn) -> ResNetSpec:
    """Return a narrow and shallow network that differs from a plain one in up to eight axes."""
    blocks = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    kinds = tuple(draw(st.sampled_from(Block)) for _ in blocks)
    bottleneck = Block.BOTTLENECK in kinds
    base = ResNetSpec(
        "small",
        kinds,
        blocks,
        tuple(draw(st.integers(1, 9)) for _ in blocks),
        tuple(draw(st.sampled_from((1, 2, 2, 3))) for _ in blocks),
        expansion=draw(st.integers(1, 4)),
        cardinality=draw(st.integers(1, 4)) if bottleneck else 1,
        base_width=draw(st.integers(64, 200)) if bottleneck else 64,
        classes=draw(st.none() | st.integers(1, 12)),
        in_channels=draw(st.integers(1, 4)),
        stem_channels=draw(st.integers(1, 9)),
        dims=draw(_DIMS),
        conv_time=draw(st.sampled_from(ConvTime)),
    )
    keys = draw(st.lists(st.sampled_from([key for key in AXES if key not in _STAGES]), max_size=8, unique=True))
    return _varied(draw, _mended(base, {key: draw(_values(key)) for key in keys}))


def _varied(draw: st.DrawFn, spec: ResNetSpec) -> ResNetSpec:
    """Return the spec with up to three axes by stage, or with widths by block; most are left as they are."""
    kind = draw(st.sampled_from(("alike", "alike", "by stage", "by block")))
    changes: dict[str, Any] = {}
    if kind == "by stage":
        keys = draw(st.lists(st.sampled_from(BY_STAGE), max_size=3, unique=True))
        changes = {key: tuple(draw(_values(key)) for _ in spec.blocks) for key in keys}
    elif kind == "by block":
        changes = {"widths": tuple(tuple(draw(st.integers(1, 9)) for _ in range(count)) for count in spec.blocks)}
    return _mended(spec, changes)


@st.composite
def any_specs(draw: st.DrawFn) -> ResNetSpec:
    """Return any valid spec, however large."""
    blocks = tuple(draw(st.lists(st.integers(1, 400), min_size=1, max_size=8)))
    kinds = tuple(draw(st.sampled_from(Block)) for _ in blocks)
    bottleneck = Block.BOTTLENECK in kinds
    base = ResNetSpec(
        draw(NAMES),
        kinds,
        blocks,
        tuple(draw(st.integers(1, 8192)) for _ in blocks),
        tuple(draw(st.integers(1, 8)) for _ in blocks),
        expansion=draw(st.integers(1, 64)),
        cardinality=draw(st.integers(1, 32)) if bottleneck else 1,
        base_width=draw(st.integers(64, 128)) if bottleneck else 64,
        classes=draw(st.none() | st.integers(1, 1_000_000)),
        in_channels=draw(st.integers(1, 4096)),
        dims=draw(_DIMS),
    )
    keys = draw(st.lists(st.sampled_from([key for key in AXES if key not in _STAGES]), max_size=12, unique=True))
    return _mended(base, {key: draw(_values(key)) for key in keys})


def fitting(spec: ResNetSpec, image: InputShape) -> InputShape:
    """Return an image, or one of the size that alone a network's head takes."""
    if spec.pool is not Pool.NONE or spec.classes is None:
        return image
    own = default_input(spec)
    return InputShape(image.batch, own.height, own.width)


def images(largest: int = 80) -> st.SearchStrategy[InputShape]:
    """Return inputs of any proportions."""
    sides = st.integers(1, largest)
    return st.builds(InputShape, st.integers(1, 3), sides, sides, st.integers(1, 6))


@st.composite
def readable(draw: st.DrawFn) -> tuple[ResNetSpec, InputShape]:
    """Return a small network and an input that it can take."""
    spec, image = draw(small_specs()), draw(images())
    try:
        analyse(compile_spec(spec), image)
    except InputError:
        assume(False)
    return spec, image


def shallow(name: str) -> ResNetSpec:
    """Return a network of the catalogue at a quarter of its width, with at most two blocks a stage.

    Where widths differ by block they are left as they are.
    """
    spec = find(name)
    blocks = tuple(min(count, 2) for count in spec.blocks)
    rows = tuple(row[:2] for row in spec.block_widths)
    changes: dict[str, object] = {"blocks": blocks, "widths": rows or tuple(width // 4 for width in spec.widths)}
    if spec.group_width:
        changes["group_width"] = max(1, spec.group_width // 4)
    return change_all(spec, {**changes, "stem_channels": spec.stem_channels // 4})
