"""The user guide: its texts in their order, and which of them a search finds."""

import re
from dataclasses import dataclass
from functools import cache

from resnet_explorer import assets, features
from resnet_explorer.scenes.scene import DIAGRAM

FIRST = "start"
"""The text that the guide begins with."""
FIRST_KEYS = (FIRST, "overview")
LAST_KEYS = ("inspect", "stage", "lessons", "weights", "images", "export", "commands", "notebook", "numbers")
"""The texts before and after those of the pages."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A text of the guide: its key, which is that of a page where it explains one, its title, and its Markdown."""

    key: str
    title: str
    text: str

    def has(self, words: str) -> bool:
        """Return whether every one of some words stands in the text, in capitals or not."""
        return all(word in self.text.lower() for word in words.lower().split())


@cache
def topics() -> dict[str, Topic]:
    """Return the texts by their keys: how to find one's way, the pages in the order of their tabs, then the others."""
    files = {file.stem: file.read_text(encoding="utf-8") for file in sorted(assets.path("guide").glob("*.md"))}
    order = [*FIRST_KEYS, DIAGRAM, *(page.key for page in features.pages()), *LAST_KEYS]
    keys = [key for key in order if key in files] + [key for key in files if key not in order]
    return {key: Topic(key, _title(files[key]), files[key]) for key in keys}


def _title(text: str) -> str:
    match = re.match(r"# (.+)", text)
    assert match, "begins with its title"
    return match[1]
