"""The command lines of the documents and of the help can be typed as they stand, and what cannot be is one line."""

import argparse
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from resnet_explorer import assets
from resnet_explorer.cli.run import commands, main, parser
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.search import find_network

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    *(
        ROOT / name
        for name in (
            "README.md",
            "ARCHITECTURE.md",
            "CONTRIBUTING.md",
            "docs/api.md",
            "docs/lessons.md",
            "docs/setup.md",
        )
    ),
    *sorted(assets.path("guide").glob("*.md")),
)
QUICK = {"list", "describe", "export", "source", "lesson", "share", "guide", "journey"}
"""What neither needs PyTorch nor a file of the user's."""
OWN = (".json", ".md", ".rnx")
"""The files of a user's that stand where a network does."""
MENTION = re.compile(r"`(?:python -m resnet_explorer|resnet-explorer) ([^`\n]+)`")
LINE = re.compile(r"^\s*(?:\$ )?(?:python -m resnet_explorer|resnet-explorer)\b(?P<rest>.*)$", re.MULTILINE)


def text_of(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def lines(text: str) -> Iterator[list[str]]:
    """Yield the arguments of the command lines in a text's blocks of code, without comments and without brackets."""
    for block in re.findall(r"^```(?:console|bash)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in LINE.finditer(block):
            yield shlex.split(line["rest"].replace("[", "").replace("]", ""), comments=True)


def parsers() -> Mapping[str, argparse.ArgumentParser]:
    (subparsers,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(subparsers.choices)


def examples() -> Iterator[tuple[str, str]]:
    """Yield each command with a line of the examples in its help."""
    for name, each in {"": parser(), **parsers()}.items():
        for line in (each.epilog or "").partition("examples:\n")[2].split("\n\n")[0].splitlines():
            if line.startswith("  resnet-explorer"):
                yield name, re.split(r"\s{3,}|&&", line.strip(), maxsplit=1)[0]


LINES = {f"{file.name}: {shlex.join(line)}": line for file in DOCUMENTS for line in lines(text_of(file))}
EXAMPLES = {line: shlex.split(line.partition(" > ")[0])[1:] for _, line in examples()}


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options of a line; fails where a name, an option or a value of it does not exist."""
    given = list(arguments)
    if not given or given[0] not in commands():
        given = ["open", *given]
    options = parser().parse_args(given)
    for name in _networks(options):
        find_network(name, getattr(options, "settings", []))
    return options


def _networks(options: argparse.Namespace) -> Iterator[str]:
    """Yield the networks that a line names; files of the user's are none."""
    named = [getattr(options, "net", None), *getattr(options, "nets", ())]
    scene = getattr(options, "scene", "")
    named += [] if scene.isdecimal() else [scene]
    yield from (name for name in named if name and not name.isupper() and Path(name).suffix not in OWN)


@pytest.mark.parametrize("line", [*LINES, *EXAMPLES])
def test_a_command_line_can_be_typed(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        parsed({**LINES, **EXAMPLES}[line])
    except SystemExit:
        pytest.fail(capsys.readouterr().err)


def test_there_are_lines_and_every_command_is_in_the_guide() -> None:
    text = text_of(assets.path("guide", "commands.md"))
    named = {line[0] for line in lines(text) if line and line[0] in commands()}
    assert named | {"open"} == commands().keys(), "a command without a line in resources/guide/commands.md"
    assert f"# {len(CATALOGUE)} networks" in text and len(EXAMPLES) > 30


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_a_command_that_a_sentence_names_exists_with_its_options(file: Path) -> None:
    known = parsers()
    for mention in MENTION.findall(text_of(file)):
        name, *others = mention.replace("…", " ").split()
        if name.startswith("-"):
            name, others = "open", [name, *others]
        for one in name.split("|"):
            if one.isupper() or (one not in known and Path(one).suffix):
                continue
            assert one in known, mention
            options = {text for action in known[one]._actions for text in action.option_strings}
            nested = [action for action in known[one]._actions if isinstance(action, argparse._SubParsersAction)]
            for below in (each for action in nested for each in action.choices.values()):
                options |= {text for action in below._actions for text in action.option_strings}
            assert {other for other in others if other.startswith("-")} <= options, mention


@pytest.mark.parametrize("line", [line for line, given in LINES.items() if given and given[0] in QUICK])
def test_a_quick_line_runs(
    line: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    qapp: QApplication,
) -> None:
    given = LINES[line]
    if any(argument.isupper() or argument.startswith("./") for argument in given):
        pytest.skip("needs a file of the user's")
    monkeypatch.chdir(tmp_path)
    options = parsed(given)
    assert main(given) == 0, capsys.readouterr().err
    if output := getattr(options, "output", None):
        assert (tmp_path / output).stat().st_size


@pytest.mark.skipif(sys.platform == "win32", reason="names may be longer there")
@pytest.mark.parametrize(
    "arguments",
    [
        ("identify", "NAME.py"),
        ("train", "--continue", "NAME"),
        ("train", "resnet20", "--steps", "1", "-o", "NAME"),
        ("train", "resnet20", "--steps", "1", "--data", "NAME"),
        ("gradients", "resnet20", "--data", "NAME"),
        ("finetune", "digits", "--net", "resnet20", "--weights", "NAME", "--dry-run"),
        ("predict", "NAME", "NAME"),
    ],
    ids=" ".join,
)
def test_a_name_that_the_system_refuses_is_one_line(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    name = 300 * "x"
    status = main([argument.replace("NAME", name) for argument in arguments])
    out, err = capsys.readouterr()
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("resnet-explorer: ") and "xxx" in err and err.endswith(".\n")
