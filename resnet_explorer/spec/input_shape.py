"""The input of a network: a batch of images."""

from dataclasses import dataclass

from resnet_explorer.errors import InputError
from resnet_explorer.spec.readers import check_whole

MAX_SIZE = 65_536
MAX_BATCH = 65_536


@dataclass(frozen=True, slots=True)
class InputShape:
    """N images of height H and width W; the channels belong to the spec.

    Raises InputError where a size is not a whole number from 1 to 65,536.
    """

    batch: int = 1
    height: int = 224
    width: int = 224

    def __post_init__(self) -> None:
        check_whole(InputError, "batch", "batch size", self.batch, 1, MAX_BATCH)
        check_whole(InputError, "height", "height", self.height, 1, MAX_SIZE)
        check_whole(InputError, "width", "width", self.width, 1, MAX_SIZE)


def parse_input(text: str, channels: int) -> InputShape:
    """Return the input that a text such as ``1x3x224x224``, ``3x224x224``, ``224x320`` or ``224`` describes.

    Raises InputError where the text is no shape, or names other channels than the network takes.
    """
    parts = text.lower().replace("×", "x").split("x")
    try:
        sizes = [int(part) for part in parts]
    except ValueError:
        sizes = []
    if not 1 <= len(sizes) <= 4:
        raise InputError("input", f"{text!r} is not an input shape.", "Write N x C x H x W, as 1x3x224x224.")
    if len(sizes) == 1:
        sizes *= 2
    if len(sizes) >= 3 and sizes[-3] != channels:
        raise InputError(
            "conv1",
            f"The first convolution takes {channels} channels, but the input has {sizes[-3]}.",
            f"Give an input of {channels} channels, or set in_channels to {sizes[-3]}.",
        )
    return InputShape(sizes[0] if len(sizes) == 4 else 1, sizes[-2], sizes[-1])
