"""Python files of the user's: run, and asked for a module. Whatever they do becomes one sentence."""

import importlib.util
import inspect
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from operator import attrgetter
from pathlib import Path
from textwrap import shorten
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from resnet_explorer.errors import CheckpointError, did_you_mean

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
        if any(is_lazy(one) for one in (*module.parameters(), *module.buffers())):
            raise CheckpointError(
                str(path), f"{name} has lazy layers whose shapes are not known yet.", "Run it on one image in the file."
            )
        if any(one.is_meta for one in (*module.parameters(), *module.buffers())):
            module = module.to_empty(device="cpu")
            for one in (*module.parameters(), *module.buffers()):
                one.data.zero_()
        return module.to("cpu", torch.float32).eval()


def tensors(path: Path, module: nn.Module) -> dict[str, Tensor]:
    """Return the tensors of a module by its own names, as its state_dict has them: they share its memory."""
    with quoted(path):
        found = {str(name): one for name, one in module.state_dict().items() if isinstance(one, Tensor)}
    if not found:
        raise CheckpointError(str(path), f"The module in {path.name} holds no tensors.", "Name another one.")
    return found


@contextmanager
def quoted(path: Path) -> Iterator[None]:
    """Turn whatever the user's code raises, sys.exit too, into a CheckpointError; what it prints is dropped."""
    with ExitStack() as borrowed:
        nowhere = borrowed.enter_context(Path(os.devnull).open("w"))
        for context in (redirect_stdout(nowhere), redirect_stderr(nowhere), warnings.catch_warnings()):
            borrowed.enter_context(context)
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
    torch.set_default_device("cpu")
    torch.set_grad_enabled(True)
    return module


def _made(path: Path, name: str, module: ModuleType) -> nn.Module:
    with quoted(path):
        try:
            found = attrgetter(name)(module)
        except AttributeError as error:
            raise _unknown(path, name, module) from error
        if isinstance(found, nn.Module):
            return found
        if not callable(found):
            raise CheckpointError(str(path), f"{name} in {path.name} is of type {_kind(found)}, not a module.", _NAME)
        if needed := _needed(found):
            what = f"{name} in {path.name} needs arguments: {', '.join(needed)}."
            raise CheckpointError(str(path), what, f"Add a line such as net = {name}(…) to the file, and name net.")
        made = found()
        if not isinstance(made, nn.Module):
            raise CheckpointError(str(path), f"{name}() in {path.name} returns {_kind(made)}, not a module.", _NAME)
        return made


_NAME = "Name a torch.nn.Module, or a class or function that makes one without arguments."


def _kind(thing: object) -> str:
    return type(thing).__name__


def _needed(maker: object) -> list[str]:
    """Return the arguments that a class or function cannot do without."""
    try:
        parameters = inspect.signature(maker).parameters.values()  # type: ignore[arg-type]  # it is callable
    except (TypeError, ValueError):
        return []
    return [one.name for one in parameters if one.default is one.empty and one.kind not in _ARGUMENTS]


def _unknown(path: Path, name: str, module: ModuleType) -> CheckpointError:
    own = [key for key, one in vars(module).items() if not key.startswith("_") and _is_own(one)]
    known = ", ".join(own[:LISTED]) + (", …" if len(own) > LISTED else "")
    remedy = did_you_mean(name, own, f"It has {known}." if own else _NAME)
    return CheckpointError(str(path), f"{path.name} has no {name!r}.", remedy)


def _is_own(thing: object) -> bool:
    """Return whether something is a module, or may make one and is the file's own."""
    return isinstance(thing, nn.Module) or getattr(thing, "__module__", "") == _OWN_NAME
