"""The commands that write a scene or a lesson to take home: one HTML page, or a PDF to print."""

import argparse
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_explorer import files
from resnet_explorer.errors import ExplorerError, ExportError
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input, find_network
from resnet_explorer.terminal.options import Commands, add_command, add_settings, network
from resnet_explorer.terminal.output import complain, importing_qt, say

if TYPE_CHECKING:
    from resnet_explorer.lessons.values import Lesson
    from resnet_explorer.scenes.scene import Scene
    from resnet_explorer.share.article import Article

EXAMPLES = """examples:
  resnet-explorer share resnet50 -o resnet50.html
  resnet-explorer share resnet34 --compare --open layer2.0 -o twins.html
  resnet-explorer share plain56 --page gradients --with experiment=batch-norm -o gradient.html
  resnet-explorer share resnet18 --paper a4 -o resnet18.pdf
  resnet-explorer share my-session.rnx -o seminar.html
  resnet-explorer share 01 -o lesson.html
"""
ALL = "all"
PAGE, PRINT = (".html", ".htm"), ".pdf"
PAPERS = ("a4", "letter")


def add_share(commands: Commands) -> None:
    """Add ``share``."""
    parser = add_command(commands, "share", "write a scene or a lesson as one HTML page, or as a PDF", EXAMPLES)
    parser.add_argument(
        "scene",
        metavar="SCENE",
        help="a network as for 'describe', a session (.rnx), or a lesson by its name or its file (.md)",
    )
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True, help="the page: .html, or .pdf")
    parser.add_argument("--input", metavar="NxCxHxW", help="the input's shape")
    add_settings(parser, "the network, such as width=32")
    parser.add_argument("--open", metavar="PATH|all", action="append", help="a block to open; may be repeated")
    parser.add_argument("--unfold", metavar="STAGE", action="append", help="a long stage to unfold; may be repeated")
    parser.add_argument("--select", metavar="PATH", help="the part to mark")
    parser.add_argument("--compare", action="store_true", help="show the plain twin beside it")
    parser.add_argument("--changes", action="store_true", help="mark what the network changes in its parent")
    parser.add_argument("--page", metavar="PAGE", help="what else to show: gradients, training, …")
    parser.add_argument(
        "--with", metavar="KEY=VALUE", dest="part", action="append", default=[], help="what the page shows"
    )
    add_paper(parser, "PDF only: ")


def add_paper(parser: argparse.ArgumentParser, where: str = "") -> None:
    """Give a parser the choices of a printed page, which count ``where``."""
    parser.add_argument("--paper", choices=PAPERS, default="a4", help=f"{where}the size of the paper (default: a4)")
    parser.add_argument("--answers", action="store_true", help=f"{where}the teacher's sheet, with the answers")


def share(options: argparse.Namespace) -> int:
    """Write what the options name."""
    suffix = options.output.suffix.lower()
    if suffix not in (*PAGE, PRINT):
        raise ExportError(str(options.output), f"{options.output} is no page.", "End its name in .html or .pdf.")
    write(_article(options), options.output, options.paper, options.answers)
    return 0


def hand_out(options: argparse.Namespace) -> int:
    """Write the lesson that the options name as a PDF."""
    from resnet_explorer.lessons.course import find, load
    from resnet_explorer.share.lesson import lesson_article

    if options.output.suffix.lower() != PRINT:
        raise ExportError(str(options.output), f"{options.output} is no PDF.", "End its name in .pdf.")
    write(lesson_article(load(find(options.lesson))), options.output, options.paper, options.answers)
    return 0


def write(article: "Article", path: Path, paper: str, answers: bool) -> None:
    """Write an article as HTML or PDF, as the path's ending says, and say how large it is."""
    if path.suffix.lower() == PRINT:
        with importing_qt():
            from resnet_explorer.ui.hand_out import to_pdf
        content: bytes | str = to_pdf(article, paper, answers)
    else:
        from resnet_explorer.share.page import to_html

        content = to_html(article)
    files.write(path, content)
    say(f"{path}: {path.stat().st_size / 1000:,.0f} kB\n")


def _article(options: argparse.Namespace) -> "Article":
    from resnet_explorer.share.lesson import lesson_article
    from resnet_explorer.share.scene import scene_article

    name, changes = str(options.scene), _changes(options)
    if (lesson := _lesson(name)) is None:
        return scene_article(_scene(name, options, changes))
    if changes or options.settings or options.input:
        raise ExplorerError("scene", "A lesson has scenes of its own.", "Name it alone: it is written whole.")
    return lesson_article(lesson)


def _lesson(name: str) -> "Lesson | None":
    """Return the lesson of a file, or of a name that a lesson has; None for anything else."""
    from resnet_explorer.lessons.course import SUFFIX, find, load

    if name.lower().endswith(SUFFIX):
        return load(Path(name))
    try:
        return load(find(name))
    except ExplorerError:
        return None


def _scene(name: str, options: argparse.Namespace, changes: Mapping[str, object]) -> "Scene":
    from resnet_explorer.scenes import session
    from resnet_explorer.scenes.change import changed
    from resnet_explorer.scenes.scene import Scene, State

    if name.lower().endswith(session.SUFFIX):
        opened = session.read(Path(name))
        for problem in opened.problems:
            complain(problem)
        scene = opened.session.scene
        more = {"set": options.settings} if options.settings else {}
        more |= {"input": options.input} if options.input else {}
        return changed(scene, {**more, **changes})
    spec = find_network(network(name), options.settings)
    image = default_input(spec) if options.input is None else parse_input(options.input, spec.in_channels, spec.dims)
    return changed(Scene(State(spec, image)), changes)


def _changes(options: argparse.Namespace) -> Mapping[str, object]:
    """Return what the options say of a scene, by the keys of its changes."""
    given = {"page": options.page, "select": options.select, "unfold": options.unfold, "open": options.open}
    given |= {key: True for key in ("compare", "changes") if getattr(options, key)}
    changes: dict[str, object] = {key: value for key, value in given.items() if value is not None}
    if ALL in (options.open or ()):
        changes["open"] = ALL
    return changes | dict(map(_pair, options.part))


def _pair(text: str) -> tuple[str, object]:
    """Return a key and its value, written as in a lesson: ``experiment=paths``, ``replay=0.5``, ``log=true``."""
    key, sign, value = text.partition("=")
    if not sign:
        raise ExplorerError("with", f"{text!r} is not KEY=VALUE.", "Write it as in --with experiment=paths.")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()
