"""What the commands say, and how they fail: in one line, or quietly where nobody listens any longer."""

import io
import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress

from resnet_explorer import codec
from resnet_explorer.errors import ExportError

NAME = "resnet-explorer"
BAD_INPUT = 2


def speak_utf8() -> None:
    """Give files and pipes UTF-8 whatever the locale, and a terminal what it can show."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding=None if sys.stdout.isatty() else "utf-8", errors="replace")


def say(text: str) -> None:
    """Write to stdout at once, so that a closed pipe or a full disk is noticed here.

    Raises BrokenPipeError for the one, ExportError for the other.
    """
    if sys.stdout is None:  # a program without a console on Windows
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        silence()
        raise
    except OSError as error:
        silence()
        raise ExportError("stdout", f"The output cannot be written: {error.strerror}.") from error


def say_json(values: object) -> None:
    """Write values as JSON."""
    say(codec.encode(values))


def silence() -> None:
    """Let what Python still holds for stdout vanish, so that it does not complain on its way out."""
    with suppress(OSError, ValueError):  # where stdout is no file of the system, as in a test
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(words: str) -> int:
    """Say in one line on stderr what is wrong, and return the exit status."""
    if sys.stderr is not None:
        print(f"{NAME}: {' '.join(words.split())}", file=sys.stderr)
    return BAD_INPUT


def notes_text(notes: Sequence[str], keys: Sequence[str]) -> str:
    """Return what was read of a file, in lines, and how to ask for another network of it."""
    choose = ["Choose another with --key, as in --key " + shlex.quote(keys[-1]) + "."] if keys else []
    return "".join(f"{line}\n" for line in ("", *notes, *choose)) if notes else ""
