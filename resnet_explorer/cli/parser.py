"""The arguments of every command, with help that needs no other page."""

import argparse
from pathlib import Path
from typing import NoReturn, cast

from resnet_explorer import __version__, features
from resnet_explorer.terminal.names import network
from resnet_explorer.terminal.options import NET, THEMES, Commands, add_command, add_network
from resnet_explorer.terminal.output import NAME, complain, say

TOP_EXAMPLES = """examples:
  resnet-explorer                               open the window
  resnet-explorer resnet50                      open the window on ResNet-50
  resnet-explorer list                          the networks of the catalogue
  resnet-explorer describe resnet18             every layer's shapes and costs
  resnet-explorer export resnet18 -o net.svg    the block diagram as a file
  resnet-explorer source resnet18               the network as PyTorch code
  resnet-explorer train --preset degradation    four networks trained side by side
  resnet-explorer finetune ./photos --net resnet18 --download    a network for your own images

'resnet-explorer COMMAND --help' tells all about one command.
Bad input gives one line on stderr and the exit status 2.
"""
OPEN_EXAMPLES = """examples:
  resnet-explorer open
  resnet-explorer open resnet50
  resnet-explorer open my-network.json
"""
LIST_EXAMPLES = """examples:
  resnet-explorer list
  resnet-explorer list --json
"""
DESCRIBE_EXAMPLES = """examples:
  resnet-explorer describe resnet18
  resnet-explorer describe resnet50 --input 8x3x256x192
  resnet-explorer describe resnet20 --set shortcut=B --set width=32
  resnet-explorer describe resnet34-plain --csv > plain34.csv
  resnet-explorer describe my-network.json --json
"""
EXPORT_EXAMPLES = """examples:
  resnet-explorer export resnet18 -o resnet18.svg
  resnet-explorer export resnet50 -o block.pdf --expand layer2.0 --expand stem
  resnet-explorer export resnet152 -o all.svg --expand all --unfold --text outlines
  resnet-explorer export resnet18 -o twins.png --compare --theme projector --scale 2
  resnet-explorer export resnet18 -o graph.svg --view autograd --expand layer2.0
  resnet-explorer export resnet18 -o graph.dot --view autograd
"""


SOURCE_EXAMPLES = """examples:
  resnet-explorer source resnet18
  resnet-explorer source resnet20 --set width=32 -o net.py && python net.py
"""


VERIFY_EXAMPLES = """exit status: 0 where everything agrees, 1 where anything differs.

examples:
  resnet-explorer verify resnet50 --fvcore
  resnet-explorer verify resnet18 --input 1x3x225x225
  resnet-explorer verify --all
"""


IDENTIFY_EXAMPLES = """exit status: 0 where all tensors fit and a module computes the same, 1 where something does not.

examples:
  resnet-explorer identify resnet50.pth
  resnet-explorer identify model.safetensors --statistics
  resnet-explorer identify my_model.py:net --yes
  resnet-explorer identify checkpoint.pth.tar --key state_dict_ema
"""
WEIGHTS_EXAMPLES = """examples:
  resnet-explorer weights resnet18 -o resnet18.safetensors
  resnet-explorer weights --from resnet50.pth -o resnet50.safetensors
  resnet-explorer weights resnet20 --set classes=100 -o resnet20.onnx
  resnet-explorer weights resnet50 --dynamic -o resnet50.onnx
"""


VIEWS = ("diagram", "autograd")


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and whose help notices a closed pipe."""

    def print_help(self, file: object = None) -> None:
        say(self.format_help())

    def error(self, message: str) -> NoReturn:
        self.exit(complain(f"{message[:1].upper()}{message[1:]}. See '{self.prog} --help'."))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; ``command`` names the command."""
    words = "See any residual network, know its numbers, take its picture home."
    top = _Parser(
        prog=NAME,
        description=words,
        epilog=TOP_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    commands = cast("Commands", top.add_subparsers(dest="command", metavar="COMMAND", required=True))
    opening = add_command(commands, "open", "open the window; what happens where no command is given", OPEN_EXAMPLES)
    opening.add_argument("net", metavar="NET", nargs="?", help=NET)
    listing = add_command(commands, "list", "list the networks of the catalogue with their figures", LIST_EXAMPLES)
    listing.add_argument("--json", action="store_true", help="as JSON, each network with its spec")
    listing.add_argument("--axes", action="store_true", help="the keys of --set instead: what can be chosen")
    _add_describe(commands)
    _add_export(commands)
    _add_source(commands)
    _add_verify(commands)
    _add_identify(commands)
    _add_weights(commands)
    for command in features.commands():
        features.resolve(command.options)(commands)
    return top


def _add_describe(commands: Commands) -> None:
    one = add_command(
        commands, "describe", "tell every layer's shapes, parameters and costs", DESCRIBE_EXAMPLES, axes=True
    )
    add_network(one)
    form = one.add_mutually_exclusive_group()
    for name, words in (
        ("json", "as JSON: the spec, the totals and every layer"),
        ("csv", "as CSV: one line for each layer, plain numbers, ASCII"),
        ("markdown", "as a Markdown table under a line of totals"),
    ):
        form.add_argument(f"--{name}", dest="format", action="store_const", const=name, default="text", help=words)


def _add_export(commands: Commands) -> None:
    one = add_command(commands, "export", "draw a network into a file", EXPORT_EXAMPLES, axes=True)
    add_network(one)
    one.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        required=True,
        help="the picture: .svg, .pdf or .png; .dot for the autograd graph's source",
    )
    one.add_argument("--view", choices=VIEWS, default="diagram", help="what to draw (default: diagram)")
    one.add_argument(
        "--expand",
        metavar="PATH|all",
        action="append",
        default=[],
        help="open a block to its layers (stem, layer2.0, head), the blocks of a stage (layer2), or all; may be "
        "repeated",
    )
    one.add_argument("--unfold", action="store_true", help="show all blocks of long stages, not block 1, 2, … × 35")
    one.add_argument("--compare", action="store_true", help="show the plain twin beside, with what differs marked")
    one.add_argument("--theme", choices=THEMES, default="light", help="the colours (default: light)")
    one.add_argument(
        "--text",
        choices=("editable", "outlines"),
        help="SVG alone: real text, or outlines that look alike everywhere (default: editable)",
    )
    one.add_argument("--scale", type=int, choices=(1, 2, 4), help="PNG alone: image pixels to a px (default: 1)")


def _add_source(commands: Commands) -> None:
    one = add_command(commands, "source", "write a network as one PyTorch file", SOURCE_EXAMPLES, axes=True)
    add_network(one)
    one.add_argument("-o", "--output", metavar="FILE", type=Path, help="the file; without it the text is printed")


def _add_verify(commands: Commands) -> None:
    one = add_command(commands, "verify", "compare the figures with PyTorch and fvcore", VERIFY_EXAMPLES)
    add_network(one, needed=False)
    one.add_argument("--all", action="store_true", help="every network of the catalogue, each at its own image size")
    one.add_argument("--fvcore", action="store_true", help="count with fvcore too: slower, since it runs the network")
    one.add_argument("--json", action="store_true", help="as JSON, with the rows that differ")


def _add_identify(commands: Commands) -> None:
    words = "find the network that a file of weights belongs to"
    one = add_command(commands, "identify", words, IDENTIFY_EXAMPLES)
    one.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a file of weights (.pth, .pt, .safetensors, .npz, .h5, an index of shards) or a folder of transformers, "
        "in which no code is run; or FILE.py:NAME, a module in a Python file or what makes one: the file is run, and "
        "the module compared with the network",
    )
    _add_key(one)
    one.add_argument("--statistics", action="store_true", help="norm, mean, deviation and range of every tensor")
    one.add_argument("--map", metavar="FILE", type=Path, help="write our name and the file's of every tensor, as JSON")
    one.add_argument("--json", action="store_true", help="as JSON, with histograms where statistics are asked for")
    one.add_argument("--yes", action="store_true", help="run the Python file without asking")
    one.add_argument("--allow-large", action="store_true", help="read files of more than 4 GiB, too")


def _add_key(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--key", metavar="NAME", help="which network, where a file holds several, as in --key state_dict_ema"
    )


def _add_weights(commands: Commands) -> None:
    one = add_command(commands, "weights", "write the weights of a network into a file", WEIGHTS_EXAMPLES)
    one.add_argument("net", metavar="NET", type=network, nargs="?", help=NET)
    one.add_argument("--set", metavar="KEY=VALUE", dest="settings", action="append", default=[], help="change an axis")
    one.add_argument(
        "--from", metavar="FILE", dest="source", type=Path, help="a file of weights to write in another form"
    )
    _add_key(one)
    one.add_argument("--seed", type=int, default=0, help="of the first weights (default: 0)")
    one.add_argument(
        "-o", "--output", metavar="FILE", type=Path, required=True, help=".safetensors, .pth, .pt or .onnx"
    )
    one.add_argument("--input", metavar="HxW", help="ONNX alone: the size of images (default: the network's)")
    one.add_argument("--dynamic", action="store_true", help="ONNX alone: images of any height and width")
