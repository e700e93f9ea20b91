"""A plan's network with its first weights: published, from a file, or drawn; and what was and was not loaded."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from resnet_explorer.analysis.identify import identify
from resnet_explorer.analysis.tuning.channels import PORTS, adapts, first_convolution
from resnet_explorer.analysis.tuning.choices import WeightsKind
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import Started
from resnet_explorer.errors import CheckpointError, ExplorerError
from resnet_explorer.lab.tuning.channels import add_adapter, mixed
from resnet_explorer.lab.tuning.head import HEAD, drawn, give
from resnet_explorer.lab.tuning.weights import find
from resnet_explorer.model import checkpoint
from resnet_explorer.model.build import ResNet
from resnet_explorer.spec import ResNetSpec
from resnet_explorer.spec.catalogue import title
from resnet_explorer.spec.change import differences

FREE = ("classes", "dropout", "init", "zero_init", "stochastic_depth", "block_dropout", "shortcut_dropout")
"""Axes that may differ between a file's network and the plan's: the head, first weights, what is random."""


def start(plan: TunePlan) -> tuple[ResNet, Started]:
    """Return the network to tune, on the CPU in training mode, and what it starts from.

    What no file gives is drawn from the plan's seed. Raises ExplorerError where published weights are not on this
    machine, and CheckpointError where a file's weights are those of another network.
    """
    model = drawn(plan.network_spec, plan.seed)
    if plan.weights.kind is WeightsKind.NONE:
        started = Started((f"All weights are drawn from seed {plan.seed}.",), 0, False)
    else:
        state, source, same = _published(plan) if plan.weights.kind is WeightsKind.PUBLISHED else _file(plan)
        loaded = give(model, _ported(plan, state), () if same else HEAD)
        started = Started(_words(plan, source, state, same=same), loaded, same)
    return (add_adapter(model, *plan.adapter) if plan.adapter else model), started


def bare(plan: TunePlan) -> ResNet:
    """Return the network to tune with no weights of its own: for some that are loaded next."""
    model = drawn(plan.network_spec, plan.seed)
    return add_adapter(model, *plan.adapter) if plan.adapter else model


def _published(plan: TunePlan) -> tuple[Mapping[str, Tensor], str, bool]:
    """Return the tensors by our names, what they are, and whether their classes are the plan's."""
    one = find(plan.spec, plan.weights.name)
    if not one.cached:
        raise ExplorerError("weights", f"{one.name} of {title(plan.spec)} is not on this machine.", "Download it.")
    return _tensors(plan, Path(one.cached)), f"{one.name} of {title(plan.spec)}", plan.classes == one.classes


def _file(plan: TunePlan) -> tuple[Mapping[str, Tensor], str, bool]:
    path = Path(plan.weights.name)
    state = _tensors(plan, path)
    return state, path.name, HEAD[0] in state and state[HEAD[0]].shape[0] == len(plan.classes)


def _tensors(plan: TunePlan, path: Path) -> Mapping[str, Tensor]:
    """Return a file's tensors by our names; raises CheckpointError where they are another network's."""
    read = checkpoint.read(path)
    found = checkpoint.identified(read)
    wanted = replace(plan.spec, classes=found.spec.classes)
    fits = identify({name: tuple(tensor.shape) for name, tensor in read.tensors.items()}, wanted)
    if not fits.fits or (read.spec and _differ(read.spec, wanted)):
        raise CheckpointError(str(path), _other(path, found.spec, plan.spec), "Choose that network, or another file.")
    state = {fits.names[name]: tensor for name, tensor in read.tensors.items()}
    return {name: tensor.flatten(1) if name == HEAD[0] else tensor for name, tensor in state.items()}


def _differ(theirs: ResNetSpec, ours: ResNetSpec) -> bool:
    return bool(set(differences(theirs, ours)) - set(FREE))


def _other(path: Path, theirs: ResNetSpec, ours: ResNetSpec) -> str:
    if title(theirs) != title(ours):
        return f"{path.name} holds {title(theirs)}, not {title(ours)}."
    axes = ", ".join(key for key in differences(theirs, ours) if key not in FREE)
    return f"{path.name} holds a {title(theirs)} of other {axes or 'tensors'}."


def _ported(plan: TunePlan, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the tensors with the first convolution for the images' channels."""
    if plan.grey not in PORTS or not adapts(plan.spec, plan.channels):
        return state
    name = f"{first_convolution(plan.network)[0]}.weight"
    return {**state, name: mixed(state[name], plan.grey, plan.channels)}


def _words(plan: TunePlan, source: str, state: Mapping[str, Tensor], *, same: bool) -> tuple[str, ...]:
    first = f"The backbone starts from {source}."
    if same:
        return (first, "The head has as many classes as the file's, and starts from it too.")
    had = state[HEAD[0]].shape[0] if HEAD[0] in state else 0
    return (first, f"The head of {had:,} classes was not loaded: there are {len(plan.classes):,}; it is new.")
