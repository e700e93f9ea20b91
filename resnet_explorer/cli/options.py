"""The arguments of the commands that belong to no lab; nothing that they do is imported here."""

import argparse
from pathlib import Path

from resnet_explorer.terminal.options import NET, THEMES, Commands, add_command, add_network, add_settings, network

OPEN_EXAMPLES = """examples:
  resnet-explorer open
  resnet-explorer open resnet50
  resnet-explorer open my-network.json
  resnet-explorer open lecture.rnx
  resnet-explorer --safe
"""
LIST_EXAMPLES = """examples:
  resnet-explorer list
  resnet-explorer list --search attention
  resnet-explorer list --search densenet
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
  resnet-explorer export resnet50 -o slide.png --size slide --scale 2
  resnet-explorer export resnet18 -o figure.pgf --size columns
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


def add_open(commands: Commands) -> None:
    """Add ``open``."""
    parser = add_command(commands, "open", "open the window; the default where no command is given", OPEN_EXAMPLES)
    parser.add_argument("net", metavar="NET", nargs="?", help=f"{NET}, or a session (.rnx)")
    text = "leave out the last session and the preferences, which are kept, as after a crash at the start"
    parser.add_argument("--safe", action="store_true", help=text)


def add_list(commands: Commands) -> None:
    """Add ``list``."""
    parser = add_command(commands, "list", "list the networks of the catalogue with their figures", LIST_EXAMPLES)
    parser.add_argument("--json", action="store_true", help="as JSON, each network with its spec")
    parser.add_argument("--axes", action="store_true", help="list the keys of --set and their values instead")
    text = "only the networks of these letters or words, and what is known of related ones that cannot be built"
    parser.add_argument("--search", metavar="TEXT", default="", help=text)


def add_describe(commands: Commands) -> None:
    """Add ``describe``."""
    parser = add_command(
        commands, "describe", "print every layer's shapes, parameters and costs", DESCRIBE_EXAMPLES, axes=True
    )
    add_network(parser)
    form = parser.add_mutually_exclusive_group()
    for name, text in (
        ("json", "as JSON: the spec, the totals and every layer"),
        ("csv", "as CSV: one line for each layer, plain numbers, ASCII"),
        ("markdown", "as a Markdown table under a line of totals"),
    ):
        form.add_argument(f"--{name}", dest="format", action="store_const", const=name, default="text", help=text)


def add_export(commands: Commands) -> None:
    """Add ``export``."""
    parser = add_command(commands, "export", "draw a network as a picture file", EXPORT_EXAMPLES, axes=True)
    add_network(parser)
    _add_output(parser, "the picture: .svg, .pdf, .png, or .pgf for LaTeX; .dot for the autograd graph's source")
    parser.add_argument("--view", choices=VIEWS, default="diagram", help="what to draw (default: diagram)")
    parser.add_argument(
        "--expand",
        metavar="PATH|all",
        action="append",
        default=[],
        help="open a block to its layers (stem, layer2.0, head), the blocks of a stage (layer2), or all; may be "
        "repeated",
    )
    parser.add_argument("--unfold", action="store_true", help="show all blocks of long stages, not block 1, 2, … × 35")
    parser.add_argument("--compare", action="store_true", help="show the plain twin beside it and mark the differences")
    parser.add_argument("--theme", choices=THEMES, default="light", help="the colours (default: light)")
    parser.add_argument(
        "--text",
        choices=("editable", "outlines"),
        help="SVG only: text, or outlines that look the same everywhere (default: editable)",
    )
    parser.add_argument("--scale", type=int, choices=(1, 2, 4), help="PNG only: image pixels per px (default: 1)")
    parser.add_argument(
        "--size",
        default="own",
        metavar="PAGE|WxH",
        help="what it is for: own (the drawing's size, default), slide (16:9), column or columns (3.5 or 7.2 inches "
        "wide, for a paper), or a width and a height in px, such as 1600x900",
    )


def add_source(commands: Commands) -> None:
    """Add ``source``."""
    parser = add_command(commands, "source", "write a network as one PyTorch file", SOURCE_EXAMPLES, axes=True)
    add_network(parser)
    _add_output(parser, "the file; without it the text is printed", required=False)


def add_verify(commands: Commands) -> None:
    """Add ``verify``."""
    parser = add_command(commands, "verify", "compare the figures with PyTorch and fvcore", VERIFY_EXAMPLES)
    add_network(parser, needed=False)
    parser.add_argument("--all", action="store_true", help="all networks of the catalogue, each at its own image size")
    parser.add_argument("--fvcore", action="store_true", help="count with fvcore too (slower: it runs the network)")
    parser.add_argument("--json", action="store_true", help="as JSON, with the rows that differ")


def add_identify(commands: Commands) -> None:
    """Add ``identify``."""
    parser = add_command(commands, "identify", "find the network that a file of weights belongs to", IDENTIFY_EXAMPLES)
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="a file of weights (.pth, .pt, .safetensors, .npz, .h5, an index of shards) or a folder of transformers, "
        "in which no code is run; or FILE.py:NAME, a module in a Python file or what makes one: the file is run, and "
        "the module compared with the network",
    )
    _add_key(parser)
    parser.add_argument("--statistics", action="store_true", help="norm, mean, std and range of every tensor")
    parser.add_argument(
        "--map", metavar="FILE", type=Path, help="write our name and the file's of every tensor, as JSON"
    )
    parser.add_argument("--json", action="store_true", help="as JSON, with histograms where statistics are asked for")
    parser.add_argument("--yes", action="store_true", help="run the Python file without asking")
    parser.add_argument("--allow-large", action="store_true", help="read files of more than 4 GiB, too")


def _add_output(parser: argparse.ArgumentParser, text: str, required: bool = True) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=required, help=text)


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key", metavar="NAME", help="the network to read from a file with several, such as state_dict_ema"
    )


def add_weights(commands: Commands) -> None:
    """Add ``weights``."""
    parser = add_command(commands, "weights", "write the weights of a network into a file", WEIGHTS_EXAMPLES)
    parser.add_argument("net", metavar="NET", type=network, nargs="?", help=NET)
    add_settings(parser, "the network, such as width=32")
    parser.add_argument(
        "--from", metavar="FILE", dest="source", type=Path, help="a file of weights to write in another form"
    )
    _add_key(parser)
    parser.add_argument("--seed", type=int, default=0, help="of the initial weights (default: 0)")
    _add_output(parser, ".safetensors, .pth, .pt or .onnx")
    parser.add_argument("--input", metavar="HxW", help="ONNX only: the size of images (default: the network's)")
    parser.add_argument("--dynamic", action="store_true", help="ONNX only: images of any height and width")
