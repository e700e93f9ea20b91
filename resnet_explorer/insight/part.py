"""What a scene holds of a trained network that is inspected."""

from dataclasses import dataclass
from enum import StrEnum

from resnet_explorer.errors import ExplorerError
from resnet_explorer.insight.values import MAX_IMAGES


class Inside(StrEnum):
    """The pictures."""

    CONFUSION = "Confusion"
    MISTAKES = "Mistakes"
    CAM = "Grad-CAM"
    FILTERS = "Filters"
    FEATURES = "Feature maps"
    SURFACE = "Loss surface"
    LESIONS = "Lesions"


@dataclass(frozen=True, slots=True)
class InsidePart:
    """The picture, the layer whose maps it shows, and the number of the test image.

    ``layer`` is empty where it follows the selection. A recording shows its loss surface in place of what only the
    weights could show.
    """

    view: Inside = Inside.CONFUSION
    layer: str = ""
    image: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.image <= MAX_IMAGES:
            raise ExplorerError("image", f"There is no test image {self.image}.", f"Choose 0 to {MAX_IMAGES:,}.")
