"""The command ``guide``: the user guide in the terminal, or as one HTML page."""

import argparse
from pathlib import Path

from resnet_explorer import files
from resnet_explorer.errors import ExplorerError, ExportError, did_you_mean
from resnet_explorer.share.guide import topics
from resnet_explorer.terminal.options import Commands, add_command
from resnet_explorer.terminal.output import say

EXAMPLES = """examples:
  resnet-explorer guide
  resnet-explorer guide gradients
  resnet-explorer guide -o guide.html
"""


def add_guide(commands: Commands) -> None:
    """Add ``guide``."""
    parser = add_command(commands, "guide", "read the user guide, or write it as one HTML page", EXAMPLES)
    parser.add_argument("topic", metavar="TOPIC", nargs="?", help="the text to print; without one they are listed")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="write all texts as one page: .html")


def guide(options: argparse.Namespace) -> int:
    """Print the list of texts or one of them, or write all as a page."""
    if options.output is not None:
        _write(options.output)
    elif options.topic is None:
        wide = max(map(len, topics()))
        say("".join(f"{key:<{wide}}  {topic.title}\n" for key, topic in topics().items()))
    elif options.topic in topics():
        say(topics()[options.topic].text)
    else:
        remedy = did_you_mean(options.topic, topics()) or "'resnet-explorer guide' lists them."
        raise ExplorerError("topic", f"The guide has no text {options.topic!r}.", remedy)
    return 0


def _write(path: Path) -> None:
    from resnet_explorer.share.guide_page import guide_page

    if path.suffix.lower() not in (".html", ".htm"):
        raise ExportError(str(path), f"{path} is no web page.", "End its name in .html.")
    files.write(path, guide_page())
    say(f"{path}: {path.stat().st_size / 1000:,.0f} kB\n")
