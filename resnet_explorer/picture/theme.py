"""Every colour and line weight, for the window and for exported pictures.

Hues follow Okabe and Ito's palette, which people with colour-blindness can tell apart; text on a fill has a
contrast of at least 4.5 to 1 (WCAG 2.2, AA), as a test asserts. The inks of series name their curves in words, so
they are text too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

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

_LIGHT: dict[Ink, str] = {
    Ink.PAGE: "#ffffff",
    Ink.TEXT: "#1b1f24",
    Ink.MUTED: "#57606a",
    Ink.LINE: "#d0d7de",
    Ink.CARD: "#ffffff",
    Ink.OPEN: "#eef5fc",
    Ink.ACCENT: "#0072b2",
    Ink.STEM: "#00805c",
    Ink.STAGE1: "#2f8fc9",
    Ink.STAGE2: "#0a5f94",
    Ink.STAGE3: "#7048a8",
    Ink.STAGE4: "#b0467e",
    Ink.HEAD: "#a8326b",
    Ink.CONV: "#0072b2",
    Ink.NORM: "#66717c",
    Ink.ACTIVATION: "#e69f00",
    Ink.POOL: "#00805c",
    Ink.LINEAR: "#a8326b",
    Ink.SHORTCUT: "#c44f00",
    Ink.ON_DARK: "#ffffff",
    Ink.ON_LIGHT: "#1b1f24",
    Ink.ON_SHORTCUT: "#ffffff",
    Ink.GONE: "#8c959f",
    Ink.GATE: "#6f42c1",
    Ink.CHANGED: "#bf3989",
    Ink.GRID: "#e6eaee",
    Ink.SERIES1: "#0072b2",
    Ink.SERIES2: "#c44f00",
    Ink.SERIES3: "#118668",
    Ink.SERIES4: "#7a1479",
    Ink.SERIES5: "#1420a0",
    Ink.SERIES6: "#7d5166",
    Ink.SERIES7: "#2c5206",
    Ink.SERIES8: "#45150e",
    **dict(zip(SCALE, _LIGHT_SCALE.split(), strict=True)),
}

_DARK: dict[Ink, str] = _LIGHT | {
    Ink.PAGE: "#15191e",
    Ink.TEXT: "#e8edf2",
    Ink.MUTED: "#a5b0bb",
    Ink.LINE: "#39424c",
    Ink.CARD: "#1c2229",
    Ink.OPEN: "#1d2c3a",
    Ink.ACCENT: "#4bb0ec",
    Ink.STEM: "#2fb98f",
    Ink.STAGE1: "#63b8ea",
    Ink.STAGE2: "#3d97d6",
    Ink.STAGE3: "#a98be0",
    Ink.STAGE4: "#dd7fb2",
    Ink.HEAD: "#e283b0",
    Ink.CONV: "#0f79b8",
    Ink.POOL: "#08835f",
    Ink.SHORTCUT: "#f0884a",
    Ink.ON_SHORTCUT: "#1b1f24",
    Ink.GONE: "#78838e",
    Ink.GATE: "#8560d6",
    Ink.CHANGED: "#e275ad",
    Ink.GRID: "#2a323b",
    Ink.SERIES1: "#4bb0ec",
    Ink.SERIES2: "#f0884a",
    Ink.SERIES3: "#65dba7",
    Ink.SERIES4: "#b57fa3",
    Ink.SERIES5: "#6d80f2",
    Ink.SERIES6: "#e0d62b",
    Ink.SERIES7: "#edd1fa",
    Ink.SERIES8: "#d4fdb2",
    **dict(zip(SCALE, _DARK_SCALE.split(), strict=True)),
}

_PROJECTOR: dict[Ink, str] = _LIGHT | {
    Ink.TEXT: "#000000",
    Ink.MUTED: "#2f363d",
    Ink.LINE: "#8c959f",
    Ink.ACCENT: "#005a8f",
    Ink.STEM: "#00614a",
    Ink.STAGE1: "#0072b2",
    Ink.STAGE2: "#00436b",
    Ink.STAGE3: "#52298c",
    Ink.STAGE4: "#8c1f5b",
    Ink.HEAD: "#861a50",
    Ink.CONV: "#005a8f",
    Ink.NORM: "#4b545d",
    Ink.ACTIVATION: "#f2ac0d",
    Ink.POOL: "#00614a",
    Ink.LINEAR: "#861a50",
    Ink.SHORTCUT: "#a84000",
    Ink.ON_LIGHT: "#000000",
    Ink.GONE: "#6b7580",
    Ink.GATE: "#4f2a93",
    Ink.CHANGED: "#99286e",
    Ink.GRID: "#d5dade",
    Ink.SERIES1: "#005a8f",
    Ink.SERIES2: "#a84000",
    Ink.SERIES3: "#2a7a5e",
    Ink.SERIES4: "#6f49cf",
    Ink.SERIES5: "#5a0d58",
    Ink.SERIES6: "#6b4550",
    Ink.SERIES7: "#0b0b4a",
    Ink.SERIES8: "#2e3a00",
    **dict(zip(SCALE, _PROJECTOR_SCALE.split(), strict=True)),
}

LIGHT = Theme("light", False, _LIGHT)
DARK = Theme("dark", True, _DARK)
PROJECTOR = Theme("projector", False, _PROJECTOR, line_weight=1.6, font_points=13.0)

THEMES: Mapping[str, Theme] = {theme.name: theme for theme in (LIGHT, DARK, PROJECTOR)}

CHROME: Mapping[str, tuple[str, str, str, str]] = {
    "light": ("#f6f8fa", "#ffffff", "#dbeeff", "#1b1f24"),
    "dark": ("#20262d", "#15191e", "#1f4a6b", "#e8edf2"),
    "projector": ("#f0f2f4", "#ffffff", "#bfe0fa", "#000000"),
}
"""The window around the picture: panels, fields, selected rows, text."""
