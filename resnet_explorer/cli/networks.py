"""The commands on networks of the catalogue or a spec file: open, describe, export, source, verify.

What one of them alone needs is imported where it runs.
"""

import argparse
import gc
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_explorer import files
from resnet_explorer.cli.run import commands
from resnet_explorer.engine.pytorch import importing
from resnet_explorer.errors import SpecError, did_you_mean
from resnet_explorer.layers import table
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input, find_network
from resnet_explorer.terminal import display
from resnet_explorer.terminal.options import network
from resnet_explorer.terminal.output import complain, importing_qt, painter, say, say_json

if TYPE_CHECKING:
    from resnet_explorer.verify.values import Verdict

SHOWN = 20
"""How many rows that differ are listed."""


def analysis_of(net: str, settings: Sequence[str], image: str | None) -> Analysis:
    """Return the analysis of a network at an input such as ``1x3x224x224``, or at its default input."""
    spec = find_network(net, settings)
    return analyse(
        compile_spec(spec), default_input(spec) if image is None else parse_input(image, spec.in_channels, spec.dims)
    )


def open_window(options: argparse.Namespace) -> int:
    """Open the window and return the exit status when it is closed."""
    from resnet_explorer.scenes.session import SUFFIX

    is_session = (options.net or "").lower().endswith(SUFFIX)
    if is_session and options.safe:
        raise SpecError("safe", "--safe starts without a session.", "Leave out --safe, or open the file in the window.")
    nets = [options.net if is_session else _network(options.net)] if options.net else []
    platform = display.platform()
    gc.disable()  # it finds nothing in what is imported; the window's own collector takes its place
    with importing_qt():
        from resnet_explorer.app.app import main as window
    return window(nets, platform, is_safe=options.safe)


def _network(text: str) -> str:
    """Return the name of a network; raises SpecError, with the nearest command where the text rather means one."""
    try:
        name = network(text)
        find_network(name)
    except SpecError as error:
        if remedy := did_you_mean(text, commands()):
            raise SpecError("command", f"There is no command {text!r}.", remedy) from error
        raise
    return name


def describe(options: argparse.Namespace) -> int:
    """Print every layer of a network."""
    write = {"json": table.to_json, "csv": table.to_csv, "markdown": table.to_markdown, "text": table.to_text}
    say(write[options.format](analysis_of(options.net, options.settings, options.input)))
    return 0


def export(options: argparse.Namespace) -> int:
    """Draw a network into the file that the options name."""
    from resnet_explorer.autograd.command import dot_of, graph_view
    from resnet_explorer.diagram.diagram import ROOM, diagram
    from resnet_explorer.diagram.view import view_of
    from resnet_explorer.picture.page import on_page, page_of
    from resnet_explorer.picture.theme import THEMES

    is_graph = options.view == "autograd"
    if is_graph and options.output.suffix.lower() in (".dot", ".gv"):
        write_text(options.output, dot_of(analysis_of(options.net, options.settings, options.input)))
        return 0
    paint, page = painter(options.output, options.text, options.scale), page_of(options.size)
    analysis = analysis_of(options.net, options.settings, options.input)
    view = view_of(analysis.network, options.expand, options.unfold, options.compare)
    room = page.room(True) if page.width else ROOM
    picture = graph_view(analysis, view, options) if is_graph else diagram(analysis, view, room)
    picture, zoom = on_page(picture, page, True)
    files.write(options.output, paint(picture, THEMES[options.theme], zoom))
    say(f"{options.output}: {picture.width * zoom:,.0f} × {picture.height * zoom:,.0f} px\n")
    return 0


def source(options: argparse.Namespace) -> int:
    """Print a network as PyTorch code, or write it."""
    from resnet_explorer.source import to_source

    text = to_source(analysis_of(options.net, options.settings, options.input))
    if options.output is None:
        say(text)
    else:
        write_text(options.output, text)
    return 0


def write_text(path: Path, text: str) -> None:
    """Write a text and print how many lines it has."""
    files.write(path, text)
    say(f"{path}: {text.count(chr(10)):,} lines\n")


def verify(options: argparse.Namespace) -> int:
    """Compare the network that the options name, or all, with PyTorch; return 1 where anything differs."""
    if options.all == bool(options.net):
        raise SpecError("net", "Name one network, or give --all.", "As in: resnet-explorer verify resnet50.")
    names = list(CATALOGUE) if options.all else [options.net]
    verdicts = {name: _verdict(options, name) for name in names}
    if options.json:
        say_json({name: {"agrees": verdict.agrees, **asdict(verdict)} for name, verdict in verdicts.items()})
    return 0 if all(verdict.agrees for verdict in verdicts.values()) else 1


def _verdict(options: argparse.Namespace, name: str) -> "Verdict":
    with importing():
        from resnet_explorer.verify.against_pytorch import verify as steps
    from resnet_explorer.verify.values import Verdict

    analysis = analysis_of(name, options.settings, options.input)
    *_, verdict = steps(analysis, fvcore=options.fvcore)
    assert isinstance(verdict, Verdict)
    if not options.json:
        _print_verdict(name, analysis, verdict)
    return verdict


def _print_verdict(name: str, analysis: Analysis, verdict: "Verdict") -> None:
    shape = "×".join(str(length) for length in analysis.total.input)
    say(f"{name} at {shape}: {verdict.text} {verdict.where}\n")
    for check in verdict.checks:
        sign = "=" if check.agrees else "≠"
        say(f"  {check.what:<10} {check.ours:>18,} {sign} {check.theirs:,} ({check.library})\n")
        if check.note:
            say(f"  {'':<10} {check.note}\n")
    for row in verdict.differences[:SHOWN]:
        complain(f"{row.path}: {row.what} {row.ours} here, {row.theirs} there.")
    if len(verdict.differences) > SHOWN:
        complain(f"{len(verdict.differences) - SHOWN:,} more rows differ.")
