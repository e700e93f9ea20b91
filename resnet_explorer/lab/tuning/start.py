"""A plan's network with its first weights: published, from a file, or drawn; and what was and was not loaded."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from resnet_explorer.analysis.identify import Identified, identify
from resnet_explorer.analysis.tuning.channels import PORTS, adapts, first_convolution
from resnet_explorer.analysis.tuning.choices import WeightsKind
from resnet_explorer.analysis.tuning.file_weights import head_words, refusal
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import Started
from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.lab.tuning.channels import add_adapter, mixed
from resnet_explorer.lab.tuning.head import HEAD, drawn, give
from resnet_explorer.lab.tuning.weights import find
from resnet_explorer.model import checkpoint
from resnet_explorer.model.build import ResNet
from resnet_explorer.model.files import read as read_weights
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import title


def start(plan: TunePlan) -> tuple[ResNet, Started]:
    """Return the network to tune, on the CPU in training mode, and what it starts from.

    What no file gives is drawn from the plan's seed. Raises ExplorerError where published weights are not on this
    machine, and CheckpointError where a file's weights are those of another network.
    """
    model = drawn(plan.network_spec, plan.seed)
    if plan.weights.kind is WeightsKind.NONE:
        started = Started((f"All weights are drawn from seed {plan.seed}.",), 0, False)
    else:
        state, words, same = _published(plan) if plan.weights.kind is WeightsKind.PUBLISHED else _file(plan)
        loaded = give(model, _ported(plan, state), () if same else HEAD)
        started = Started(words, loaded, same)
    return (add_adapter(model, *plan.adapter) if plan.adapter else model), started


def bare(plan: TunePlan) -> ResNet:
    """Return the network to tune with no weights of its own: for some that are loaded next."""
    model = drawn(plan.network_spec, plan.seed)
    return add_adapter(model, *plan.adapter) if plan.adapter else model


def check_file(path: Path, spec: ResNetSpec, key: str = "") -> tuple[Mapping[str, Tensor], Identified, tuple[str, ...]]:
    """Return a file's tensors by the names of a network, what was found in the file, and notes on what was read of it.

    ``key`` chooses where it holds several networks.

    Raises CheckpointError where they are another network's, or not all of them are finite.
    """
    read = read_weights(path, key=key or None)
    found = checkpoint.identified(read)
    shapes = {name: tuple(tensor.shape) for name, tensor in read.tensors.items()}
    own = [read.tensors[name] for name in found.names]
    why = refusal(path.name, found, spec, *checkpoint.strange_values(own))
    if why:
        raise CheckpointError(str(path), why, "Choose that network, or another file.")
    fitting = identify(shapes, replace(spec, classes=found.spec.classes))
    return checkpoint.state_of(read, fitting), found, read.notes


def _published(plan: TunePlan) -> tuple[Mapping[str, Tensor], tuple[str, ...], bool]:
    """Return the tensors by our names, what is said of them, and whether their classes are the plan's."""
    one = find(plan.spec, plan.weights.name)
    if not one.cached:
        raise ExplorerError("weights", f"{one.name} of {title(plan.spec)} is not on this machine.", "Download it.")
    state, found, _ = check_file(Path(one.cached), plan.spec)
    same = plan.classes == one.classes
    first = f"The backbone starts from {one.name} of {title(plan.spec)}."
    return state, (first, *_head(one.name, found, len(plan.classes), same=same)), same


def _file(plan: TunePlan) -> tuple[Mapping[str, Tensor], tuple[str, ...], bool]:
    path = Path(plan.weights.name)
    state, found, notes = check_file(path, plan.spec, plan.weights.key)
    same = found.spec.classes == len(plan.classes)
    first = f"The backbone starts from {path.name}."
    return state, (first, *_head(path.name, found, len(plan.classes), same=same), *notes), same


def _head(file: str, found: Identified, classes: int, *, same: bool) -> tuple[str, ...]:
    """Return what is said of the head: that of another thousand classes is new, too."""
    if found.spec.classes == classes and not same:
        return (f"The head of {classes:,} classes was not loaded: these are other classes; it is new.",)
    return head_words(file, found, classes)


def _ported(plan: TunePlan, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the tensors with the first convolution for the images' channels."""
    if plan.grey not in PORTS or not adapts(plan.spec, plan.channels):
        return state
    name = f"{first_convolution(plan.network)[0]}.weight"
    return {**state, name: mixed(state[name], plan.grey, plan.channels)}
