"""One command from its arguments to its exit status; each command is a row, the core's here, the labs' in theirs."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn, cast

from resnet_explorer import __version__, features
from resnet_explorer.errors import ExplorerError
from resnet_explorer.features import Command
from resnet_explorer.terminal.output import NAME, complain, say, speak_utf8

if TYPE_CHECKING:
    from resnet_explorer.terminal.options import Commands

INTERRUPTED = 130
SAFE = "--safe"
"""The option of ``open`` that may stand without the command."""
BROKEN_PIPE = 141
TOP_EXAMPLES = """examples:
  resnet-explorer                               open the window
  resnet-explorer resnet50                      open the window on ResNet-50
  resnet-explorer list                          the networks of the catalogue
  resnet-explorer describe resnet18             shapes and costs of every layer
  resnet-explorer export resnet18 -o net.svg    the block diagram as a file
  resnet-explorer source resnet18               the network as PyTorch code
  resnet-explorer share resnet50 -o net.html    one page that opens, sorts and reads out
  resnet-explorer train --preset degradation    four networks trained side by side
  resnet-explorer doctor                        what of this machine is missing or broken
  resnet-explorer --safe                        open the window without the last session and preferences
  resnet-explorer finetune ./photos --net resnet18 --download    a network for your own images

'resnet-explorer COMMAND --help' describes one command.
Bad input gives one line on stderr and the exit status 2.
"""
_CORE = "resnet_explorer.cli"
COMMANDS = (
    Command("open", f"{_CORE}.options:add_open", f"{_CORE}.networks:open_window"),
    Command("list", f"{_CORE}.options:add_list", f"{_CORE}.listing:list_networks"),
    Command("describe", f"{_CORE}.options:add_describe", f"{_CORE}.networks:describe"),
    Command("export", f"{_CORE}.options:add_export", f"{_CORE}.networks:export"),
    Command("source", f"{_CORE}.options:add_source", f"{_CORE}.networks:source"),
    Command("share", f"{_CORE}.share:add_share", f"{_CORE}.share:share"),
    Command("verify", f"{_CORE}.options:add_verify", f"{_CORE}.networks:verify"),
    Command("identify", f"{_CORE}.options:add_identify", f"{_CORE}.weights:identify"),
    Command("weights", f"{_CORE}.options:add_weights", f"{_CORE}.weights:weights"),
    Command("guide", f"{_CORE}.guide:add_guide", f"{_CORE}.guide:guide"),
    Command("lesson", f"{_CORE}.lessons:add_lesson", f"{_CORE}.lessons:lesson"),
    Command("doctor", f"{_CORE}.doctor:add_doctor", f"{_CORE}.doctor:doctor"),
)
"""The commands that belong to no lab."""


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and whose help notices a closed pipe."""

    def print_help(self, file: object = None) -> None:
        say(self.format_help())

    def error(self, message: str) -> NoReturn:
        self.exit(complain(f"{message[:1].upper()}{message[1:]}. See '{self.prog} --help'."))


def commands() -> Mapping[str, Command]:
    """Return the rows of all commands by their names."""
    return {row.name: row for row in (*COMMANDS, *features.commands())}


def parser(names: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Return the parser of the command line with these commands, by default all; ``command`` names the command."""
    top = _Parser(
        prog=NAME,
        description="See any residual network, know its numbers, take its picture home.",
        epilog=TOP_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    added = cast("Commands", top.add_subparsers(dest="command", metavar="COMMAND", required=True))
    rows = commands()
    for name in rows if names is None else names:
        features.resolve(rows[name].options)(added)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; the process' own arguments where ``argv`` is None."""
    speak_utf8()
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except ExplorerError as error:
        return complain(str(error))
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        if error.filename is None:
            raise
        return complain(f"{error.filename} cannot be used: {error.strerror}. Name another file or folder.")


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] == SAFE or (arguments[0] not in commands() and not arguments[0].startswith("-")):
        arguments = ["open", *arguments]
    try:
        options = parser(_asked(arguments)).parse_args(arguments)
    except SystemExit as end:
        say("")  # what --help left behind
        return end.code if isinstance(end.code, int) else 0
    status: int = features.resolve(commands()[options.command].run)(options)
    return status


def _asked(arguments: list[str]) -> list[str] | None:
    """Return the commands whose parsers the arguments need; None for all."""
    if arguments[0] == "--version":
        return []
    return [arguments[0]] if arguments[0] in commands() else None
