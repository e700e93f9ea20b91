"""A Python file of the user's: its module is built, the network that it is is found, and both are compared.

Whatever the user's code does becomes one sentence.
"""

import importlib.util
import inspect
import os
import sys
import traceback
import warnings
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path
from textwrap import shorten
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from resnet_explorer.errors import CheckpointError, ExplorerError, did_you_mean
from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.axes import AXES
from resnet_explorer.spec.catalogue import CATALOGUE, changes, named, title
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.search import default_input
from resnet_explorer.verify import compare
from resnet_explorer.verify.values import TOLERANCE, OwnModule, Proof
from resnet_explorer.weights.identify import identify

LONGEST = 300
"""Letters of an exception's message that are quoted."""
LISTED = 8
"""How many names of a file are listed."""
_OWN_NAME = "resnet_explorer_user_file"
_ARGUMENTS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def load(path: Path, name: str) -> nn.Module:
    """Run a file, and return the module that it calls ``name``, or that a class or function of that name makes.

    The module is on the CPU, in float32 and in eval mode. Raises CheckpointError for whatever goes wrong on the way,
    with the file and line where the user's code raised it.
    """
    if not path.is_file():
        raise CheckpointError(str(path), f"{path} is not a file.", "Check the path.")
    module = _made(path, name, _run(path))
    with quoted(path):
        module = getattr(module, "_orig_mod", module)  # what torch.compile wraps
        held = (*module.parameters(), *module.buffers())
        if any(is_lazy(tensor) for tensor in held):
            what = f"{name} has lazy layers whose shapes are not known yet."
            raise CheckpointError(str(path), what, "Run it on one image in the file.")
        if any(tensor.is_meta for tensor in held):
            module = module.to_empty(device="cpu")
            for tensor in (*module.parameters(), *module.buffers()):
                tensor.data.zero_()
        return module.to("cpu", torch.float32).eval()


def tensors(path: Path, module: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a module by its own names, as its state_dict has them: they share its memory."""
    with quoted(path):
        state = {str(name): value for name, value in module.state_dict().items() if isinstance(value, Tensor)}
    if not state:
        raise CheckpointError(str(path), f"The module in {path.name} holds no tensors.", "Name another one.")
    return state


@contextmanager
def quoted(path: Path) -> Iterator[None]:
    """Turn whatever the user's code raises, sys.exit too, into a CheckpointError; what it prints is dropped."""
    with Path(os.devnull).open("w") as null, redirect_stdout(null), redirect_stderr(null), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except CheckpointError:
            raise
        except BaseException as error:
            raise CheckpointError(str(path), quote(path, error), "Change the file, then try again.") from error


def quote(path: Path, error: BaseException) -> str:
    """Return one sentence on an exception: the file and line of the user's that it comes from, its kind and message."""
    place = _place(path, error)
    try:
        message = shorten(str(error).strip().partition("\n")[0], LONGEST, placeholder=" …")
    except BaseException:  # an exception that cannot be told
        message = ""
    if isinstance(error, SystemExit):
        return f"{place} ended the program with sys.exit({error.code!r})."
    if isinstance(error, SyntaxError):
        message = error.msg
    kind = type(error).__name__
    return f"{place} raised {kind}: {message.rstrip('.')}." if message else f"{place} raised {kind}."


def _place(path: Path, error: BaseException) -> str:
    """Return the deepest line of the user's own files that an exception went through."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"{Path(error.filename).name}, line {error.lineno},"
    folder = path.parent.resolve()
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        file = Path(frame.filename)
        if file.is_absolute() and file.is_relative_to(folder) and "site-packages" not in file.parts:
            return f"{file.name}, line {frame.lineno},"
    return path.name


def _run(path: Path) -> ModuleType:
    """Return a file as a Python module; files beside it can be imported by it."""
    path = path.resolve()
    spec = importlib.util.spec_from_file_location(_OWN_NAME, path)
    assert spec and spec.loader, "its name ends in .py"
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path)]
    sys.modules[_OWN_NAME] = module
    with quoted(path):
        spec.loader.exec_module(module)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)  # a device, even the CPU, would cost each later call a detour
    torch.set_grad_enabled(True)
    return module


def _made(path: Path, name: str, module: ModuleType) -> nn.Module:
    with quoted(path):
        try:
            value = attrgetter(name)(module)
        except AttributeError as error:
            raise _unknown(path, name, module) from error
        if isinstance(value, nn.Module):
            return value
        if not callable(value):
            what = f"{name} in {path.name} is of type {type(value).__name__}, not a module."
            raise CheckpointError(str(path), what, _NAME)
        if needed := _needed(value):
            what = f"{name} in {path.name} needs arguments: {', '.join(needed)}."
            raise CheckpointError(str(path), what, f"Add a line such as net = {name}(…) to the file, and name net.")
        made = value()
        if not isinstance(made, nn.Module):
            what = f"{name}() in {path.name} returns {type(made).__name__}, not a module."
            raise CheckpointError(str(path), what, _NAME)
        return made


_NAME = "Name a torch.nn.Module, or a class or function that makes one without arguments."


def _needed(maker: object) -> list[str]:
    try:
        parameters = inspect.signature(maker).parameters.values()  # type: ignore[arg-type]  # it is callable
    except (TypeError, ValueError):
        return []
    return [
        parameter.name
        for parameter in parameters
        if parameter.default is parameter.empty and parameter.kind not in _ARGUMENTS
    ]


def _unknown(path: Path, name: str, module: ModuleType) -> CheckpointError:
    public = {key: value for key, value in vars(module).items() if not key.startswith("_")}
    own = [
        key
        for key, value in public.items()
        if isinstance(value, nn.Module) or getattr(value, "__module__", "") == _OWN_NAME
    ]
    listed = ", ".join(own[:LISTED]) + (", …" if len(own) > LISTED else "")
    remedy = did_you_mean(name, own, f"It has {listed}." if own else _NAME)
    return CheckpointError(str(path), f"{path.name} has no {name!r}.", remedy)


ROUNDS = 4
"""How many axes may be settled by running the module."""
SMALL = 64
SMALL_FRAMES = 8
"""Pixels at which the other networks with the same tensors are tried."""


@dataclass(frozen=True, slots=True)
class _Subject:
    path: Path
    module: nn.Module
    state: Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class _Guess:
    """A network of ours, our names for the module's tensors, and how many layers agree before one does not."""

    spec: ResNetSpec
    names: Mapping[str, str]
    agreeing: int = 0
    first: str = ""


def study(path: Path, name: str) -> Iterator[Progress | OwnModule]:
    """Yield progress, and last what a module of the user's is.

    Raises CheckpointError where the file gives no module, or its tensors are not those of a residual network.
    """
    yield Progress(0, 4, f"running {path.name}")
    module = load(path, name)
    subject = _Subject(path, module, tensors(path, module))
    yield Progress(1, 4, "finding the network")
    result = identify({key: tuple(tensor.shape) for key, tensor in subject.state.items()})
    source, count = f"{path.name}:{name}", sum(parameter.numel() for parameter in module.parameters())
    if not result.fits:
        yield OwnModule(source, result, count)
        return
    drawn = compare.is_fresh(subject.state)
    if drawn:
        compare.draw({key: tensor for key, tensor in subject.state.items() if key in result.names})
    yield Progress(2, 4, "comparing the outputs")
    guess = _Guess(result.spec, result.names)
    proofs = _proofs(subject, guess, _images(guess.spec))
    if not all(proof.agrees for proof in proofs):
        guess = yield from _settled(subject, guess)
        if guess.spec != result.spec:
            proofs = _proofs(subject, guess, _images(guess.spec))
    agrees = all(proof.agrees for proof in proofs)
    settled = tuple(changes(result.spec, guess.spec))
    shown = replace(result, spec=guess.spec, names=guess.names, assumed=() if agrees else result.assumed)
    difference, contained = ("", False) if agrees else _difference(subject, guess, proofs)
    yield OwnModule(source, shown, count, drawn, proofs, settled, difference, contained)


def _images(spec: ResNetSpec) -> tuple[InputShape, ...]:
    """Return two inputs that the network takes: its usual one, and another of odd sides where it takes such."""
    usual = default_input(spec)
    side, frames = (usual.width, usual.frames) if spec.dims == 1 else (usual.height, usual.frames // 2 + 1)
    for height, width in ((side + 1, side * 3 // 4 + 1), (side, side * 3 // 4)):
        odd = InputShape(1, height, width, frames)
        try:
            analyse(compile_spec(spec), odd)
        except ExplorerError:
            continue
        return usual, odd
    return (usual,)


def _proofs(subject: _Subject, guess: _Guess, images: Iterable[InputShape]) -> tuple[Proof, ...]:
    model, proofs = compare.network(guess.spec, subject.state, guess.names), []
    for image in images:
        x = compare.image(image, guess.spec)
        try:
            with quoted(subject.path):
                given = compare.output(subject.module, x)
        except CheckpointError as error:
            proofs.append(Proof(image, None, error.what, guess.spec.dims))
        else:
            proofs.append(Proof(image, compare.error(given, compare.output(model, x)), dims=guess.spec.dims))
    return tuple(proofs)


def _calls(
    guess: _Guess, subject: _Subject, image: InputShape
) -> tuple[dict[str, compare.Call], dict[str, compare.Call], Exception | None]:
    """Return the calls of the module's layers at an input and those of ours, and what the module raised."""
    x = compare.image(image, guess.spec)
    model = compare.network(guess.spec, subject.state, guess.names)
    pairs = compare.layers(guess.names)
    with quoted(subject.path):
        theirs, problem = compare.calls(subject.module, pairs, x)
    ours, _ = compare.calls(model, {path: path for path in pairs.values()}, x)
    return theirs, ours, problem


def _judged(guess: _Guess, subject: _Subject, image: InputShape) -> _Guess:
    theirs, ours, _ = _calls(guess, subject, image)
    count, first = compare.agreeing(theirs, ours)
    return replace(guess, agreeing=count, first=first)


def _settled(subject: _Subject, guess: _Guess) -> Generator[Progress, None, _Guess]:
    """Yield progress, and return the network with the same tensors whose layers agree with the module's the longest."""
    usual = default_input(guess.spec)
    side = min(SMALL, usual.width)
    image = InputShape(1, side, side, min(SMALL_FRAMES, usual.frames))
    best = _judged(guess, subject, image)
    for _ in range(ROUNDS):
        if not best.first and (guess.spec.classes or _ends_alike(best, subject, image)):
            break  # the classifier saw everything before it
        rivals = list(_rivals(best))
        before = best
        for place, rival in enumerate(rivals):
            yield Progress(place, len(rivals), f"trying {title(rival.spec)}")
            judged = _judged(rival, subject, image)
            if _ends_alike(judged, subject, image) and not judged.first:
                best = judged
                break
            if judged.agreeing > best.agreeing:
                best = judged
        if best is before:
            break
    return best


def _ends_alike(guess: _Guess, subject: _Subject, image: InputShape) -> bool:
    return _proofs(subject, guess, (image,))[0].agrees


def _rivals(guess: _Guess) -> Iterator[_Guess]:
    """Yield the networks with the same tensors: those of the catalogue, and those with one other choice."""
    spec, seen = guess.spec, {guess.spec}
    catalogue = (replace(row.spec, classes=spec.classes, in_channels=spec.in_channels) for row in CATALOGUE.values())
    for other in (*catalogue, *_other_choices(spec)):
        other = named(replace(other, name=spec.name.removesuffix("-edited")))
        if other in seen:
            continue
        seen.add(other)
        moved = compare.same_tensors(spec, other)
        if moved is not None:
            yield _Guess(other, {theirs: moved.get(ours, ours) for theirs, ours in guess.names.items()})


def _other_choices(spec: ResNetSpec) -> Iterator[ResNetSpec]:
    for axis in AXES.values():
        now = spec.value(axis.key)
        values = [choice.value for choice in axis.choices] or ([not now] if isinstance(now, bool) else [])
        for value in values if axis.section != "Training depth" else ():
            try:
                yield assign(spec, f"{axis.key}={value}")
            except ExplorerError:
                continue


def _difference(subject: _Subject, guess: _Guess, proofs: tuple[Proof, ...]) -> tuple[str, bool]:
    """Return one sentence on the first layer whose output differs, and whether there is none."""
    image = next((proof.image for proof in proofs if not proof.agrees), proofs[0].image)
    theirs, ours, problem = _calls(guess, subject, image)
    count, first = compare.agreeing(theirs, ours)
    if not first:
        rest = f"after them, {quote(subject.path, problem)}" if problem else "its own code follows them."
        return f"The outputs of all {count} layers agree; {rest}", problem is None
    call, own, before = theirs[first], ours.get(first), list(theirs)[count - 1] if count else "the input"
    also = f" (in the file: {call.name})" if call.name != first else ""
    text = f"The first layer whose output differs is {first}{also}: "
    if own is None:
        return f"{text}the network does not use it at this place.", False
    if compare.error(call.into, own.into) > TOLERANCE:
        return f"{text}what reaches it differs already, so look at what lies between {before} and it.", False
    if call.out.shape != own.out.shape:
        return f"{text}it gives {_sides(call.out)}, where the network has {_sides(own.out)}.", False
    return f"{text}its input is the same, its output is not.", False


def _sides(x: Tensor) -> str:
    return "×".join(str(side) for side in x.shape[1:])
