"""Results as the engine gives them, made up: the right shape, and figures that nobody measured."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from resnet_explorer.autograd.clusters import Recorded, clusters
from resnet_explorer.autograd.values import AutogradGraph, GraphNode, NodeKind, RecordGraph, highway
from resnet_explorer.gradients.descent import Descent, DescentRequest, DescentStep, Paths, PathsRequest
from resnet_explorer.gradients.values import (
    LAGS,
    GradientRequest,
    GradientResult,
    Line,
    Neighbours,
    NetworkGradients,
    Sample,
    Shattering,
    ShatterRequest,
)
from resnet_explorer.insight import values as inside
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import Role
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.lesions import Lesions, LesionStudy
from resnet_explorer.readings.progress import Partial
from resnet_explorer.readings.quantities import IN_TRAINING, Place, Quantity, Series
from resnet_explorer.readings.results import TimingConditions
from resnet_explorer.runs.plan import Chunk, Ending, Metric, RunEnvironment
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import title
from resnet_explorer.timing.values import Measured, MeasureTime, Peak, Peaks, Span, Timed, Timing, added, work
from resnet_explorer.training.values import FindRate, RateTest, TrainRun
from resnet_explorer.verify.values import Check, Verdict

TORCH, DIGITS = "2.14.1+cpu", "1797 digits of 8 by 8 pixels, embedded"
CLASSES = 10
VERDICT = Verdict(
    68,
    (
        Check("PyTorch", "parameters", 11_689_512, 11_689_512),
        Check("fvcore", "MACs", 1_814_073_344, 1_824_033_792, "fvcore counts batch norm and pooling besides."),
    ),
    (),
    "2.14.1",
    "AVX2",
)


def places(spec: ResNetSpec, image: InputShape) -> tuple[Place, ...]:
    analysis = analyse(compile_spec(spec), image)
    stages = analysis.network.stages
    blocks = ((stage.number, block.path) for stage in stages for block in stage.blocks)
    return tuple(Place(path, number, analysis.sums[path].output) for number, path in blocks)


def times(job: MeasureTime) -> Measured:
    analysis = analyse(compile_spec(job.spec), job.image)
    setting = TimingConditions(job.device, "CPU (AVX2)", TORCH, 2, 2, job.repeats)
    peaks = Peaks(setting, (Peak("product", 1.2e11),), (Peak("copy", 1.6e10),))
    parts = dict(zip((row.path for row in analysis.rows), work(analysis, training=job.trains), strict=True))
    rows = tuple(_timed(path, [part]) for path, part in parts.items())
    sums = {path: _timed(path, [parts[row] for row in parts if _is_in(row, path)]) for path in _blocks(analysis)}
    whole = _timed("", list(parts.values()))
    return Measured(job, Timing(setting, job.image, job.trains, rows, {"": whole, **sums}, whole), peaks)


def _blocks(analysis: Analysis) -> list[str]:
    network = analysis.network
    return [*(stage.path for stage in network.stages), *(b.path for s in network.stages for b in s.blocks)]


def _is_in(path: str, outer: str) -> bool:
    return path.startswith(f"{outer}.")


def _timed(path: str, parts: list[Any]) -> Timed:
    total = added(parts)
    seconds = 1e-4 + total.flops / 6e10
    return Timed(path, Span(seconds, 0.9 * seconds, 1.3 * seconds), Span(2 * seconds, seconds, 3 * seconds), total)


def _values(spec: ResNetSpec, count: int, seed: int, *, trains: bool = False) -> dict[Quantity, Series]:
    terms = (Quantity.SHORTCUT, Quantity.BRANCH, Quantity.COSINE, Quantity.SHARE)
    growth = 1.02 if spec.residual else 1.3
    series = tuple(0.01 * (seed + 1) * growth ** (count - block) for block in range(count))
    return {
        quantity: (None,) * count if quantity in terms and not spec.residual else series
        for quantity in Quantity
        if trains or quantity not in IN_TRAINING
    }


def gradients(job: GradientRequest) -> GradientResult:
    networks = []
    for spec in job.specs:
        blocks = places(spec, job.image)
        samples = tuple(Sample(seed, 2.3, 0.1, _values(spec, len(blocks), seed), {}) for seed in job.seeds)
        networks.append(NetworkGradients(spec, blocks, samples))
    return GradientResult(job, tuple(networks), DIGITS, TORCH, 3.2)


def descent(job: DescentRequest) -> Descent:
    blocks = tuple(places(spec, job.image) for spec in job.specs)
    steps = []
    for step in range(job.recipe.steps):
        losses = tuple(2.3 / (1 + 0.02 * step * (1 + place)) for place in range(len(job.specs)))
        measured = None
        if step % job.recipe.measure_every == 0:
            pairs = zip(job.specs, blocks, strict=True)
            measured = tuple(_values(spec, len(own), 0, trains=True) for spec, own in pairs)
        steps.append(DescentStep(step, losses, (0.5,) * len(losses), measured))
    return Descent(job, blocks, tuple(steps), DIGITS, TORCH, 60.0)


def shattering(job: ShatterRequest) -> Shattering:
    fading = tuple(0.8 / lag for lag in LAGS)
    networks = tuple(Neighbours(spec, (fading,) * len(job.seeds)) for spec in job.specs)
    kinds = ("plain", "plain with batch norm", "residual", "residual with batch norm")
    lines = tuple(Line(kind, depth, (fading,) * len(job.seeds)) for kind in kinds for depth in job.depths)
    return Shattering(job, networks, lines, DIGITS, TORCH, 8.0)


def paths(job: PathsRequest) -> Paths:
    count = sum(job.spec.blocks) + 1
    shares = tuple(1 / 2 ** (length + 1) for length in range(count))
    return Paths(job, shares, shares, shares, 1.0, 1e-6, True, DIGITS, TORCH, 20.0)


def lesions(job: Any) -> LesionStudy:
    networks = []
    for spec in job.specs:
        own = getattr(job, "image", None) or job.runs[0].plan.image
        blocks = places(spec, own)
        dropped = tuple(0.05 + 0.01 * (block % 7) for block in range(len(blocks)))
        networks.append(Lesions(title(spec), spec, blocks, 0.02, 0.03, dropped, (*dropped[:-1], None), 297, DIGITS))
    return LesionStudy(job, tuple(networks), TORCH, 12.0)


def graph(job: RecordGraph) -> Recorded:
    """Return a graph with an operation for each layer, its parameters, and a shortcut around each block."""
    network = compile_spec(job.spec)
    nodes, edges = [GraphNode("input", NodeKind.LEAF, "input")], []
    nodes.append(GraphNode("AccumulateGrad", NodeKind.ACCUMULATE, "input"))
    edges.append((0, 1))
    last = start = 1
    for row in analyse(network, job.image).rows:
        role = row.part.layer.role
        if role in (Role.CONVOLUTION, Role.LINEAR):
            nodes += [
                GraphNode(f"{row.path}.weight", NodeKind.LEAF, row.path, (64, 64, 3, 3)),
                GraphNode("AccumulateGrad", NodeKind.ACCUMULATE, row.path),
            ]
            edges += [(len(nodes) - 2, len(nodes) - 1), (len(nodes) - 1, len(nodes))]
        nodes.append(
            GraphNode(_OPERATIONS.get(role, "ReluBackward0"), NodeKind.OPERATION, row.path, row.reading.output)
        )
        edges.append((last, len(nodes) - 1))
        last = len(nodes) - 1
        if role is Role.JOIN:
            edges.append((start, last))
            start = last
    nodes += [GraphNode("NllLossBackward0", NodeKind.OPERATION, "loss"), GraphNode("loss", NodeKind.OUTPUT, "loss")]
    edges += [(last, last + 1), (last + 1, last + 2)]
    made = AutogradGraph(tuple(nodes), tuple(edges), last + 1, last + 2, "cpu", TORCH)
    return Recorded(made, highway(made), clusters(made, network))


_OPERATIONS = {
    Role.CONVOLUTION: "ConvolutionBackward0",
    Role.NORM: "NativeBatchNormBackward0",
    Role.JOIN: "AddBackward0",
    Role.POOLING: "MaxPool2DWithIndicesBackward0",
    Role.LINEAR: "AddmmBackward0",
}


def training(job: TrainRun, until: int = 60) -> Iterator[object]:
    """Yield some steps of a run, and last how it ended."""
    plan = job.plan
    blocks = places(plan.spec, plan.image)
    names = tuple("0123456789")
    machine = ("AMD EPYC, 2 threads, AVX2", "2026-01-01T00:00")
    yield Partial(Chunk((), RunEnvironment(DIGITS, names, blocks, 1500, 297, TORCH, "1", *machine)))
    steps = min(until, plan.recipe.steps)
    yield Partial(Chunk(tuple(_metric(plan.spec, blocks, step) for step in range(steps))))
    yield Ending(job.folder, steps, plan.recipe.steps, 12.0)


def _metric(spec: ResNetSpec, blocks: tuple[Place, ...], step: int) -> Metric:
    loss, accuracy = (2.0 / (step + 1), 1 - 1 / (step + 2)) if step % 10 == 9 else (None, None)
    measured = _values(spec, len(blocks), 0, trains=True) if step % 10 == 0 else None
    return Metric(step, 2.3 / (step + 1), 0.5, 0.1, step * 0.2, loss, accuracy, measured)


def rates(job: FindRate) -> RateTest:
    tried = tuple(1e-6 * 10 ** (7 * step / 99) for step in range(80))
    return RateTest(tried, tuple(abs(2.3 - 3 * step / 60) + 0.2 for step in range(80)))


def _images(count: int, side: int, channels: int = 1) -> Any:
    ramp = np.arange(count * side * side * channels, dtype=np.int64) * 7 % 256
    return ramp.astype(np.uint8).reshape(count, side, side, channels)


def confusion(job: inside.ConfusionRequest) -> inside.Confusion:
    counts = np.full((CLASSES, CLASSES), 1, np.int64) + np.diag([20] * CLASSES)
    mistakes = tuple(inside.Mistake(image, image % 10, (image + 1) % 10, 0.98) for image in range(90))
    pixels = _images(90, job.plan.image.height)
    return inside.Confusion(job, counts, (3,) * int(counts.sum()), mistakes, pixels, 0.3, DIGITS, 1.0)


def gallery(job: inside.GalleryRequest) -> inside.Gallery:
    return inside.Gallery(job, _images(job.count, 8), tuple(n % 10 for n in range(job.count)), 297)


def cam(job: inside.CamRequest) -> inside.Cam:
    small, side = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4), job.plan.image.height
    large = np.linspace(0, 1, side * side, dtype=np.float32).reshape(side, side)
    return inside.Cam(job, 3, 3, 5, (0.05,) * 5 + (0.55,) + (0.05,) * 4, small, large, _images(1, side)[0])


def filters(job: inside.FiltersRequest) -> inside.Filters:
    weights = np.linspace(-1, 1, 16 * 9, dtype=np.float32).reshape(16, 1, 3, 3)
    return inside.Filters(job, "conv1", weights)


def features(job: inside.FeaturesRequest) -> inside.Features:
    maps = np.linspace(0, 1, 16 * 64, dtype=np.float32).reshape(16, 8, 8)
    return inside.Features(job, maps, _images(1, 8)[0], 3)


def surface(job: inside.SurfaceRequest) -> inside.Surface:
    line = np.linspace(-1, 1, job.size, dtype=np.float32)
    losses = (0.1 + line[:, None] ** 2 + line[None, :] ** 2).astype(np.float32)
    planes = tuple(inside.Slice(run, losses, np.ones(losses.shape, np.bool_), 0.1) for run in job.runs)
    return inside.Surface(job, planes, job.images, DIGITS, 30.0)
