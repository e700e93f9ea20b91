"""The commands ``identify`` and ``weights``: files of weights in and out, and modules in Python files."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from resnet_explorer import codec
from resnet_explorer.engine.pytorch import importing
from resnet_explorer.engine.requests import ReadModule
from resnet_explorer.errors import CheckpointError
from resnet_explorer.files import write
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec.catalogue import CATALOGUE, changes, origin, title
from resnet_explorer.spec.codec import to_dict
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input, find_network
from resnet_explorer.terminal.ask import Asker
from resnet_explorer.terminal.output import notes_text, say, say_json
from resnet_explorer.verify.values import OwnModule, names_in
from resnet_explorer.weights.identify import LIMIT, Identified, TensorStats, strange_text

SHOWN = 20
"""How many lines of a kind are listed."""
NAMES = 4
"""How many names are shown as examples."""


def identify(options: argparse.Namespace) -> int:
    """Print the network that a file of weights belongs to; return 1 where something does not fit or is not finite.

    A module in a Python file is run and compared after the user has agreed; 1 where it computes something else.
    """
    if module := _module_name(str(options.file)):
        return _identify_module(options, *module)
    checkpoint = _module()
    read = checkpoint.read(options.file, sys.maxsize if options.allow_large else LIMIT, options.key)
    found = checkpoint.identified(read)
    stats = checkpoint.statistics(sorted(read.tensors.items())) if options.statistics else ()
    strange, values = checkpoint.strange_values(read.tensors.values())
    if options.map:
        write(options.map, codec.encode({ours: theirs for theirs, ours in found.names.items()}))
    if options.json:
        more = {"not_finite": strange, "values": values, "notes": read.notes, "keys": read.keys, "key": read.key}
        say_json(_values(found, stats) | more)
    else:
        told = _text(options.file.name, found, stats, strange_text(strange, values))
        say(told + notes_text(read.notes, read.keys))
    return 0 if found.fits and not strange else 1


def weights(options: argparse.Namespace) -> int:
    """Write the weights of a network, fresh or from a file."""
    if (options.input or options.dynamic) and options.output.suffix.lower() != ".onnx":
        raise CheckpointError("onnx", "--input and --dynamic are choices for ONNX alone.", "Leave them out.")
    checkpoint = _module()
    if options.source:
        model, found = checkpoint.load(options.source, key=options.key)
        spec = found.spec
        if options.net and find_network(options.net, options.settings) != spec:
            raise CheckpointError("net", f"The weights are those of {spec.name}.", "Leave the network's name out.")
    elif options.key:
        raise CheckpointError("key", "--key chooses a network in a file of weights.", "Name the file with --from.")
    elif options.net:
        import torch

        spec = find_network(options.net, options.settings)
        torch.manual_seed(options.seed)
        model = checkpoint.build(spec)
    else:
        raise CheckpointError("net", "Name a network, or a file with --from.", "As in: weights resnet18 -o net.pth.")
    image = parse_input(options.input, spec.in_channels) if options.input else default_input(spec)
    if options.output.suffix.lower() == ".onnx":
        analyse(compile_spec(spec), image)  # raises InputError where the network cannot take it
    checkpoint.save(model, spec, options.output, image, dynamic=options.dynamic)
    say(f"{options.output}: {sum(p.numel() for p in model.parameters()):,} parameters of {title(spec)}\n")
    return 0


def _module() -> Any:
    with importing():
        from resnet_explorer.weights import checkpoint
    return checkpoint


def _values(found: Identified, stats: tuple[TensorStats, ...]) -> dict[str, object]:
    return {
        "name": found.spec.name,
        "title": title(found.spec),
        "fits": found.fits,
        "spec": to_dict(found.spec),
        "assumed": found.assumed,
        "missing": found.missing,
        "unexpected": found.unexpected,
        "misshapen": found.misshapen,
        "names": {ours: theirs for theirs, ours in found.names.items()},
        "leftovers": [{"path": one.path, "what": one.what, "names": one.names} for one in found.leftovers],
        "alternatives": found.alternatives,
        "statistics": [{**asdict(one), "path": found.names.get(one.name)} for one in stats],
    }


def _text(file: str, found: Identified, stats: tuple[TensorStats, ...], strange: str) -> str:
    lines = [f"{file}: {title(found.spec)} ({found.spec.name}), {found.spec.classes or 'no'} classes"]
    base = origin(found.spec)
    if base and found.spec.name.endswith("-edited"):
        lines += [f"  {line}" for line in changes(base.spec, found.spec)]
    lines += [*_section("Networks with the same tensors:", [", ".join(map(_titled, found.alternatives))])]
    lines += [*_section("Left over:", [one.text for one in found.leftovers])]
    lines += [*_section("Assumed, since tensors do not tell:", found.assumed), *_names(found)]
    problems = found.problems
    count = f"{len(problems):,} tensor{' does' if len(problems) == 1 else 's do'} not fit:"
    lines += ["", "All tensors fit." if found.fits else count]
    lines += [f"  {line}" for line in problems[:SHOWN]]
    lines += [f"  and {len(problems) - SHOWN:,} more."] if len(problems) > SHOWN else []
    lines += [strange] if strange else []
    if stats:
        lines += ["", f"{'tensor':<44} {'norm':>11} {'mean':>11} {'std':>11} {'least':>11} {'greatest':>11}"]
        lines += [_line(found.names.get(one.name, one.name), one) for one in stats]
    return "\n".join(lines) + "\n"


def _section(heading: str, lines: Sequence[str]) -> Iterator[str]:
    """Yield a heading with its lines; nothing where there are none."""
    if any(lines):
        yield from ("", heading, *(f"  {line}" for line in lines[:SHOWN]))
        if len(lines) > SHOWN:
            yield f"  and {len(lines) - SHOWN:,} more."


def _titled(name: str) -> str:
    return f"{CATALOGUE[name].title} ({name})"


def _names(found: Identified) -> Iterator[str]:
    """Yield how the file names our tensors, by a few of those that it names otherwise."""
    other = [(ours, theirs) for theirs, ours in found.names.items() if ours != theirs]
    if other:
        lines = [f"{ours} ← {theirs}" for ours, theirs in other[:NAMES]]
        more = f"and {len(other) - NAMES:,} more: --map FILE writes all of them"
        yield from _section("Names, ours ← the file's:", [*lines, *([more] if len(other) > NAMES else [])])


def _line(path: str, one: TensorStats) -> str:
    figures = " ".join(f"{value:>11.4g}" for value in (one.norm, one.mean, one.std, one.least, one.greatest))
    strange = f"  {one.strange:,} are not finite" if one.strange else ""
    return f"{path:<44} {figures}{strange}"


def _module_name(words: str) -> tuple[Path, str] | None:
    """Return file and name of ``my_model.py:net``, the name empty where it is left out; None for other files."""
    if words.lower().endswith(".py"):
        return Path(words), ""
    file, _, name = words.rpartition(":")
    return (Path(file), name.strip()) if file.lower().endswith(".py") else None


def _identify_module(options: argparse.Namespace, file: Path, name: str) -> int:
    """Say which network a module is and whether it computes the same; return 1 where it does not."""
    if options.statistics:
        raise CheckpointError("statistics", "--statistics is a choice for files of weights alone.", "Leave it out.")
    if not file.is_file():
        raise CheckpointError(str(file), f"{file} is not a file.", "Check the path.")
    if not name:
        raise CheckpointError(str(file), f"{file.name} needs the name of a module.", _remedy(file))
    _confirm(options, file)
    with Asker() as asker:
        found: OwnModule = asker.ask(ReadModule(str(file.absolute()), name))
    if options.json:
        say_json(_module_values(found))
    else:
        say(_module_text(found))
    return 0 if found.agrees else 1


def _remedy(file: Path) -> str:
    try:
        known = names_in(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        known = ()
    choices = f" It defines {', '.join(known[:8])}." if known else ""
    return f"Write {file.name}:{known[-1] if known else 'net'}.{choices}"


def _confirm(options: argparse.Namespace, file: Path) -> None:
    """Ask whether a file may be run; raises CheckpointError where nobody can be asked, or the answer is no."""
    if options.yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise CheckpointError(str(file), f"Identifying {file.name} runs the code in it.", "Add --yes if you trust it.")
    print(f"This runs the code in {file} on this machine. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CheckpointError(str(file), f"{file.name} was not run.")


def _module_values(found: OwnModule) -> dict[str, object]:
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


def _module_text(found: OwnModule) -> str:
    lines = [f"{found.verdict} {found.parameters:,} parameters.", ""]
    if found.proofs:
        lines += [f"Compared in eval mode, with {'drawn weights' if found.drawn else 'its own weights'}:"]
        lines += [f"  {one.text}" for one in found.proofs]
    lines += [f"  {found.difference}"] if found.difference else []
    lines += _section("Shown by running it, since tensors do not tell:", found.settled)
    lines += _section("Assumed, since tensors do not tell:", found.found.assumed)
    lines += _section("Does not fit:", found.found.problems)
    pairs = found.layers
    if all(ours == theirs for ours, theirs in pairs.items()):
        return "\n".join((*lines, "", f"Names: all {len(pairs):,} layers are named as here.")) + "\n"
    named = tuple(f"{ours} ← {theirs}" for ours, theirs in pairs.items())
    return "\n".join((*lines, *_section("Names (here ← in the file); --json has all:", named))) + "\n"
