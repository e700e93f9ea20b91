"""Every colour and line weight, for the window and for exported pictures.

Hues follow Okabe and Ito's palette, which people with colour-blindness can tell apart; text on a fill has a
contrast of at least 4.5 to 1 (WCAG 2.2, AA), as a test asserts. The inks of series name their curves in words, so
they are text too.
"""

from collections.abc import Mapping

from resnet_explorer.dataclass import dataclass
from resnet_explorer.picture.marks import SCALE, Ink


@dataclass(frozen=True, slots=True)
class Theme:
    """A colour for each ink, the weight of lines, and the size of the window's own text in points."""

    name: str
    dark: bool
    colours: Mapping[Ink, str]
    line_weight: float = 1.0
    font_points: float = 10.0


_LIGHT_SCALE = """
    #f3f4c9 #d7eabd #bbe0b3 #9fd5ad #82c9a8 #62bea6 #3fb1a4 #15a3a3
    #08939f #0c8398 #0c7490 #00648a #015582 #00457d #0b3575 #152569
"""
_DARK_SCALE = """
    #262c47 #233a57 #1e4865 #115772 #09677a #017681 #0a8585 #099588
    #1ca589 #4db189 #6fbd8a #8dc88e #a9d394 #c3dd9c #dce8a7 #f3f3b5
"""
_PROJECTOR_SCALE = """
    #efefb9 #cee6ae #aedaa5 #8dcea0 #6ac29c #42b59b #16a59a #079495
    #01838e #0c7285 #06617c #015272 #034268 #02325f #02205b #0a0f4c
"""
"""Even steps of lightness, from a pale yellow over green to a deep blue (in the dark the other way): in order for
everyone, and in print without colour."""

_COLOURS: Mapping[Ink, tuple[str, str, str]] = {
    Ink.PAGE: ("#ffffff", "#15191e", "#ffffff"),
    Ink.TEXT: ("#1b1f24", "#e8edf2", "#000000"),
    Ink.MUTED: ("#57606a", "#a5b0bb", "#2f363d"),
    Ink.LINE: ("#d0d7de", "#39424c", "#8c959f"),
    Ink.CARD: ("#ffffff", "#1c2229", "#ffffff"),
    Ink.OPEN: ("#eef5fc", "#1d2c3a", "#eef5fc"),
    Ink.ACCENT: ("#0072b2", "#4bb0ec", "#005a8f"),
    Ink.STEM: ("#00805c", "#2fb98f", "#00614a"),
    Ink.STAGE1: ("#2f8fc9", "#63b8ea", "#0072b2"),
    Ink.STAGE2: ("#0a5f94", "#3d97d6", "#00436b"),
    Ink.STAGE3: ("#7048a8", "#a98be0", "#52298c"),
    Ink.STAGE4: ("#b0467e", "#dd7fb2", "#8c1f5b"),
    Ink.HEAD: ("#a8326b", "#e283b0", "#861a50"),
    Ink.CONV: ("#0072b2", "#0f79b8", "#005a8f"),
    Ink.NORM: ("#66717c", "#66717c", "#4b545d"),
    Ink.ACTIVATION: ("#e69f00", "#e69f00", "#f2ac0d"),
    Ink.POOL: ("#00805c", "#08835f", "#00614a"),
    Ink.LINEAR: ("#a8326b", "#a8326b", "#861a50"),
    Ink.SHORTCUT: ("#b84a00", "#f0884a", "#a84000"),
    Ink.ON_DARK: ("#ffffff", "#ffffff", "#ffffff"),
    Ink.ON_LIGHT: ("#1b1f24", "#1b1f24", "#000000"),
    Ink.ON_SHORTCUT: ("#ffffff", "#1b1f24", "#ffffff"),
    Ink.GONE: ("#8c959f", "#78838e", "#6b7580"),
    Ink.GATE: ("#6f42c1", "#8560d6", "#4f2a93"),
    Ink.CHANGED: ("#bf3989", "#e275ad", "#99286e"),
    Ink.GRID: ("#e6eaee", "#2a323b", "#d5dade"),
    Ink.SERIES1: ("#0072b2", "#4bb0ec", "#005a8f"),
    Ink.SERIES2: ("#b84a00", "#f0884a", "#a84000"),
    Ink.SERIES3: ("#118668", "#65dba7", "#2a7a5e"),
    Ink.SERIES4: ("#7a1479", "#b57fa3", "#6f49cf"),
    Ink.SERIES5: ("#1420a0", "#6d80f2", "#5a0d58"),
    Ink.SERIES6: ("#7d5166", "#e0d62b", "#6b4550"),
    Ink.SERIES7: ("#2c5206", "#edd1fa", "#0b0b4a"),
    Ink.SERIES8: ("#45150e", "#d4fdb2", "#2e3a00"),
    **dict(
        zip(SCALE, zip(_LIGHT_SCALE.split(), _DARK_SCALE.split(), _PROJECTOR_SCALE.split(), strict=True), strict=True)
    ),
}
"""The colour of each ink in the light, the dark and the projector theme."""
_LIGHT, _DARK, _PROJECTOR = ({ink: colours[column] for ink, colours in _COLOURS.items()} for column in range(3))

LIGHT = Theme("light", False, _LIGHT)
DARK = Theme("dark", True, _DARK)
PROJECTOR = Theme("projector", False, _PROJECTOR, line_weight=1.6, font_points=13.0)

THEMES: Mapping[str, Theme] = {theme.name: theme for theme in (LIGHT, DARK, PROJECTOR)}

CHROME: Mapping[str, tuple[str, str, str, str]] = {
    "light": ("#f6f8fa", "#ffffff", "#dbeeff", "#1b1f24"),
    "dark": ("#20262d", "#15191e", "#1d405c", "#e8edf2"),
    "projector": ("#f0f2f4", "#ffffff", "#c2e2fa", "#000000"),
}
"""The window around the picture: panels, fields, selected rows, text."""
