"""The commands; each imports what it needs when it runs."""

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from resnet_explorer.cli.output import say, say_json
from resnet_explorer.errors import ExportError, SpecError, did_you_mean

if TYPE_CHECKING:
    from resnet_explorer.drawing.marks import Picture
    from resnet_explorer.drawing.theme import Theme


def _open(options: argparse.Namespace) -> int:
    nets = [_network(options.net)] if options.net else []
    from resnet_explorer.cli import display

    platform = display.platform()
    with _qt():
        from resnet_explorer.gui.app import main as window
    return window(nets, platform)


def _network(word: str) -> str:
    """Return the name of the network that a word means; raises SpecError where it was rather meant as a command."""
    from resnet_explorer.cli.network_names import network
    from resnet_explorer.spec.lookup import find

    try:
        name = network(word)
        find(name)
    except SpecError as error:
        if remedy := did_you_mean(word, COMMANDS):
            raise SpecError("command", f"There is no command {word!r}.", remedy) from error
        raise
    return name


@contextmanager
def _qt() -> Iterator[None]:
    """Let imports of Qt raise ExplorerError where they fail."""
    try:
        yield
    except ImportError as error:
        from resnet_explorer.cli.display import missing_qt

        raise missing_qt(error) from error


def _list(options: argparse.Namespace) -> int:
    from resnet_explorer.export import catalogue_list

    rows = catalogue_list.axes() if options.axes else catalogue_list.entries()
    write = catalogue_list.axes_text if options.axes else catalogue_list.to_text
    if options.json:
        say_json(rows)
    else:
        say(write(rows))
    return 0


def _describe(options: argparse.Namespace) -> int:
    from resnet_explorer.cli.networks import analysis_of
    from resnet_explorer.export import table

    write = {"json": table.to_json, "csv": table.to_csv, "markdown": table.to_markdown, "text": table.to_text}
    say(write[options.format](analysis_of(options.net, options.settings, options.input)))
    return 0


def _source(options: argparse.Namespace) -> int:
    from resnet_explorer import files
    from resnet_explorer.cli.networks import analysis_of
    from resnet_explorer.export.source import to_source

    text = to_source(analysis_of(options.net, options.settings, options.input))
    if options.output is None:
        say(text)
        return 0
    files.write(options.output, text)
    say(f"{options.output}: {text.count(chr(10)):,} lines\n")
    return 0


def _export(options: argparse.Namespace) -> int:
    from resnet_explorer import files
    from resnet_explorer.cli.networks import analysis_of
    from resnet_explorer.cli.views import view_of
    from resnet_explorer.drawing.diagram import diagram
    from resnet_explorer.drawing.theme import THEMES

    if options.view == "autograd" and options.output.suffix.lower() in (".dot", ".gv"):
        return _export_dot(options)
    paint = _painter(options)
    analysis = analysis_of(options.net, options.settings, options.input)
    view = view_of(analysis.network, options.expand, options.unfold, options.compare)
    if options.view == "autograd":
        from resnet_explorer.cli.graph import graph_view

        picture = graph_view(analysis, view, options)
    else:
        picture = diagram(analysis, view)
    files.write(options.output, paint(picture, THEMES[options.theme], options))
    say(f"{options.output}: {picture.width:,.0f} × {picture.height:,.0f} px\n")
    return 0


def _export_dot(options: argparse.Namespace) -> int:
    from resnet_explorer import files
    from resnet_explorer.cli.graph import dot_of
    from resnet_explorer.cli.networks import analysis_of

    text = dot_of(analysis_of(options.net, options.settings, options.input))
    files.write(options.output, text)
    say(f"{options.output}: {text.count(chr(10)):,} lines\n")
    return 0


Paint = Callable[["Picture", "Theme", argparse.Namespace], bytes | str]


def _painter(options: argparse.Namespace) -> Paint:
    """Return what makes a file of the kind that the output's name asks for."""
    suffix = options.output.suffix.lower()
    if suffix not in _PAINTERS:
        kinds = ", ".join(_PAINTERS)
        raise ExportError(str(options.output), f"{options.output} is no picture file.", f"End its name in {kinds}.")
    if options.text and suffix != ".svg":
        raise ExportError("text", "--text is a choice for SVG alone.", "Leave it out.")
    if options.scale and suffix != ".png":
        raise ExportError("scale", "--scale is a choice for PNG alone.", "Leave it out.")
    return _PAINTERS[suffix]


def _svg(picture: "Picture", theme: "Theme", options: argparse.Namespace) -> str:
    from resnet_explorer.export.svg import to_svg

    return to_svg(picture, theme, outlines=options.text == "outlines")


def _pdf(picture: "Picture", theme: "Theme", options: argparse.Namespace) -> bytes:
    with _qt():
        from resnet_explorer.gui.offscreen import to_pdf
    return to_pdf(picture, theme)


def _png(picture: "Picture", theme: "Theme", options: argparse.Namespace) -> bytes:
    with _qt():
        from resnet_explorer.gui.offscreen import to_png
    return to_png(picture, theme, options.scale or 1)


_PAINTERS: Mapping[str, Paint] = {".svg": _svg, ".pdf": _pdf, ".png": _png}


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


def _gradients(options: argparse.Namespace) -> int:
    from resnet_explorer import files
    from resnet_explorer.cli.gradients import gradients
    from resnet_explorer.drawing.theme import THEMES

    paint = _painter(options) if options.output else None
    picture = gradients(options)
    if paint and picture:
        files.write(options.output, paint(picture, THEMES[options.theme], options))
        say(f"{options.output}: {picture.width:,.0f} × {picture.height:,.0f} px\n")
    return 0


def _train(options: argparse.Namespace) -> int:
    from resnet_explorer import files
    from resnet_explorer.cli.train import train
    from resnet_explorer.drawing.theme import THEMES

    asked = argparse.Namespace(output=options.picture, text=None, scale=None)
    paint = _painter(asked) if options.picture else None
    status, picture = train(options)
    if paint and picture:
        files.write(options.picture, paint(picture, THEMES[options.theme], asked))
    return status


def _sweep(options: argparse.Namespace) -> int:
    from resnet_explorer.cli.sweep import sweep

    return sweep(options)


def _finetune(options: argparse.Namespace) -> int:
    from resnet_explorer.cli.finetune import finetune

    return finetune(options)


def _predict(options: argparse.Namespace) -> int:
    from resnet_explorer.cli.predict import predict

    return predict(options)


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "open": _open,
    "list": _list,
    "describe": _describe,
    "export": _export,
    "source": _source,
    "verify": _verify,
    "identify": _identify,
    "weights": _weights,
    "gradients": _gradients,
    "train": _train,
    "sweep": _sweep,
    "finetune": _finetune,
    "predict": _predict,
}
