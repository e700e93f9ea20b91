"""What the parsers of several commands share: the network and its input, themes, help that needs no other page."""

import argparse
from functools import cache
from textwrap import fill
from typing import TypeAlias

from resnet_explorer.spec.axes import AXES
from resnet_explorer.terminal.names import network

THEMES = ("light", "dark", "projector")
NET = (
    "a name from 'list' (resnet50) or a few letters of it (rn50), the same with -plain for its plain twin, or a spec "
    "file (.json)"
)
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_command(commands: Commands, name: str, words: str, epilog: str, axes: bool = False) -> argparse.ArgumentParser:
    """Add a command and return its parser; ``axes`` lists the keys of ``--set`` before the examples."""
    described = f"{words[:1].upper()}{words[1:]}."
    return commands.add_parser(
        name,
        help=words,
        description=described,
        epilog=f"{_axes()}\n{epilog}" if axes else epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_network(one: argparse.ArgumentParser, needed: bool = True) -> argparse.ArgumentParser:
    """Add the network, its input and its settings to a parser, and return that."""
    one.add_argument("net", metavar="NET", type=network, nargs=None if needed else "?", help=NET)
    one.add_argument(
        "--input",
        metavar="NxCxHxW",
        help="the input's shape, also CxHxW, HxW or one side (default: one image of 224 × 224, of 32 × 32 for a "
        "network with a CIFAR stem)",
    )
    one.add_argument(
        "--set",
        metavar="KEY=VALUE",
        dest="settings",
        action="append",
        default=[],
        help="change an axis of the network, such as width=32; may be repeated",
    )
    return one


@cache
def _axes() -> str:
    """Return the axes that ``--set`` knows, with their values."""
    lines = ["keys of --set:"]
    for axis in AXES.values():
        values = f" ({', '.join(str(choice.value) for choice in axis.choices)})" if axis.choices else ""
        lines.append(fill(f"{axis.key}{values}: {axis.teaches}", 78, initial_indent="  ", subsequent_indent="      "))
    return "\n".join(lines) + "\n"
