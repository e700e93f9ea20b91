"""The style sheets of pages: the app's files after the colours of its themes, and their names in a security policy."""

from base64 import b64encode
from hashlib import sha256

from resnet_explorer import assets
from resnet_explorer.picture.marks import Ink
from resnet_explorer.picture.theme import DARK, LIGHT, Theme

_STAGES = (Ink.STAGE1, Ink.STAGE2, Ink.STAGE3, Ink.STAGE4)


def digest(text: str) -> str:
    """Return a style sheet or a script as a content security policy names it."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def themed(name: str) -> str:
    """Return a style sheet of resources/share by its file's name, after the colours that it names, light and dark."""
    rules = assets.path("share", name).read_text(encoding="utf-8")
    dark = f"@media (prefers-color-scheme:dark){{:root{{{_colours(DARK)}}}}}"
    inks = "".join(f".ink-{ink}{{--hue:var(--{ink})}}" for ink in (Ink.STEM, *_STAGES, Ink.HEAD))
    return f":root{{{_colours(LIGHT)}}}@media screen{{{dark}}}{inks}\n{rules}"


def _colours(theme: Theme) -> str:
    return "".join(f"--{ink}:{colour};" for ink, colour in theme.colours.items())
