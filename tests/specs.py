"""Random specs for property tests: small ones that torch runs in milliseconds, and any valid one."""

from hypothesis import strategies as st

from resnet_explorer.spec import Block, InputShape, ResNetSpec, Shortcut, Stem, Stride

NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=80)


@st.composite
def small_specs(draw: st.DrawFn) -> ResNetSpec:
    """Return any combination of the axes, narrow and shallow."""
    blocks = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    block = draw(st.sampled_from(Block))
    return ResNetSpec(
        "small",
        block,
        tuple(blocks),
        width=draw(st.integers(1, 9)),
        doubling=tuple(draw(st.booleans()) for _ in blocks[1:]),
        expansion=draw(st.integers(1, 4)),
        cardinality=draw(st.integers(1, 4)) if block is Block.BOTTLENECK else 1,
        base_width=draw(st.integers(64, 200)) if block is Block.BOTTLENECK else 64,
        stem=draw(st.sampled_from(Stem)),
        stride=draw(st.sampled_from(Stride)),
        shortcut=draw(st.sampled_from(Shortcut)),
        residual=draw(st.booleans()),
        classes=draw(st.none() | st.integers(1, 12)),
        in_channels=draw(st.integers(1, 4)),
    )


@st.composite
def any_specs(draw: st.DrawFn) -> ResNetSpec:
    """Return any valid spec, however large."""
    blocks = draw(st.lists(st.integers(1, 400), min_size=1, max_size=8))
    block = draw(st.sampled_from(Block))
    return ResNetSpec(
        draw(NAMES),
        block,
        tuple(blocks),
        width=draw(st.integers(1, 128)),
        doubling=tuple(draw(st.booleans()) for _ in blocks[1:]),
        expansion=draw(st.integers(1, 64)),
        cardinality=draw(st.integers(1, 32)) if block is Block.BOTTLENECK else 1,
        base_width=draw(st.integers(64, 128)) if block is Block.BOTTLENECK else 64,
        stem=draw(st.sampled_from(Stem)),
        stride=draw(st.sampled_from(Stride)),
        shortcut=draw(st.sampled_from(Shortcut)),
        residual=draw(st.booleans()),
        classes=draw(st.none() | st.integers(1, 1_000_000)),
        in_channels=draw(st.integers(1, 4096)),
    )


def images(largest: int = 80) -> st.SearchStrategy[InputShape]:
    """Return inputs of any proportions."""
    sides = st.integers(1, largest)
    return st.builds(InputShape, st.integers(1, 3), sides, sides)
