"""Requests to inspect trained networks, and their results with arrays."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from resnet_explorer.codec import Array
from resnet_explorer.engine.jobs import Place, job
from resnet_explorer.errors import ExplorerError
from resnet_explorer.network import Block, compile_spec, flat
from resnet_explorer.network.kinds import Role
from resnet_explorer.network.kinds.blocks import Scale
from resnet_explorer.runs.folder import CHECKPOINT, run_files
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.spec import ResNetSpec

if TYPE_CHECKING:
    from numpy import bool_, float32, int64, uint8


MOST_MISTAKES = 500
"""The number of misclassified images whose pixels are sent."""
PAGE = 120
"""Test images on a page."""
MAX_SIZE, MAX_IMAGES = 101, 1_000_000


@dataclass(frozen=True, slots=True)
class RunReference:
    """A trained network: the folder of its run, and its plan."""

    folder: str
    plan: RunPlan

    @property
    def device(self) -> str:
        return self.plan.device

    @property
    def reads(self) -> tuple[str, ...]:
        return run_files(self.folder)


@job("resnet_explorer.insight.lab:gallery", keeps="resnet_explorer.insight.values:Gallery")
@dataclass(frozen=True, slots=True)
class GalleryRequest(RunReference):
    """Fetch ``count`` test images as the network sees them, starting at number ``first``."""

    first: int = 0
    count: int = PAGE


@job("resnet_explorer.insight.lab:confusion", keeps="resnet_explorer.insight.values:Confusion")
@dataclass(frozen=True, slots=True)
class ConfusionRequest(RunReference):
    """Classify every test image in evaluation mode; raises ExplorerError for a network without classes."""

    def __post_init__(self) -> None:
        _need_classes(self.plan)


@job("resnet_explorer.insight.lab:cam", keeps="resnet_explorer.insight.values:Cam")
@dataclass(frozen=True, slots=True)
class CamRequest(RunReference):
    """Compute Grad-CAM for the test image of number ``image`` (Selvaraju et al. 2017, section 3).

    ``path`` is the layer whose maps are weighted; ``target`` is a class, None for the predicted one.
    """

    image: int
    path: str
    target: int | None = None

    def __post_init__(self) -> None:
        _need_classes(self.plan)


@job("resnet_explorer.insight.lab:filters", keeps="resnet_explorer.insight.values:Filters")
@dataclass(frozen=True, slots=True)
class FiltersRequest(RunReference):
    """Fetch the weights of the first convolution."""


@job("resnet_explorer.insight.lab:features", keeps="resnet_explorer.insight.values:Features")
@dataclass(frozen=True, slots=True)
class FeaturesRequest(RunReference):
    """Fetch the output of the layer, block or stage at ``path`` for the test image of number ``image``."""

    image: int
    path: str


@dataclass(frozen=True, slots=True)
class RunsRequest:
    """Measure several trained networks, on the device of the first; raises ExplorerError where one has no classes."""

    runs: tuple[RunReference, ...]

    def __post_init__(self) -> None:
        if not self.runs:
            raise ExplorerError("runs", "There is no trained network.", "Choose one.")
        for run in self.runs:
            _need_classes(run.plan)

    @property
    def device(self) -> str:
        return self.runs[0].device

    @property
    def specs(self) -> tuple[ResNetSpec, ...]:
        return tuple(run.plan.spec for run in self.runs)


@job("resnet_explorer.insight.lab:surface", Place.ALONE, keeps="resnet_explorer.insight.values:Surface")
@dataclass(frozen=True, slots=True)
class SurfaceRequest(RunsRequest):
    """Measure the loss in a plane through the trained weights of each network (Li et al. 2018, section 4).

    The plane is a grid of ``size`` × ``size`` points from −``reach`` to ``reach`` along two random directions drawn
    from ``seed``. The loss is that of ``images`` training images, also picked by the seed. Batch norm uses its running
    statistics, as in the paper's code, or with ``batch_statistics`` those of these images. Raises ExplorerError for
    invalid values.
    """

    size: int = 21
    reach: float = 1.0
    images: int = 256
    seed: int = 0
    batch_statistics: bool = False

    def __post_init__(self) -> None:
        RunsRequest.__post_init__(self)
        if not (3 <= self.size <= MAX_SIZE and self.size % 2):
            text = f"A grid of {self.size}×{self.size} points has no middle, or too few or many."
            raise ExplorerError("size", text, f"Choose an odd number from 3 to {MAX_SIZE}.")
        if not (isfinite(self.reach) and self.reach > 0):
            raise ExplorerError("reach", f"A plane cannot reach {self.reach}.", "Choose a number above 0.")
        if not 1 <= self.images <= MAX_IMAGES:
            raise ExplorerError("images", f"{self.images:,} images cannot be used.", f"Choose 1 to {MAX_IMAGES:,}.")


@job("resnet_explorer.insight.lab:lesions", Place.ALONE, keeps="resnet_explorer.readings.lesions:LesionStudy")
@dataclass(frozen=True, slots=True)
class RunLesionsRequest(RunsRequest):
    """Measure the test error without each block, and with each pair of equal neighbours swapped.

    Veit et al. 2016, sections 4.1 and 4.3.
    """


Slow = SurfaceRequest | RunLesionsRequest
"""Requests that take long: a recorded result is shown until they are answered, and a cancelled one stays cancelled."""
InsideRequest = GalleryRequest | ConfusionRequest | CamRequest | FiltersRequest | FeaturesRequest | Slow


def _need_classes(plan: RunPlan) -> None:
    if plan.spec.classes is None:
        raise ExplorerError("classes", "A backbone does not classify images.", "Give it classes.")


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """A page of test images: pixels (n, height, width, 1 or 3) and classes; ``total`` is the number of test images."""

    request: GalleryRequest
    pixels: Array["uint8"]
    truth: tuple[int, ...]
    total: int


class Mistake(NamedTuple):
    """A misclassified test image: its number, true and predicted class, and the probability of the latter."""

    image: int
    truth: int
    predicted: int
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Predictions for the test images: ``counts`` has a row for each true class, a column for each predicted one.

    ``mistakes`` are all misclassified images, the most confident first; ``pixels`` are those of the first ones.
    ``predicted`` has the class of each test image, in order. ``data`` describes the images.
    """

    request: ConfusionRequest
    counts: Array["int64"]
    predicted: tuple[int, ...]
    mistakes: tuple[Mistake, ...]
    pixels: Array["uint8"]
    loss: float
    data: str
    seconds: float

    @property
    def tested(self) -> int:
        return int(self.counts.sum())

    @property
    def accuracy(self) -> float:
        return float(self.counts.trace() / self.counts.sum())

    def recall(self, label: int) -> float | None:
        """Return the fraction of a class's images predicted as that class; None where it has none."""
        return _share(self.counts[label, label], self.counts[label].sum())

    def precision(self, label: int) -> float | None:
        """Return the fraction of the images predicted as a class that belong to it; None without any."""
        return _share(self.counts[label, label], self.counts[:, label].sum())


def _share(part: Any, whole: Any) -> float | None:
    return float(part / whole) if whole else None


@dataclass(frozen=True, slots=True, eq=False)
class Cam:
    """Grad-CAM of an image: ``map`` has the layer's size and values ≥ 0, ``large`` the image's size.

    ``target`` is the class whose evidence it shows; ``probabilities`` are those of all classes.
    """

    request: CamRequest
    target: int
    truth: int
    predicted: int
    probabilities: tuple[float, ...]
    map: Array["float32"]
    large: Array["float32"]
    pixels: Array["uint8"]


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """The weights of the first convolution, as (filters, channels in, height, width)."""

    request: FiltersRequest
    path: str
    weights: Array["float32"]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The output at an address for an image, as (channels, height, width), and the image itself."""

    request: FeaturesRequest
    maps: Array["float32"]
    pixels: Array["uint8"]
    truth: int


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """The loss of one network in its plane: a row for each step along the second direction, from −reach to reach.

    ``measured`` says which points are measured. ``middle`` is the loss of the trained weights themselves.
    """

    run: RunReference
    losses: Array["float32"]
    measured: Array["bool_"]
    middle: float


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The planes of all networks, as far as they are measured; ``used`` is the number of images."""

    request: SurfaceRequest
    slices: tuple[Slice, ...]
    used: int
    data: str
    seconds: float

    @property
    def complete(self) -> bool:
        return len(self.slices) == len(self.request.runs) and all(bool(plane.measured.all()) for plane in self.slices)


def map_paths(spec: ResNetSpec) -> tuple[str, ...]:
    """Return the addresses of everything with feature maps of its own, in the order of execution.

    Additions have none: the block's output follows them. Gates and the head are left out.
    """
    network = compile_spec(spec)
    paths = _layer_paths(network.stem)
    for stage in network.stages:
        for block in stage.blocks:
            paths += [*_layer_paths(block), block.path]
        paths.append(stage.path)
    return tuple(paths)


def _layer_paths(block: Block) -> list[str]:
    gates = tuple(f"{gate}." for gate in block.gate_paths)
    weights = {part.name for fork in block.form.forks for part in flat(fork.gate)}
    return [
        path
        for path, part in zip(block.layer_paths, block.form.parts, strict=True)
        if part.layer.role is not Role.JOIN
        and not isinstance(part.layer, Scale)
        and not path.startswith(gates)
        and not part.name.startswith("gate.")
        and part.name not in weights
    ]


def nearest_map(spec: ResNetSpec, path: str) -> str:
    """Return the address with maps for a selection: itself, the nearest one around it, or else the last stage."""
    paths = map_paths(spec)
    candidates = (path, *compile_spec(spec).ancestors(path))
    return next((candidate for candidate in candidates if candidate in paths), paths[-1])


def twin_of(spec: ResNetSpec, others: Sequence[ResNetSpec]) -> int:
    """Return the place of the network that differs in its shortcuts, best in nothing else; -1 where there is none."""
    places = [place for place, other in enumerate(others) if other.has_shortcuts != spec.has_shortcuts]
    plain = replace(spec.plain(), name="")
    same = [place for place in places if replace(others[place].plain(), name="") == plain]
    return next(iter((*same, *places)), -1)


def saved_at(folder: str) -> int:
    """Return when the weights of a run were last saved, in nanoseconds; 0 where there are none."""
    try:
        return (Path(folder) / CHECKPOINT).stat().st_mtime_ns
    except OSError:
        return 0
