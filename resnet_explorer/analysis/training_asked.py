"""From words to runs: presets by their keys, the size of images, and the weights that a network starts from."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from resnet_explorer.analysis.gradients import twin
from resnet_explorer.analysis.recipe import Recipe
from resnet_explorer.analysis.training import DIGITS_IMAGE, RunPlan
from resnet_explorer.analysis.training_presets import PRESETS, TrainingPreset
from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import named
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.data_choice import DIGITS, DataChoice, DataKind, parse_data
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.lookup import default_input, find, resolve

_SIDES = {DataKind.MNIST: 28, DataKind.FASHION: 28, DataKind.CIFAR10: 32, DataKind.CIFAR100: 32}
"""The sides of the images of each set."""


def preset_of(key: str) -> TrainingPreset:
    """Return a preset by its key; raises ExplorerError with the known ones."""
    if key in PRESETS:
        return PRESETS[key]
    remedy = did_you_mean(key, PRESETS, f"Choose one of {', '.join(PRESETS)}.")
    raise ExplorerError("preset", f"There is no preset {key[:40]!r}.", remedy)


def net_name(net: str) -> str:
    """Return what a run is called whose network is named so: a file by its name without folder and ending."""
    return Path(net).stem if net.lower().endswith(".json") else net


def plan_of(
    net: str,
    settings: Sequence[str] = (),
    data: str | None = None,
    image: str | None = None,
    preset: TrainingPreset | None = None,
) -> RunPlan:
    """Return the run of a network that words name; images and recipe are the preset's where there is one."""
    net = resolve(net)
    return plan_for(net_name(net), find(net, settings), data, image, preset)


def plan_for(
    name: str, spec: ResNetSpec, data: str | None, image: str | None, preset: TrainingPreset | None
) -> RunPlan:
    """Return the run of a network; a plain one starts from the very branches of its residual twin."""
    choice = parse_data(data) if data else DataChoice(preset.needs) if preset and preset.needs else DIGITS
    own = preset.image if preset and not data else image_of(choice, spec)
    shape = parse_input(image, spec.in_channels) if image else own
    recipe = (preset.recipes or {}).get(name, preset.recipe) if preset else Recipe()
    like = None if spec.residual else twin(spec)
    return RunPlan(name, spec, replace(shape, batch=1), choice, recipe, like=like)


def image_of(data: DataChoice, spec: ResNetSpec) -> InputShape:
    """Return the size of a set's images; that of a network where they have no size of their own."""
    if data.kind is DataKind.DIGITS:
        return DIGITS_IMAGE
    side = _SIDES.get(data.kind)
    return InputShape(1, side, side) if side else default_input(spec)


def preset_plans(
    preset: TrainingPreset, settings: Sequence[str] = (), data: str | None = None, image: str | None = None
) -> tuple[RunPlan, ...]:
    """Return a preset's own runs, with axes of all of its networks, images, or their size changed."""
    choice = parse_data(data) if data else None
    plans = replace(preset, needs=None).plans() if choice else preset.plans()
    shape = parse_input(image, plans[0].spec.in_channels) if image else preset.image
    like = _changed(preset.like, settings) if preset.like else None
    return tuple(
        replace(
            one,
            spec=_changed(one.spec, settings),
            like=like,
            data=choice or one.data,
            image=replace(shape, batch=1),
        )
        for one in plans
    )


def _changed(spec: ResNetSpec, settings: Sequence[str]) -> ResNetSpec:
    return named(assign(spec, *settings)) if settings else spec
