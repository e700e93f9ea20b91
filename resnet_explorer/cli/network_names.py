"""The arguments that name networks: a few letters are enough, and what they mean is said."""

import sys

from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.lookup import find, resolve

TWIN, NONE = "plain", "none"
"""What ``gradients --against`` knows beside networks."""


def network(words: str) -> str:
    """Return the name of the network that an argument means, and say on stderr which one where it is not its name."""
    name = words if words in (TWIN, NONE) else resolve(words)
    if name != words and sys.stderr is not None:
        print(f"{words}: {title(find(name))} ({name})", file=sys.stderr)
    return name
