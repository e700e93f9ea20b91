"""The arguments of the command ``gradients``; its choices are written out, so that no command waits for the lab."""

import argparse
from pathlib import Path

from resnet_explorer.terminal.options import Commands, add_command, add_network, network

MODES = ("train", "eval")
PRECISIONS = ("float32", "float64")
LOSSES = ("cross-entropy", "mean-square", "sum")
QUANTITIES = (
    *("input-gradient", "output-gradient", "weight-gradient", "weight-gradient-rms"),
    *("activation-deviation", "update-estimate", "weight-norm", "shortcut-term", "branch-term", "cosine"),
    "shortcut-share",
)
WORDS = "measure gradient norms block by block, beside those of the plain twin"
EXAMPLES = """--json and --csv hold every quantity, not the one of --quantity alone.

examples:
  resnet-explorer gradients resnet56
  resnet-explorer gradients resnet56 --set norm=none --seeds 5 -o curves.svg
  resnet-explorer gradients resnet110 --against none --quantity shortcut-share
  resnet-explorer gradients resnet20 --against plain --against resnet56 --csv > gradients.csv
  resnet-explorer gradients resnet18 --data ./photos --batch 8
"""


def add_gradient_options(commands: Commands) -> None:
    """Add the command ``gradients``."""
    one = add_network(add_command(commands, "gradients", WORDS, EXAMPLES, axes=True))
    _add_what(one)
    for name, choices, words in (
        ("mode", MODES, "norms use the batch's own statistics, or the running ones"),
        ("precision", PRECISIONS, "the numbers in which the network computes"),
        ("loss", LOSSES, "what is differentiated"),
        ("quantity", QUANTITIES, "what is told or drawn"),
    ):
        one.add_argument(f"--{name}", choices=choices, default=choices[0], help=f"{words} (default: {choices[0]})")
    one.add_argument(
        "--rate",
        type=float,
        default=0.1,
        help="learning rate η of update-estimate, the step that plain SGD would make (default: 0.1)",
    )
    form = one.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON: every quantity, block and seed")
    form.add_argument("--csv", action="store_true", help="as CSV: a line for each block, quantity and seed")
    form.add_argument("-o", "--output", metavar="FILE", type=Path, help="as a picture: .svg, .pdf or .png")
    one.add_argument("--theme", choices=("light", "dark", "projector"), default="light", help="the picture's colours")
    one.set_defaults(text=None, scale=None)


def _add_what(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--against",
        metavar="NET",
        type=network,
        action="append",
        default=[],
        help="what to measure beside it, under the same settings: plain (the default; the residual twin of a plain "
        "network), another network, or none; may be repeated",
    )
    one.add_argument("--seeds", type=int, default=3, metavar="N", help="how many seeds, from 0 (default: 3)")
    one.add_argument("--batch", type=int, metavar="N", help="images at a time (default: 32, or the input's own)")
    one.add_argument(
        "--data",
        default="digits",
        metavar="WHAT",
        help="digits (UCI, the default), mnist (5,000 digits), noise, a folder of images, or torchvision's "
        "cifar10:DIR, cifar100:DIR, mnist:DIR, fashion-mnist:DIR; nothing is downloaded",
    )
