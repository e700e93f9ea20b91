"""Random specs for property tests: small ones that torch runs in milliseconds, and any valid one."""

from dataclasses import replace
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from resnet_explorer.errors import InputError, SpecError
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import Block, InputShape, ResNetSpec, Shortcut, Stem, StemPool, Stride
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.readers import FRACTIONS

NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=80)
_CHANCES = st.floats(0.01, 0.9).map(lambda value: round(value, 3))
_SMALL: dict[str, st.SearchStrategy[Any]] = {
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
    "zero_init": st.booleans(),
}
_STAGES = ("block", "blocks", "widths", "strides", "expansion", "cardinality", "base_width", "in_channels", "classes")


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
            return replace(assign(base, *fixes), **{k: v for k, v in changes.items() if not _fixed(k, fixes)})
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
        stride=draw(st.sampled_from(Stride)),
        shortcut=draw(st.sampled_from(Shortcut)),
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
    )
    keys = draw(st.lists(st.sampled_from([key for key in AXES if key not in _STAGES]), max_size=8, unique=True))
    return _mended(base, {key: draw(_values(key)) for key in keys})


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
    )
    keys = draw(st.lists(st.sampled_from([key for key in AXES if key not in _STAGES]), max_size=12, unique=True))
    return _mended(base, {key: draw(_values(key)) for key in keys})


def images(largest: int = 80) -> st.SearchStrategy[InputShape]:
    """Return inputs of any proportions."""
    sides = st.integers(1, largest)
    return st.builds(InputShape, st.integers(1, 3), sides, sides)


@st.composite
def readable(draw: st.DrawFn) -> tuple[ResNetSpec, InputShape]:
    """Return a small network and an input that it can take."""
    spec, image = draw(small_specs()), draw(images())
    try:
        analyse(compile_spec(spec), image)
    except InputError:
        assume(False)
    return spec, image
