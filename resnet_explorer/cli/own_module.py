"""The command ``identify`` for a Python file: asked first, then run, identified and compared."""

import argparse
import sys
from pathlib import Path

from resnet_explorer.engine.requests import ReadModule
from resnet_explorer.errors import CheckpointError
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.codec import to_dict
from resnet_explorer.terminal.ask import Asker
from resnet_explorer.terminal.output import say, say_json
from resnet_explorer.verify.values import OwnModule, names_in

SHOWN = 20
"""How many lines of the map, or tensors that do not fit, are listed."""


def parse(words: str) -> tuple[Path, str] | None:
    """Return file and name of ``my_model.py:net``, the name empty where it is left out; None for other files."""
    if words.lower().endswith(".py"):
        return Path(words), ""
    file, _, name = words.rpartition(":")
    return (Path(file), name.strip()) if file.lower().endswith(".py") else None


def identify(options: argparse.Namespace, file: Path, name: str) -> int:
    """Say which network a module is and whether it computes the same; return 1 where it does not."""
    if options.statistics:
        raise CheckpointError("statistics", "--statistics is a choice for files of weights alone.", "Leave it out.")
    if not file.is_file():
        raise CheckpointError(str(file), f"{file} is not a file.", "Check the path.")
    if not name:
        raise CheckpointError(str(file), f"{file.name} needs the name of a module.", _remedy(file))
    _ask(options, file)
    with Asker() as asker:
        found: OwnModule = asker.ask(ReadModule(str(file.absolute()), name))
    if options.json:
        say_json(_values(found))
    else:
        say(_text(found))
    return 0 if found.agrees else 1


def _remedy(file: Path) -> str:
    try:
        known = names_in(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        known = ()
    choices = f" It defines {', '.join(known[:8])}." if known else ""
    return f"Write {file.name}:{known[-1] if known else 'net'}.{choices}"


def _ask(options: argparse.Namespace, file: Path) -> None:
    """Ask whether a file may be run; raises CheckpointError where nobody can be asked, or the answer is no."""
    if options.yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise CheckpointError(str(file), f"Identifying {file.name} runs the code in it.", "Add --yes if you trust it.")
    print(f"This runs the code in {file} on this machine. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CheckpointError(str(file), f"{file.name} was not run.")


def _values(found: OwnModule) -> dict[str, object]:
    return {
        "source": found.source,
        "name": found.spec.name,
        "title": title(found.spec),
        "parameters": found.parameters,
        "fits": found.found.fits,
        "agrees": found.agrees,
        "proofs": [
            {
                "input": [one.image.height, one.image.width],
                "agrees": one.agrees,
                "error": one.error,
                "problem": one.problem,
            }
            for one in found.proofs
        ],
        "drawn_weights": found.drawn,
        "settled": found.settled,
        "difference": found.difference,
        "contained": found.contained,
        "assumed": found.found.assumed,
        "problems": found.found.problems,
        "names": found.found.names,
        "spec": to_dict(found.spec),
    }


def _text(found: OwnModule) -> str:
    lines = [f"{found.verdict} {found.parameters:,} parameters.", ""]
    if found.proofs:
        lines += [f"Compared in eval mode, with {'drawn weights' if found.drawn else 'its own weights'}:"]
        lines += [f"  {one.text}" for one in found.proofs]
    lines += [f"  {found.difference}"] if found.difference else []
    lines += _listed("Shown by running it, since tensors do not tell:", found.settled)
    lines += _listed("Assumed, since tensors do not tell:", found.found.assumed)
    lines += _listed("Does not fit:", found.found.problems)
    pairs = found.layers
    if all(ours == theirs for ours, theirs in pairs.items()):
        return "\n".join((*lines, "", f"Names: all {len(pairs):,} layers are named as here.")) + "\n"
    named = tuple(f"{ours} ← {theirs}" for ours, theirs in pairs.items())
    return "\n".join((*lines, *_listed("Names (here ← in the file); --json has all:", named))) + "\n"


def _listed(heading: str, lines: tuple[str, ...]) -> list[str]:
    if not lines:
        return []
    more = [f"  and {len(lines) - SHOWN:,} more."] if len(lines) > SHOWN else []
    return ["", heading, *(f"  {line}" for line in lines[:SHOWN]), *more]
