"""The training lab's experiments: question, networks, recipe, how to read the plot, and references."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from resnet_explorer.errors import ExplorerError, did_you_mean
from resnet_explorer.images.choice import DIGITS, DataChoice, DataKind, parse_data
from resnet_explorer.readings.results import Reference
from resnet_explorer.runs.plan import DIGITS_IMAGE, RunPlan
from resnet_explorer.runs.recipe import Recipe, Schedule
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find, named, twin
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input, find_network, resolve

Networks = tuple[tuple[str, ResNetSpec], ...]
"""The name of each run, and its network."""


@dataclass(frozen=True, slots=True)
class TrainingPreset:
    """An experiment: title, question, what to train, how to read the plot, and references.

    All runs start from ``like`` if given, so that twins have equal branches. ``recipes`` are the recipes of runs that
    differ from the rest, by name. ``needs`` are images that do not come with the app. ``minutes`` is the approximate
    time of all runs together, on two cores where ``needs`` is None, else on one GPU.
    """

    key: str
    title: str
    question: str
    networks: Networks
    recipe: Recipe
    look_for: str
    references: tuple[Reference, ...]
    minutes: float
    like: ResNetSpec | None = None
    recipes: Mapping[str, Recipe] | None = None
    image: InputShape = DIGITS_IMAGE
    needs: DataKind | None = None

    def plans(self, seed: int = 0, root: str = "") -> tuple[RunPlan, ...]:
        """Return the runs of a seed; ``root`` is the folder of the images; raises ExplorerError if it is missing."""
        data = DataChoice(self.needs, root) if self.needs else DIGITS
        recipes = self.recipes or {}
        return tuple(
            RunPlan(name, spec, self.image, data, recipes.get(name, self.recipe), seed, like=self.like)
            for name, spec in self.networks
        )


_HE = Reference("He et al. 2015, section 4.2 and figure 6", "1512.03385")
_DEPTH = Reference("He et al. 2015, section 4.1", "1512.03385")
_INIT = Reference("He et al. 2015, “Delving Deep into Rectifiers”, section 2.2 and figure 3", "1502.01852")
_YANG = Reference("Yang et al. 2019, “A Mean Field Theory of Batch Normalization”", "1902.08129")
_HUANG = Reference("Huang et al. 2016, “Deep Networks with Stochastic Depth”, section 3", "1603.09382")
_VEIT = Reference("Veit et al. 2016, “Residual Networks Behave Like Ensembles”, section 4", "1605.06431")
_GOYAL = Reference("Goyal et al. 2017, section 5.1", "1706.02677")

CIFAR_IMAGE = InputShape(1, 32, 32)
_SMALL = ("width=8", "in_channels=1")
"""The networks of the paper's section 4.2, half as wide, for one grey channel."""
_UNNORMED = ("norm=none", "init=pytorch-default")


def _changed(spec: ResNetSpec, settings: Sequence[str]) -> ResNetSpec:
    return named(assign(spec, *settings)) if settings else spec


def _net(name: str, *settings: str) -> ResNetSpec:
    return _changed(find(name.replace("-", "")), settings)


def _nets(*names: str, settings: tuple[str, ...] = ()) -> Networks:
    return tuple((name, _net(name, *settings)) for name in names)


_FOUR = ("plain-20", "plain-56", "resnet-20", "resnet-56")
_PAPER = Recipe(
    steps=64_000,
    batch=128,
    learning_rate=0.1,
    schedule=Schedule.STEPS,
    milestones=(32_000, 48_000),
    pad=4,
    flip=True,
    evaluate_every=500,
    measure_every=500,
)
"""He et al. 2015, section 4.2; 64,000 steps of 128 images are 164 epochs."""
_WARM = replace(_PAPER, warmup=400, warmup_from=0.1)
"""ResNet-110: the paper keeps 0.01 for some 400 steps, until the training error is below 80 %; here it is a line."""

_ROWS = (
    TrainingPreset(
        "degradation",
        "Degradation in ten seconds",
        "does a deeper net fit its training images worse?",
        _nets(*_FOUR, settings=_SMALL),
        Recipe(steps=150, learning_rate=0.02),
        "Compare the training losses, not the test losses: nothing over-fits here. plain-56 ends far above plain-20 "
        "(seen: 1.4 to 2.0 against 0.15 to 0.23, 5 seeds), although it could copy plain-20 and pass the rest on. The "
        "same layers with shortcuts, resnet-56, end at about 0.01. The nets have batch norm: their gradients do not "
        "vanish.",
        (_DEPTH, _HE),
        0.15,
        like=_net("resnet-20", *_SMALL),
    ),
    TrainingPreset(
        "vanishing",
        "Vanishing gradients",
        "what if there is no batch norm?",
        _nets(*_FOUR, settings=(*_SMALL, *_UNNORMED)),
        Recipe(steps=200, learning_rate=0.05),
        "A different failure: both plain nets stay at chance level, a loss of 2.30 (seen: 5 of 5 times), even the "
        "shallow one. Plot the gradient block by block: it vanishes towards the input. Both residual nets learn from "
        "the same initial branches (0.03 to 0.10).",
        (_INIT, _DEPTH),
        0.15,
        like=_net("resnet-20", *_SMALL, *_UNNORMED),
    ),
    TrainingPreset(
        "figure-6",
        "Figure 6 of the paper",
        "the full recipe on CIFAR-10",
        _nets(
            *("plain-20", "plain-32", "plain-44", "plain-56"), *("resnet-20", "resnet-32", "resnet-56", "resnet-110")
        ),
        _PAPER,
        "In the paper the plain nets get worse as they get deeper, in training as in test, and the residual nets get "
        "better: ResNet-20 has a test error of 8.75 %, ResNet-32 7.51 %, ResNet-56 6.97 %, ResNet-110 6.43 % (best of "
        "5 runs). Look at both falls of the rate, at 32,000 and 48,000 steps. ResNet-110 warms up over 400 steps: "
        "the paper keeps 0.01 there, here the rate rises in a line. Not run for this text: it takes hours on a GPU.",
        (_HE,),
        240.0,
        like=_net("resnet-20"),
        recipes={"resnet-110": _WARM},
        image=CIFAR_IMAGE,
        needs=DataKind.CIFAR10,
    ),
    TrainingPreset(
        "depth",
        "How deep can you go?",
        "110 and 1202 layers, with warm-up",
        (
            *_nets("plain-110", "resnet-110", "resnet-1202", settings=_SMALL),
            ("resnet-1202, zero-init", _net("resnet-1202", *_SMALL, "zero_init=true")),
        ),
        Recipe(steps=100, learning_rate=0.02, warmup=40, warmup_from=0.1, evaluate_every=50, measure_every=20),
        "plain-110 learns almost nothing in 100 steps (seen: 2.25 to 2.26, 3 times); with shortcuts the same layers "
        "end at 0.12 to 0.20. Shortcuts alone do not carry any depth: resnet-1202 began far above chance, and was at "
        "chance or worse when the steps were over (3 times, once with 200 steps). With the last norm of each branch at "
        "0 it learnt: 0.19 and 0.20. In the paper ResNet-1202 trains well within its 64,000 steps, and its test error "
        "on CIFAR-10, 7.93 %, is above the 6.43 % of ResNet-110: it over-fits. These digits and these few steps cannot "
        "show that.",
        (_HE, _GOYAL),
        3.5,
        like=_net("resnet-110", *_SMALL),
    ),
    TrainingPreset(
        "stochastic-depth",
        "Stochastic depth",
        "can blocks be skipped during training?",
        (
            ("resnet-56", _net("resnet-56", *_SMALL)),
            ("resnet-56, stochastic depth", _net("resnet-56", *_SMALL, "stochastic_depth=0.5")),
        ),
        Recipe(steps=300, learning_rate=0.02),
        "Each step skips a quarter of all blocks on average: the last one in half of all steps, the first hardly ever. "
        "The training loss is that of the shortened "
        "network, and so it is higher (seen: 0.05 to 0.08 against 0.001); compare the test errors, which are of the "
        "whole one. On these easy digits skipping does not pay: 1.7 to 3.4 % against 1.3 to 2.0 % after 300 steps "
        "(3 times). In the paper it is what makes 1202 layers worth while on CIFAR-10, 4.91 %.",
        (_HUANG, _VEIT),
        0.25,
        like=_net("resnet-56", *_SMALL),
    ),
    TrainingPreset(
        "init",
        "He against Xavier",
        "does the initialisation decide?",
        (
            ("He", _net("plain-20", *_SMALL, "norm=none", "blocks=2,2,2", "init=he-fan-in")),
            ("Xavier", _net("plain-20", *_SMALL, "norm=none", "blocks=2,2,2", "init=xavier")),
            ("PyTorch's default", _net("plain-20", *_SMALL, "norm=none", "blocks=2,2,2", "init=pytorch-default")),
            ("Xavier, batch norm", _net("plain-20", *_SMALL, "blocks=2,2,2", "init=xavier")),
        ),
        Recipe(steps=200, learning_rate=0.05),
        "A plain net of 14 layers without normalisation. He initialisation compensates for the half that each ReLU "
        "cuts off, and the net learns (seen: 0.3 to 0.7 after 200 steps, 5 times of 5); with Xavier initialisation, "
        "which was designed for networks without ReLU, and with PyTorch's default it stays at chance level, 2.30. "
        "With batch norm Xavier initialisation works well, 0.04 to 0.06.",
        (_INIT, _YANG),
        0.1,
    ),
    TrainingPreset(
        "zero-init",
        "Zero-init of the last norm",
        "every block starts as its shortcut",
        (
            ("resnet-56", _net("resnet-56", *_SMALL)),
            ("resnet-56, zero-init", _net("resnet-56", *_SMALL, "zero_init=true")),
        ),
        Recipe(steps=100, learning_rate=0.2),
        "At this large rate the default initialisation diverges in the first steps (seen: to a loss of 8 to 11) and "
        "has not recovered after 100 (0.5 to 1.8, 5 times of 5). With the last norm of each branch at 0 the loss stays "
        "at or below chance level from the first step, and ends at 0.07 to 0.13. At a rate of 0.02 it is the other way "
        "round: zero-init learns more slowly (2 seeds of 2). Goyal et al. use it for very large batches on ImageNet.",
        (_GOYAL,),
        0.1,
        like=_net("resnet-56", *_SMALL),
    ),
)
PRESETS: Mapping[str, TrainingPreset] = {row.key: row for row in _ROWS}
_SIDES = {DataKind.MNIST: 28, DataKind.FASHION: 28, DataKind.CIFAR10: 32, DataKind.CIFAR100: 32}
"""The sides of the images of each set."""


def preset_of(key: str) -> TrainingPreset:
    """Return a preset by its key; raises ExplorerError with the known ones."""
    if key in PRESETS:
        return PRESETS[key]
    remedy = did_you_mean(key, PRESETS, f"Choose one of {', '.join(PRESETS)}.")
    raise ExplorerError("preset", f"There is no preset {key[:40]!r}.", remedy)


def net_name(net: str) -> str:
    """Return the name of a network's run: that of a file without folder and suffix."""
    return Path(net).stem if net.lower().endswith(".json") else net


def plan_of(
    net: str,
    settings: Sequence[str] = (),
    data: str | None = None,
    image: str | None = None,
    preset: TrainingPreset | None = None,
) -> RunPlan:
    """Return the run of a network by its name; images and recipe are those of the preset, if given."""
    net = resolve(net)
    return plan_for(net_name(net), find_network(net, settings), data, image, preset)


def plan_for(
    name: str, spec: ResNetSpec, data: str | None, image: str | None, preset: TrainingPreset | None
) -> RunPlan:
    """Return the run of a network; a plain one starts from the branches of its residual twin."""
    choice = parse_data(data) if data else DataChoice(preset.needs) if preset and preset.needs else DIGITS
    own = preset.image if preset and not data else image_of(choice, spec)
    shape = parse_input(image, spec.in_channels, spec.dims) if image else own
    recipe = (preset.recipes or {}).get(name, preset.recipe) if preset else Recipe()
    like = None if spec.has_shortcuts else twin(spec)
    return RunPlan(name, spec, replace(shape, batch=1), choice, recipe, like=like)


def image_of(data: DataChoice, spec: ResNetSpec) -> InputShape:
    """Return the image size of a data set, or the network's where its images have no common size."""
    if data.kind is DataKind.DIGITS:
        return DIGITS_IMAGE
    side = _SIDES.get(data.kind)
    return InputShape(1, side, side) if side else default_input(spec)


def preset_plans(
    preset: TrainingPreset, settings: Sequence[str] = (), data: str | None = None, image: str | None = None
) -> tuple[RunPlan, ...]:
    """Return the runs of a preset, with changed settings of its networks, images, or image size."""
    choice = parse_data(data) if data else None
    plans = replace(preset, needs=None).plans() if choice else preset.plans()
    shape = parse_input(image, plans[0].spec.in_channels, plans[0].spec.dims) if image else preset.image
    like = _changed(preset.like, settings) if preset.like else None
    return tuple(
        replace(
            plan, spec=_changed(plan.spec, settings), like=like, data=choice or plan.data, image=replace(shape, batch=1)
        )
        for plan in plans
    )
