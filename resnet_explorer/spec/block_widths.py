"""Widths that differ by block, as they are written: growing by equal steps, or one by one."""

import re

from resnet_explorer.spec.readers import Growth
from resnet_explorer.spec.resnet_spec import ResNetSpec

_ALPHA = re.compile(r"\s*\(α[^)]*\)")


def growth(spec: ResNetSpec) -> Growth | None:
    """Return the first width and the α by which the widths of a PyramidNet grow; None where they grow otherwise."""
    if not spec.block_widths:
        return None
    row = [width for stage in spec.block_widths for width in stage]
    last, count = row[-1], len(row)
    about = round((last - row[0]) * count / max(1, count - 1))
    slack = range(count // max(1, count - 1) + 1)
    near = sorted({about + sign * step for step in slack for sign in (1, -1)}, key=lambda more: abs(more - about))
    tried = (Growth(last - more, more) for more in near if 0 < more < last)
    return next((each for each in tried if each.widths(spec.blocks) == spec.block_widths), None)


def widths_text(spec: ResNetSpec) -> str:
    """Return the widths as they can be typed: ``64, 128``, ``16/20/24, 28/32``, or ``16+48 (α)`` where they grow."""
    if grows := growth(spec):
        return f"{grows.first}+{grows.more} (α)"
    if spec.block_widths:
        return ", ".join("/".join(map(str, row)) for row in spec.block_widths)
    return ", ".join(map(str, spec.widths))


def typed_widths(text: str) -> str:
    """Return a text as ``--set`` reads it: without the name of what grows."""
    return _ALPHA.sub("", text)
