"""The options of the command ``gradients``; the choices are literal, so that no command waits for the lab's imports."""

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
SUMMARY = "measure gradient norms block by block, compared with the plain twin"
EXAMPLES = """--json and --csv contain every quantity, not only that of --quantity.

examples:
  resnet-explorer gradients resnet56
  resnet-explorer gradients resnet56 --set norm=none --seeds 5 -o curves.svg
  resnet-explorer gradients resnet110 --against none --quantity shortcut-share
  resnet-explorer gradients resnet20 --against plain --against resnet56 --csv > gradients.csv
  resnet-explorer gradients resnet18 --data ./photos --batch 8
  resnet-explorer gradients resnet56 --quantity weight-gradient --kept
"""


def add_gradient_options(commands: Commands) -> None:
    """Add the command ``gradients``."""
    command = add_network(add_command(commands, "gradients", SUMMARY, EXAMPLES, axes=True))
    add = command.add_argument
    add(
        "--against",
        metavar="NET",
        type=network,
        action="append",
        default=[],
        help="a network to compare with, under the same settings: plain (the default; the residual twin of a plain "
        "network), another network, or none; may be repeated",
    )
    add("--seeds", type=int, default=3, metavar="N", help="number of seeds, from 0 (default: 3)")
    add("--batch", type=int, metavar="N", help="batch size (default: 32, or the batch of the input)")
    add(
        "--data",
        default="digits",
        metavar="WHAT",
        help="digits (UCI, the default), mnist (5,000 digits), noise, a folder of images, or torchvision's "
        "cifar10:DIR, cifar100:DIR, mnist:DIR, fashion-mnist:DIR; nothing is downloaded",
    )
    for name, choices, text in (
        ("mode", MODES, "batch norm uses the batch's own statistics, or the running ones"),
        ("precision", PRECISIONS, "the data type of the network"),
        ("loss", LOSSES, "the function that is differentiated"),
        ("quantity", QUANTITIES, "the quantity to print or draw"),
    ):
        add(f"--{name}", choices=choices, default=choices[0], help=f"{text} (default: {choices[0]})")
    text = "learning rate η of update-estimate, the update of plain SGD (default: 0.1)"
    add("--rate", type=float, default=0.1, help=text)
    add("--kept", action="store_true", help="use the result of the same measurement from before, where there is one")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON: every quantity, block and seed")
    form.add_argument("--csv", action="store_true", help="print CSV: a line for each block, quantity and seed")
    form.add_argument("-o", "--output", metavar="FILE", type=Path, help="write a picture: .svg, .pdf, .png or .pgf")
    add("--theme", choices=("light", "dark", "projector"), default="light", help="the picture's colours")
    command.set_defaults(text=None, scale=None)
