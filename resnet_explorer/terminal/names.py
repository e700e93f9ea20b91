"""The arguments that name networks: a few letters are enough, and what they mean is said."""

import argparse
import sys

from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.search import find_network, resolve

TWIN, NONE = "plain", "none"
"""What ``gradients --against`` knows beside networks."""


def add_settings(one: argparse.ArgumentParser, what: str) -> None:
    """Give a parser ``--set``; ``what`` names the networks that it changes, with an example."""
    words = f"change an axis of {what}; may be repeated"
    one.add_argument("--set", metavar="KEY=VALUE", dest="settings", action="append", default=[], help=words)


def network(words: str) -> str:
    """Return the name of the network that an argument means, and say on stderr which one where it is not its name."""
    name = words if words in (TWIN, NONE) else resolve(words)
    if name != words and sys.stderr is not None:
        print(f"{words}: {title(find_network(name))} ({name})", file=sys.stderr)
    return name
