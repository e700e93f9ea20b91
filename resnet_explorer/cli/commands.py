"""The commands; each imports what it needs when it runs."""

import argparse
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from resnet_explorer.errors import SpecError, did_you_mean
from resnet_explorer.terminal.output import say, say_json

if TYPE_CHECKING:
    pass
from functools import cache, partial

from resnet_explorer import features
from resnet_explorer.terminal.pictures import importing_qt, painter


def _open(options: argparse.Namespace) -> int:
    nets = [_network(options.net)] if options.net else []
    from resnet_explorer.terminal import display

    platform = display.platform()
    with importing_qt():
        from resnet_explorer.app.app import main as window
    return window(nets, platform)


def _network(word: str) -> str:
    """Return the name of the network that a word means; raises SpecError where it was rather meant as a command."""
    from resnet_explorer.spec.search import find_network
    from resnet_explorer.terminal.names import network

    try:
        name = network(word)
        find_network(name)
    except SpecError as error:
        if remedy := did_you_mean(word, commands()):
            raise SpecError("command", f"There is no command {word!r}.", remedy) from error
        raise
    return name


def _list(options: argparse.Namespace) -> int:
    from resnet_explorer.layers import networks

    rows = networks.axes() if options.axes else networks.entries()
    write = networks.axes_text if options.axes else networks.to_text
    if options.json:
        say_json(rows)
    else:
        say(write(rows))
    return 0


def _describe(options: argparse.Namespace) -> int:
    from resnet_explorer.layers import table
    from resnet_explorer.terminal.networks import analysis_of

    write = {"json": table.to_json, "csv": table.to_csv, "markdown": table.to_markdown, "text": table.to_text}
    say(write[options.format](analysis_of(options.net, options.settings, options.input)))
    return 0


def _source(options: argparse.Namespace) -> int:
    from resnet_explorer import files
    from resnet_explorer.source import to_source
    from resnet_explorer.terminal.networks import analysis_of

    text = to_source(analysis_of(options.net, options.settings, options.input))
    if options.output is None:
        say(text)
        return 0
    files.write(options.output, text)
    say(f"{options.output}: {text.count(chr(10)):,} lines\n")
    return 0


def _export(options: argparse.Namespace) -> int:
    from resnet_explorer import files
    from resnet_explorer.diagram.diagram import diagram
    from resnet_explorer.picture.theme import THEMES
    from resnet_explorer.terminal.networks import analysis_of, view_of

    if options.view == "autograd" and options.output.suffix.lower() in (".dot", ".gv"):
        return _export_dot(options)
    paint = painter(options.output, options.text, options.scale)
    analysis = analysis_of(options.net, options.settings, options.input)
    view = view_of(analysis.network, options.expand, options.unfold, options.compare)
    if options.view == "autograd":
        from resnet_explorer.autograd.command import graph_view

        picture = graph_view(analysis, view, options)
    else:
        picture = diagram(analysis, view)
    files.write(options.output, paint(picture, THEMES[options.theme]))
    say(f"{options.output}: {picture.width:,.0f} × {picture.height:,.0f} px\n")
    return 0


def _export_dot(options: argparse.Namespace) -> int:
    from resnet_explorer import files
    from resnet_explorer.autograd.command import dot_of
    from resnet_explorer.terminal.networks import analysis_of

    text = dot_of(analysis_of(options.net, options.settings, options.input))
    files.write(options.output, text)
    say(f"{options.output}: {text.count(chr(10)):,} lines\n")
    return 0


def _verify(options: argparse.Namespace) -> int:
    from resnet_explorer.cli.verify import verify

    return verify(options)


def _identify(options: argparse.Namespace) -> int:
    from resnet_explorer.cli import checkpoints, own_module

    own = own_module.parse(str(options.file))
    return own_module.identify(options, *own) if own else checkpoints.identify(options)


def _weights(options: argparse.Namespace) -> int:
    from resnet_explorer.cli.checkpoints import weights

    return weights(options)


_OWN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "open": _open,
    "list": _list,
    "describe": _describe,
    "export": _export,
    "source": _source,
    "verify": _verify,
    "identify": _identify,
    "weights": _weights,
}


@cache
def commands() -> Mapping[str, Callable[[argparse.Namespace], int]]:
    """Return what runs each command, those of the labs among them; their modules are imported when they run."""
    return {**_OWN, **{row.name: partial(_run, row.run) for row in features.commands()}}


def _run(reference: str, options: argparse.Namespace) -> int:
    status: int = features.resolve(reference)(options)
    return status
