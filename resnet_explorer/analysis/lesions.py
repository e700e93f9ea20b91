"""What a trained network can do without one of its blocks, or with two in the wrong order (Veit et al. 2016)."""

from dataclasses import dataclass
from statistics import median

from resnet_explorer.analysis.descent import RECIPE, DescentRequest
from resnet_explorer.analysis.gradients import Place
from resnet_explorer.analysis.recipe import Recipe
from resnet_explorer.analysis.training import DIGITS_IMAGE
from resnet_explorer.errors import ExplorerError
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.data_choice import DIGITS, DataChoice


@dataclass(frozen=True, slots=True)
class LesionRequest:
    """Train networks as the recipe says, then take out each block in turn, and swap each pair of neighbours.

    The images of the test are named by the whole network and by what is
    left of it. Raises ExplorerError for a network without classes.
    """

    specs: tuple[ResNetSpec, ...]
    image: InputShape = DIGITS_IMAGE
    data: DataChoice = DIGITS
    recipe: Recipe = RECIPE
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if any(spec.classes is None for spec in self.specs):
            raise ExplorerError("classes", "A backbone names no images.", "Give it classes.")

    @property
    def training(self) -> DescentRequest:
        """Return the training that comes first."""
        return DescentRequest(self.specs, self.image, self.data, self.recipe, self.seed, device=self.device)


@dataclass(frozen=True, slots=True)
class Lesions:
    """The share of test images that a network names right, whole and with each lesion.

    ``whole`` is in evaluation mode, ``batch`` with the test's own statistics in its batch norms (after a short
    training the running ones lag behind). ``dropped`` has a value for each block, ``swapped`` for each block and the
    one after it; None where a block that changes the shape is one of the two.
    """

    spec: ResNetSpec
    places: tuple[Place, ...]
    whole: float
    batch: float
    dropped: tuple[float, ...]
    swapped: tuple[float | None, ...]

    @property
    def typical(self) -> float:
        """Return the median over the blocks of the share that is named right without one."""
        return median(self.dropped)


@dataclass(frozen=True, slots=True, eq=False)
class LesionStudy:
    """The lesions of each network; ``tested`` is how many images were named."""

    request: LesionRequest
    networks: tuple[Lesions, ...]
    tested: int
    data: str
    torch: str
    seconds: float
