"""The command ``lesson``: lessons listed, checked, opened and printed, and what they can read."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_explorer.cli.share import add_paper, hand_out
from resnet_explorer.terminal.options import Commands, add_command
from resnet_explorer.terminal.output import importing_qt, say, say_json

if TYPE_CHECKING:
    from resnet_explorer.lessons.course import Listed

EXAMPLES = """examples:
  resnet-explorer lesson list
  resnet-explorer lesson open 01
  resnet-explorer lesson open ./my-lesson.md
  resnet-explorer lesson check ./my-lesson.md
  resnet-explorer lesson handout 01 -o lesson.pdf
  resnet-explorer lesson readings

docs/lessons.md says how a lesson is written.
"""
CHECK = """exit status: 0 where nothing is wrong, 1 where something is: a line FILE:LINE: what, and what to do.

examples:
  resnet-explorer lesson check ./my-lesson.md
"""
HAND_OUT = """examples:
  resnet-explorer lesson handout 01 -o lesson.pdf
  resnet-explorer lesson handout 01 --paper letter --answers -o answers.pdf

'resnet-explorer share 01 -o lesson.html' writes the lesson as a web page.
"""
PROBLEMS = 1
"""The exit status of a check that found something."""


def add_lesson(commands: Commands) -> None:
    """Add ``lesson`` and what it does."""
    parser = add_command(commands, "lesson", "list, check, open and print lessons", EXAMPLES)
    does = parser.add_subparsers(dest="lesson_command", metavar="WHAT", required=True)
    listed = add_command(does, "list", "list the lessons that come with the app, and those of folders", EXAMPLES)
    listed.add_argument("folders", metavar="FOLDER", type=Path, nargs="*", help="a folder of lessons of your own")
    listed.add_argument("--json", action="store_true", help="as JSON, with what one knows afterwards")
    listed.set_defaults(run=list_lessons)
    checked = add_command(does, "check", "say what is wrong with lessons, with the line", CHECK)
    checked.add_argument("files", metavar="FILE", type=Path, nargs="+", help="a lesson (.md)")
    checked.set_defaults(run=check)
    opened = add_command(does, "open", "open the window on a lesson", EXAMPLES)
    opened.add_argument(
        "lesson", metavar="LESSON", help="its name in 'lesson list', a beginning of it, or a file (.md)"
    )
    opened.set_defaults(run=open_lesson)
    printed = add_command(does, "handout", "write a lesson as a PDF to print", HAND_OUT)
    printed.add_argument("lesson", metavar="LESSON", help="as for 'lesson open'")
    printed.add_argument("-o", "--output", metavar="FILE", type=Path, required=True, help="the hand-out: .pdf")
    add_paper(printed)
    printed.set_defaults(run=hand_out)
    readings = add_command(does, "readings", "list what the expressions in a lesson can read", EXAMPLES)
    readings.set_defaults(run=list_readings)


def lesson(options: argparse.Namespace) -> int:
    """Do what was chosen of ``lesson``."""
    status: int = options.run(options)
    return status


def list_lessons(options: argparse.Namespace) -> int:
    """Print the lessons, those of folders after the app's own."""
    from resnet_explorer.lessons.course import lessons

    listed = lessons(*options.folders)
    if options.json:
        say_json([_values(item) for item in listed])
    else:
        wide = max((len(item.key) for item in listed), default=0)
        say("".join(f"{item.key:<{wide}}  {_line(item)}\n" for item in listed) or "There are no lessons.\n")
    return 0


def _line(item: "Listed") -> str:
    made = item.lesson
    return f"{made.minutes:>2} min  {made.title} ({made.level})" if made else f" !      {item.problem}"


def _values(item: "Listed") -> dict[str, object]:
    made = item.lesson
    own: dict[str, object] = {"key": item.key, "file": str(item.path), "problem": item.problem}
    if made is None:
        return own
    parts = {"title": made.title, "minutes": made.minutes, "level": made.level, "knows": made.knows}
    return {**own, **parts, "topics": made.topics, "steps": [step.title for step in made.steps]}


def check(options: argparse.Namespace) -> int:
    """Print all that is wrong with some files."""
    from resnet_explorer.lessons.check import problems
    from resnet_explorer.lessons.course import read_text

    count = 0
    for file in options.files:
        for problem in problems(read_text(file), str(file)):
            say(f"{file}:{problem.line}: {problem.what} {problem.remedy}".rstrip() + "\n")
            count += 1
    if not count:
        say(f"{len(options.files)} lesson{'s' * (len(options.files) > 1)}: nothing is wrong.\n")
    return PROBLEMS if count else 0


def open_lesson(options: argparse.Namespace) -> int:
    """Open the window on a lesson, and return the exit status when it is closed."""
    from resnet_explorer.lessons.course import find, load
    from resnet_explorer.terminal import display

    file = find(options.lesson)
    load(file)
    platform = display.platform()
    with importing_qt():
        from resnet_explorer.app.app import main as window
    return window([], platform, lesson=str(file))


def list_readings(options: argparse.Namespace) -> int:
    """Print every function, format and reading with its sentence and an example."""
    from resnet_explorer.lessons.reference import reference

    say(reference())
    return 0
