"""The command line: list, describe and export networks, or open the window."""

from resnet_explorer.cli.run import main

__all__ = ["main"]
