"""Write docs/api.md: what ``import resnet_explorer as rx`` offers, from the docstrings."""

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from resnet_explorer import notebook
from resnet_explorer.readings.plottable import Plottable

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
HEAD = (
    "# ResNet Explorer in notebooks and scripts\n\n"
    "`import resnet_explorer as rx`. Functions return frozen values; errors are `ExplorerError`: "
    "its text says what is wrong and what to do. This page is written from the docstrings "
    "(`packaging/write_api_page.py`)."
)
_ROOMS = re.compile(r"\b(?:resnet_explorer|collections|typing|pathlib|torch)(?:\.\w+)*\.(?=[A-Z])")
_QUOTED = re.compile(r"(: |-> )'([^']*)'")
"""An annotation that is a text, since what it names is imported for types alone."""


def page() -> str:
    """Return the page as Markdown."""
    public = [getattr(notebook, name) for name in notebook.__all__]
    functions = [each for each in public if inspect.isfunction(each)]
    classes = [*(each for each in public if inspect.isclass(each)), Plottable]
    parts = [HEAD, "## Functions", *(_of_function(f"rx.{each.__name__}", each) for each in functions)]
    for each in classes:
        parts += [f"## {each.__name__}", _text(each), *_members(each)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _members(kind: type) -> Iterator[str]:
    for name, member in vars(kind).items():
        function = member.fget if isinstance(member, property) else member
        if name.startswith("_") or not inspect.isfunction(function) or not function.__doc__:
            continue
        if isinstance(member, property):
            yield f"### `.{name}`\n\n{_text(function)}"
        else:
            yield _of_function(f".{name}", function)


def _of_function(name: str, function: Callable[..., object]) -> str:
    signature = inspect.signature(function)
    given = [parameter for parameter in signature.parameters.values() if parameter.name != "self"]
    text = _QUOTED.sub(r"\1\2", str(signature.replace(parameters=given)))
    return f"### `{name}{_ROOMS.sub('', text)}`\n\n{_text(function)}"


def _text(documented: object) -> str:
    return (inspect.getdoc(documented) or "").replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
