"""What a page is made of: escaped text, and a store of what several places on the page share."""

import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from itertools import count
from typing import Any

from resnet_explorer import assets
from resnet_explorer.picture.marks import Group, Ink, Picture
from resnet_explorer.picture.svg import FONTS, Writer, place
from resnet_explorer.picture.theme import LIGHT, Theme

PAGE_THEME = Theme("page", LIGHT.dark, {ink: f"var(--{ink})" for ink in Ink})
"""Colours that the page's style sheet chooses, light or dark."""

BELOW = 44
"""In px: what stands under the box of a layer can be touched, too."""


class _PageWriter(Writer):
    """Writes marks whose layers can be reached by keyboard, and without ids: a form may stand on a page many times."""

    def __init__(self, reachable: frozenset[str]) -> None:
        super().__init__(PAGE_THEME, None)
        self._reachable = reachable

    def opening(self, group: Group, path: str, side: str) -> str:
        if path not in self._reachable:
            return f"<g {place(group)}>"
        label = escape(f"{path.removeprefix('.')}: {group.title}")
        size = f'x="-4" y="-6" width="{group.width + 8:.0f}" height="{group.height + BELOW:.0f}"'
        return (
            f'<g class="layer" data-path="{escape(path)}" tabindex="0" role="button" aria-label="{label}" '
            f'{place(group)}><title>{label}</title><rect class="touch" {size} rx="8"/>'
        )


_EMPHASIS = re.compile(r"\*(\S(?:[^*]*\S)?)\*")
_CODE = re.compile(r"`([^`]+)`")


def inline(text: str) -> str:
    """Return a text as HTML: escaped, with its *emphasis* and `code`."""
    return _CODE.sub(r"<code>\1</code>", _EMPHASIS.sub(r"<em>\1</em>", escape(text)))


def svg(picture: Picture, reachable: frozenset[str] = frozenset(), name: str = "") -> str:
    """Return a picture as an element; groups whose path is ``reachable`` are buttons."""
    writer = _PageWriter(reachable)
    writer.marks(picture.marks, "", "")
    role = "group" if reachable else "img"
    return (
        f'<svg class="{name or "picture"}" width="{picture.width:.0f}" height="{picture.height:.0f}" role="{role}"'
        f' viewBox="0 0 {picture.width:.0f} {picture.height:.0f}" font-family="{FONTS}"'
        f' aria-label="{escape(picture.title)}">{"".join(writer.lines)}</svg>'
    )


@cache
def _formula_index() -> Mapping[str, str]:
    index: Mapping[str, str] = json.loads(assets.path("formulas", "index.json").read_text(encoding="utf-8"))
    return index


def formula_source(key: str) -> str:
    """Return the SVG file of a formula; raises FileNotFoundError where there is none."""
    return assets.path("formulas", f"{key}.svg").read_text(encoding="utf-8")


def latex(key: str) -> str:
    """Return a formula in LaTeX, as it is read to those who cannot see it."""
    return _formula_index().get(key, key)


class Store:
    """What a page holds once: templates of equal blocks, outlines of formulas, the data of its script."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {"charts": []}
        self._templates: dict[str, str] = {}
        self._formulas: dict[str, str] = {}
        self._numbers = count(1)

    def number(self) -> int:
        """Return a number that nothing else on the page has."""
        return next(self._numbers)

    def template(self, content: str) -> str:
        """Return the id of a template; equal contents share one."""
        return self._templates.setdefault(content, f"form{len(self._templates)}")

    def formula(self, key: str) -> str:
        """Return the element that shows a formula."""
        head, _, outline = formula_source(key).partition(">")
        size = head.removeprefix('<svg xmlns="http://www.w3.org/2000/svg"')
        self._formulas[key] = outline.strip().removesuffix("</svg>")
        text = escape(latex(key))
        return f'<svg class="formula"{size} role="img" aria-label="{text}"><use href="#formula-{escape(key)}"/></svg>'

    def definitions(self) -> str:
        """Return what the page's elements refer to."""
        shapes = "".join(f'<g id="formula-{escape(key)}">{outline}</g>' for key, outline in self._formulas.items())
        templates = "".join(f'<template id="{name}">{text}</template>' for text, name in self._templates.items())
        return f'<svg class="definitions" aria-hidden="true"><defs>{shapes}</defs></svg>{templates}'

    def script_data(self) -> str:
        """Return the data of the script as JSON that can stand in an element."""
        text = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
