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
from resnet_explorer.weights.values import LIMIT, Identified, TensorStats, strange_text

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
    network = checkpoint.identified(read)
    stats = checkpoint.statistics(sorted(read.tensors.items())) if options.statistics else ()
    not_finite, values = checkpoint.strange_values(read.tensors.values())
    if options.map:
        write(options.map, codec.encode({ours: theirs for theirs, ours in network.names.items()}))
    if options.json:
        more = {"not_finite": not_finite, "values": values, "notes": read.notes, "keys": read.keys, "key": read.key}
        say_json(_values(network, stats) | more)
    else:
        text = _text(options.file.name, network, stats, strange_text(not_finite, values))
        say(text + notes_text(read.notes, read.keys))
    return 0 if network.fits and not not_finite else 1


def weights(options: argparse.Namespace) -> int:
    """Write the weights of a network, fresh or from a file."""
    if (options.input or options.dynamic) and options.output.suffix.lower() != ".onnx":
        raise CheckpointError("onnx", "--input and --dynamic are choices for ONNX alone.", "Leave them out.")
    checkpoint = _module()
    if options.source:
        model, network = checkpoint.load(options.source, key=options.key)
        spec = network.spec
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
    image = parse_input(options.input, spec.in_channels, spec.dims) if options.input else default_input(spec)
    if options.output.suffix.lower() == ".onnx":
        analyse(compile_spec(spec), image)  # raises InputError where the network cannot take it
    checkpoint.save(model, spec, options.output, image, dynamic=options.dynamic)
    say(f"{options.output}: {sum(p.numel() for p in model.parameters()):,} parameters of {title(spec)}\n")
    return 0


def _module() -> Any:
    with importing():
        from resnet_explorer.weights import checkpoint
    return checkpoint


def _values(network: Identified, stats: tuple[TensorStats, ...]) -> dict[str, object]:
    return {
        "name": network.spec.name,
        "title": title(network.spec),
        "fits": network.fits,
        "spec": to_dict(network.spec),
        "assumed": network.assumed,
        "missing": network.missing,
        "unexpected": network.unexpected,
        "misshapen": network.misshapen,
        "names": {ours: theirs for theirs, ours in network.names.items()},
        "leftovers": [asdict(leftover) for leftover in network.leftovers],
        "alternatives": network.alternatives,
        "statistics": [{**asdict(tensor), "path": network.names.get(tensor.name)} for tensor in stats],
    }


def _text(file: str, network: Identified, stats: tuple[TensorStats, ...], not_finite: str) -> str:
    lines = [f"{file}: {title(network.spec)} ({network.spec.name}), {network.spec.classes or 'no'} classes"]
    base = origin(network.spec)
    if base and network.spec.name.endswith("-edited"):
        lines += [f"  {line}" for line in changes(base.spec, network.spec)]
    same = ", ".join(f"{CATALOGUE[name].title} ({name})" for name in network.alternatives)
    lines += _section("Networks with the same tensors:", [same])
    lines += _section("Left over:", [leftover.text for leftover in network.leftovers])
    lines += _section("Assumed, since tensors do not tell:", network.assumed)
    lines += _names(network)
    count = len(network.problems)
    lines += _section(f"{count:,} tensor{' does' if count == 1 else 's do'} not fit:", network.problems)
    lines += ["", "All tensors fit."] if network.fits else []
    lines += [not_finite] if not_finite else []
    if stats:
        lines += ["", f"{'tensor':<44} {'norm':>11} {'mean':>11} {'std':>11} {'least':>11} {'greatest':>11}"]
        lines += [_line(network.names.get(tensor.name, tensor.name), tensor) for tensor in stats]
    return "\n".join(lines) + "\n"


def _section(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if any(lines):
        yield from ("", heading, *(f"  {line}" for line in lines[:SHOWN]))
        if len(lines) > SHOWN:
            yield f"  and {len(lines) - SHOWN:,} more."


def _names(network: Identified) -> Iterator[str]:
    """Yield how the file names our tensors, by a few of those that it names otherwise."""
    other = [(ours, theirs) for theirs, ours in network.names.items() if ours != theirs]
    if other:
        lines = [f"{ours} ← {theirs}" for ours, theirs in other[:NAMES]]
        more = f"and {len(other) - NAMES:,} more: --map FILE writes all of them"
        yield from _section("Names, ours ← the file's:", [*lines, *([more] if len(other) > NAMES else [])])


def _line(path: str, tensor: TensorStats) -> str:
    figures = " ".join(
        f"{value:>11.4g}" for value in (tensor.norm, tensor.mean, tensor.std, tensor.least, tensor.greatest)
    )
    suffix = f"  {tensor.strange:,} are not finite" if tensor.strange else ""
    return f"{path:<44} {figures}{suffix}"


def _module_name(text: str) -> tuple[Path, str] | None:
    """Return file and name of ``my_model.py:net``, the name empty where it is left out; None for other files."""
    if text.lower().endswith(".py"):
        return Path(text), ""
    file, _, name = text.rpartition(":")
    return (Path(file), name.strip()) if file.lower().endswith(".py") else None


def _identify_module(options: argparse.Namespace, file: Path, name: str) -> int:
    if options.statistics:
        raise CheckpointError("statistics", "--statistics is a choice for files of weights alone.", "Leave it out.")
    if not file.is_file():
        raise CheckpointError(str(file), f"{file} is not a file.", "Check the path.")
    if not name:
        raise CheckpointError(str(file), f"{file.name} needs the name of a module.", _remedy(file))
    _confirm(options, file)
    with Asker() as asker:
        module: OwnModule = asker.ask(ReadModule(str(file.absolute()), name))
    if options.json:
        say_json(_module_values(module))
    else:
        say(_module_text(module))
    return 0 if module.agrees else 1


def _remedy(file: Path) -> str:
    try:
        names = names_in(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        names = ()
    choices = f" It defines {', '.join(names[:8])}." if names else ""
    return f"Write {file.name}:{names[-1] if names else 'net'}.{choices}"


def _confirm(options: argparse.Namespace, file: Path) -> None:
    """Ask whether a file may be run; raises CheckpointError where nobody can be asked, or the answer is no."""
    if options.yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise CheckpointError(str(file), f"Identifying {file.name} runs the code in it.", "Add --yes if you trust it.")
    print(f"This runs the code in {file} on this machine. Go on? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CheckpointError(str(file), f"{file.name} was not run.")


def _module_values(module: OwnModule) -> dict[str, object]:
    return {
        "source": module.source,
        "name": module.spec.name,
        "title": title(module.spec),
        "parameters": module.parameters,
        "fits": module.found.fits,
        "agrees": module.agrees,
        "proofs": [
            {
                "input": list(proof.image.sizes(module.spec.dims)),
                "agrees": proof.agrees,
                "error": proof.error,
                "problem": proof.problem,
            }
            for proof in module.proofs
        ],
        "drawn_weights": module.drawn,
        "settled": module.settled,
        "difference": module.difference,
        "contained": module.contained,
        "assumed": module.found.assumed,
        "problems": module.found.problems,
        "names": module.found.names,
        "spec": to_dict(module.spec),
    }


def _module_text(module: OwnModule) -> str:
    lines = [f"{module.verdict} {module.parameters:,} parameters.", ""]
    if module.proofs:
        lines += [f"Compared in eval mode, with {'drawn weights' if module.drawn else 'its own weights'}:"]
        lines += [f"  {proof.text}" for proof in module.proofs]
    lines += [f"  {module.difference}"] if module.difference else []
    lines += _section("Shown by running it, since tensors do not tell:", module.settled)
    lines += _section("Assumed, since tensors do not tell:", module.found.assumed)
    lines += _section("Does not fit:", module.found.problems)
    pairs = module.layers
    if all(ours == theirs for ours, theirs in pairs.items()):
        lines += ["", f"Names: all {len(pairs):,} layers are named as here."]
    else:
        names = [f"{ours} ← {theirs}" for ours, theirs in pairs.items()]
        lines += _section("Names (here ← in the file); --json has all:", names)
    return "\n".join(lines) + "\n"
