"""What the parsers of several commands share: the network and its input, themes, help that needs no other page."""

import argparse
import sys
from functools import cache
from textwrap import fill
from typing import TypeAlias

from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.search import find_network, resolve

THEMES = ("light", "dark", "projector")
NET = (
    "a name from 'list' (resnet50) or a few letters of it (rn50), the same with -plain for its plain twin, or a spec "
    "file (.json)"
)
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
TWIN, NONE = "plain", "none"
"""What ``gradients --against`` knows beside networks."""


def add_command(commands: Commands, name: str, text: str, epilog: str, axes: bool = False) -> argparse.ArgumentParser:
    """Add a command and return its parser; ``axes`` lists the keys of ``--set`` before the examples."""
    described = f"{text[:1].upper()}{text[1:]}."
    return commands.add_parser(
        name,
        help=text,
        description=described,
        epilog=f"{_axes()}\n{epilog}" if axes else epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_network(parser: argparse.ArgumentParser, needed: bool = True) -> argparse.ArgumentParser:
    """Add the network, its input and its settings to a parser, and return that."""
    parser.add_argument("net", metavar="NET", type=network, nargs=None if needed else "?", help=NET)
    parser.add_argument(
        "--input",
        metavar="NxCxHxW",
        help="the input's shape, also CxHxW, HxW or one side (default: one image of 224 × 224, of 32 × 32 for a "
        "network with a CIFAR stem); NxCxL for signals, NxCxTxHxW for videos",
    )
    add_settings(parser, "the network, such as width=32")
    return parser


@cache
def _axes() -> str:
    lines = ["keys of --set:"]
    for axis in AXES.values():
        values = f" ({', '.join(str(choice.value) for choice in axis.choices)})" if axis.choices else ""
        lines.append(fill(f"{axis.key}{values}: {axis.teaches}", 78, initial_indent="  ", subsequent_indent="      "))
    return "\n".join(lines) + "\n"


def add_settings(parser: argparse.ArgumentParser, what: str) -> None:
    """Give a parser ``--set``; ``what`` names the networks that it changes, with an example."""
    text = f"change an axis of {what}; may be repeated"
    parser.add_argument("--set", metavar="KEY=VALUE", dest="settings", action="append", default=[], help=text)


def network(text: str) -> str:
    """Return the name of the network that an argument means, and say on stderr which one where it is not its name."""
    name = text if text in (TWIN, NONE) else resolve(text)
    if name != text and sys.stderr is not None:
        print(f"{text}: {title(find_network(name))} ({name})", file=sys.stderr)
    return name
