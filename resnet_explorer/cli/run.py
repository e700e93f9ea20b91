"""One command from its arguments to its exit status."""

import sys
from collections.abc import Sequence

from resnet_explorer.cli.commands import commands
from resnet_explorer.cli.parser import parser
from resnet_explorer.errors import ExplorerError
from resnet_explorer.terminal.output import complain, say, speak_utf8

INTERRUPTED = 130
BROKEN_PIPE = 141


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


def _run(arguments: list[str]) -> int:
    if not arguments or (arguments[0] not in commands() and not arguments[0].startswith("-")):
        arguments = ["open", *arguments]
    try:
        options = parser().parse_args(arguments)
    except SystemExit as end:
        say("")  # what --help left behind
        return end.code if isinstance(end.code, int) else 0
    return commands()[options.command](options)
