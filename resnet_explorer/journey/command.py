"""The command ``journey``: a tensor's way as an animated SVG, or as frames."""

import argparse
from pathlib import Path

from resnet_explorer import files
from resnet_explorer.errors import ExportError
from resnet_explorer.terminal.options import THEMES, Commands, add_command, add_network
from resnet_explorer.terminal.output import painter, say

STOPS = ("stages", "blocks", "layers")
MAX_FRAMES = 20_000
SUMMARY = "draw a tensor's way through the network, its box to scale"
EXAMPLES = """examples:
  resnet-explorer journey resnet50 -o way.svg
  resnet-explorer journey resnet18 --by layers -o way.svg --theme dark
  resnet-explorer journey resnet18 --by stages --frames frames --between 24 --kind png
"""


def add_journey_options(commands: Commands) -> None:
    """Add the command ``journey``."""
    command = add_network(add_command(commands, "journey", SUMMARY, EXAMPLES, axes=True))
    add = command.add_argument
    add("--by", choices=STOPS, default="blocks", help="where the tensor stops (default: blocks)")
    add("--theme", choices=THEMES, default="light", help="the picture's colours")
    form = command.add_mutually_exclusive_group(required=True)
    form.add_argument("-o", "--output", metavar="FILE.svg", type=Path, help="write an SVG that moves")
    form.add_argument("--frames", metavar="FOLDER", type=Path, help="write every picture as a file of its own")
    add("--between", type=int, default=24, metavar="N", help="frames from one stop to the next (default: 24)")
    add("--kind", choices=("svg", "png", "pdf"), default="svg", help="the kind of the frames (default: svg)")


def journey(options: argparse.Namespace) -> int:
    """Write the way of a tensor as the options ask."""
    from resnet_explorer.journey.animation import animated, frames, seconds
    from resnet_explorer.journey.values import Grain, stops
    from resnet_explorer.network import compile_spec
    from resnet_explorer.picture.theme import THEMES as COLOURS
    from resnet_explorer.readings import analyse
    from resnet_explorer.spec.catalogue import title
    from resnet_explorer.spec.input_shape import parse_input
    from resnet_explorer.spec.search import default_input, find_network

    spec = find_network(options.net, options.settings)
    image = parse_input(options.input, spec.in_channels, spec.dims) if options.input else default_input(spec)
    analysis = analyse(compile_spec(spec), image)
    way, theme = stops(analysis, Grain(options.by)), COLOURS[options.theme]
    name = f"A tensor's way through {title(spec)}"
    if options.output is not None:
        if options.output.suffix.lower() != ".svg":
            raise ExportError(str(options.output), "Only an SVG moves.", "End the name in .svg, or use --frames.")
        files.write(options.output, animated(way, theme, name))
        say(f"{options.output}: {len(way):,} stops, {seconds(way):.0f} seconds\n")
        return 0
    count = (len(way) - 1) * options.between + 1
    if options.between < 1 or count > MAX_FRAMES:
        raise ExportError("between", f"That would be {count:,} frames.", f"Choose --between for 1 to {MAX_FRAMES:,}.")
    try:
        options.frames.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(str(options.frames), f"{options.frames} cannot be made: {error.strerror}.") from error
    digits = len(str(count))
    for number, picture in enumerate(frames(way, options.between), 1):
        path = options.frames / f"{number:0{digits}d}.{options.kind}"
        files.write(path, painter(path)(picture, theme))
    say(f"{options.frames}: {count:,} frames\n")
    return 0
