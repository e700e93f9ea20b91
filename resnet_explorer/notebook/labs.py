"""The labs as functions: gradients, trainings, and the network that weights belong to; results as the app has them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from resnet_explorer.engine.pytorch import importing
from resnet_explorer.errors import ExplorerError
from resnet_explorer.finetuning import choices
from resnet_explorer.finetuning.plan import TUNING, TunePlan
from resnet_explorer.finetuning.values import BeforeAfter, EvaluateTuned
from resnet_explorer.gradients.values import GradientRequest, GradientResult, first_seeds
from resnet_explorer.images.choice import parse_data
from resnet_explorer.notebook.layers import html_table
from resnet_explorer.notebook.net import Net
from resnet_explorer.readings.plottable import Plottable
from resnet_explorer.readings.quantities import Loss, Mode
from resnet_explorer.runs.plan import Chunk, Ending, Metric, Run, RunPlan, describe_conditions
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.spec.catalogue import twin
from resnet_explorer.spec.search import default_input
from resnet_explorer.training.text import RUN_TITLES, describe_runs, row_of
from resnet_explorer.weights.compare import with_head

if TYPE_CHECKING:
    from torch import Tensor, nn

    from resnet_explorer.weights.values import Identified


def gradients(
    net: Net,
    *against: Net,
    seeds: int | Sequence[int] = 3,
    data: str = "digits",
    batch: int = 32,
    mode: str = "train",
    loss: str = "cross-entropy",
    device: str = "cpu",
) -> GradientResult:
    """Return the gradient norms of a network's blocks beside those of others, by default of its plain twin.

    All see the same images; ``seeds`` is how many seeds (from 0) or which. Raises ExplorerError where the networks
    cannot be measured together.
    """
    with importing():
        from resnet_explorer.gradients.lab import measure
    specs = (net.spec, *(other.spec for other in against)) if against else (net.spec, twin(net.spec))
    request = GradientRequest(
        specs,
        replace(net.image, batch=batch),
        parse_data(data),
        first_seeds(seeds) if isinstance(seeds, int) else tuple(seeds),
        Mode(mode),
        loss=Loss(loss),
        device=device,
    )
    *_, result = measure(request)
    return cast(GradientResult, result)


def identify(weights: "str | Path | nn.Module | Mapping[str, Tensor]", key: str | None = None) -> "Identified":
    """Return the network that weights belong to: those of a file, of a module, or tensors by their names.

    No code of a file is run. Its ``spec`` makes a network again: ``rx.network(rx.identify("model.pth").spec)``. Raises
    CheckpointError where they are those of no residual network.
    """
    with importing():
        from resnet_explorer.weights import checkpoint
        from resnet_explorer.weights.identify import identify as identify_shapes
        from resnet_explorer.weights.reader import read
    if isinstance(weights, str | Path):
        return checkpoint.identified(read(Path(weights), key=key))
    tensors = weights if isinstance(weights, Mapping) else weights.state_dict()
    return identify_shapes({name: tuple(tensor.shape) for name, tensor in tensors.items()})


@dataclass(frozen=True, eq=False)
class TrainedRuns(Plottable, Sequence[Run]):
    """Runs that were trained one after the other on the same images; a notebook shows how each ended."""

    runs: tuple[Run, ...]
    chart_by: ClassVar[str] = "resnet_explorer.training.charts:chart_of_runs"

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __getitem__(self, index: Any) -> Any:
        return self.runs[index]

    def __repr__(self) -> str:
        return describe_runs(self.runs).rstrip()

    def _repr_html_(self) -> str:
        conditions = escape(" · ".join(describe_conditions(self.runs)))
        return f"{html_table(RUN_TITLES, [row_of(run) for run in self.runs], 1)}\n<p>{conditions}</p>"


def train(
    *nets: Net,
    steps: int = 150,
    seed: int = 0,
    data: str = "digits",
    batch: int = 64,
    rate: float = 0.02,
    device: str = "cpu",
    recipe: Recipe | None = None,
) -> TrainedRuns:
    """Return runs of networks that were trained here, one after the other, on the same images in the same order.

    ``recipe`` replaces ``steps``, ``batch`` and ``rate``. Networks start from equal initial weights wherever names and
    shapes agree with the first. A loss that is not finite ends its run, whose ``problem`` says so. Raises
    ExplorerError where a network cannot take the images.
    """
    if not nets:
        raise ExplorerError("net", "There is no network to train.", "Name one: rx.train(rx.network('resnet20')).")
    made = recipe or Recipe(steps=steps, batch=batch, learning_rate=rate, evaluate_every=min(25, steps))
    images, like = parse_data(data), nets[0].spec if len(nets) > 1 else None
    plans = [
        RunPlan(net.spec.name, net.spec, replace(net.image, batch=1), images, made, seed, device, like) for net in nets
    ]
    return TrainedRuns(tuple(map(_run, plans)))


def finetune(
    data: str | Path,
    weights: str | Path = "DEFAULT",
    net: Net | None = None,
    *,
    folder: str | Path = "tuned",
    strategy: str = "A",
    epochs: int = 10,
    rate: float = 0.01,
    batch: int = 32,
    per_class: int = 0,
    seed: int = 0,
    device: str = "cpu",
) -> BeforeAfter:
    """Return a network before and after its fine-tuning on images: its head is new, its weights are given.

    ``data`` is a folder with a folder for each class, a table, ``digits`` or ``mnist``. ``weights`` are a file, the
    name of published ones (which must be on this machine) or of the app's own, ``mnist-resnet20``, or ``none``; a file
    tells its network where ``net`` is None. ``strategy`` is A, B, C, probe or full, ``rate`` the head's peak learning
    rate. The run is kept in ``folder``, where its best weights are ``best.safetensors``, and goes on from where it
    stopped. Raises ExplorerError where images or weights are missing or do not fit.
    """
    chosen, images = _weights(str(weights)), choices.parse_tune_data(str(data))
    if chosen.file is None and net is None:
        raise ExplorerError("net", "The network to fine-tune is not given.", "Name it: net=rx.network('resnet18').")
    spec = net.spec if net else with_head(identify(cast(Path, chosen.file)).spec)
    where = str(Path(images.where).absolute()) if images.where else ""
    plan = TunePlan(
        spec,
        chosen,
        replace(images, where=where, per_class=per_class),
        image=replace(net.image if net else default_input(spec), batch=1),
        channels=spec.in_channels,
        recipe=replace(TUNING, learning_rate=rate, batch=batch),
        strategy=choices.Strategy(strategy),
        epochs=epochs,
        seed=seed,
        device=device,
    )
    return _tuned(plan, Path(folder))


def _weights(text: str) -> choices.WeightsChoice:
    """Return the weights that a text names, a file by a path that holds everywhere."""
    chosen = choices.parse_weights(text)
    is_file = chosen.kind is choices.WeightsKind.FILE
    return replace(chosen, name=str(Path(chosen.name).absolute())) if is_file else chosen


def _tuned(plan: TunePlan, folder: Path) -> BeforeAfter:
    with importing():
        from resnet_explorer.finetuning.lab import evaluate, iterate_steps
    for event in iterate_steps(plan, folder):
        if isinstance(event, Ending) and event.problem:
            raise ExplorerError("train", event.problem, "Choose another folder, or mend what the run needs.")
    *_, result = evaluate(EvaluateTuned(str(folder)))
    return cast(BeforeAfter, result)


def _run(plan: RunPlan) -> Run:
    with importing():
        from resnet_explorer.training.loop import iterate_steps
    metrics: list[Metric] = []
    environment, problem = None, ""
    for event in iterate_steps(plan):
        if isinstance(event, Ending):
            problem = event.problem
        elif isinstance(chunk := getattr(event, "value", None), Chunk):
            metrics += chunk.metrics
            environment = chunk.environment or environment
    return Run(plan, environment, tuple(metrics), problem=problem)
