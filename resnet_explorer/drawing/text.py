"""How wide text is, without Qt: from the advance widths of the bundled font (no kerning)."""

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from resnet_explorer import assets

UNKNOWN_WIDTH = 0.7
"""In em, for characters that the bundled font lacks."""


class Style(StrEnum):
    """The cuts of the font that pictures use."""

    REGULAR = "regular"
    ITALIC = "italic"
    SEMIBOLD = "semibold"


class _Metrics(NamedTuple):
    units_per_em: int
    advances: Mapping[str, int]


@cache
def _metrics() -> Mapping[Style, _Metrics]:
    fonts = json.loads(assets.path("fonts", "metrics.json").read_text(encoding="utf-8"))
    return {style: _Metrics(**fonts[style]) for style in Style}


@lru_cache(maxsize=8192)
def _em_width(text: str, style: Style) -> float:
    metrics = _metrics()[style]
    unknown = UNKNOWN_WIDTH * metrics.units_per_em
    return sum(metrics.advances.get(character, unknown) for character in text) / metrics.units_per_em


def width(text: str, size: float, style: Style = Style.REGULAR) -> float:
    """Return the width in px of a line of text of ``size`` px."""
    return _em_width(text, style) * size
