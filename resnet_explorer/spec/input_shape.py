"""The input of a network: a batch of signals, images or videos."""

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import InputError
from resnet_explorer.spec.readers import check_whole

MAX_SIZE = 65_536
MAX_BATCH = 65_536
AXES = {1: "N x C x L", 2: "N x C x H x W", 3: "N x C x T x H x W"}
"""The axes of an input of so many dimensions, in PyTorch's order."""
_EXAMPLES = {1: "1x1x1000", 2: "1x3x224x224", 3: "1x3x16x112x112"}


@dataclass(frozen=True, slots=True)
class InputShape:
    """N images of height H and width W; the channels belong to the spec.

    A network of one dimension takes N signals of length W instead, one of three N videos of T frames. Raises
    InputError where a size is not a whole number from 1 to 65,536.
    """

    batch: int = 1
    height: int = 224
    width: int = 224
    frames: int = 16

    def __post_init__(self) -> None:
        check_whole(InputError, "batch", "batch size", self.batch, 1, MAX_BATCH)
        check_whole(InputError, "height", "height", self.height, 1, MAX_SIZE)
        check_whole(InputError, "width", "width", self.width, 1, MAX_SIZE)
        check_whole(InputError, "frames", "number of frames", self.frames, 1, MAX_SIZE)

    def sizes(self, dims: int) -> tuple[int, ...]:
        """Return the sizes of the axes along which a network of so many dimensions convolves."""
        return (self.frames, self.height, self.width)[3 - dims :]

    def shape(self, channels: int, dims: int) -> tuple[int, ...]:
        """Return the shape of the batch as PyTorch has it."""
        return (self.batch, channels, *self.sizes(dims))

    def text(self, dims: int) -> str:
        """Return the sizes in words: ``224×224``, ``16×112×112``, ``1000``."""
        return "×".join(map(str, self.sizes(dims)))


def check_images(dims: int, what: str) -> None:
    """Raise InputError where a network of so many dimensions is not one for images; ``what`` says why it must be."""
    if dims != 2:
        item = "signals" if dims == 1 else "videos"
        raise InputError("dims", f"This network takes {item}. {what}", "Choose a network for images, or set dims to 2.")


def parse_input(text: str, channels: int, dims: int = 2) -> InputShape:
    """Return the input that a text such as ``1x3x224x224``, ``3x224x224``, ``224x320`` or ``224`` describes.

    Of a video ``16x112x112`` are frames, height and width, and a single number is its height and width. Raises
    InputError where the text is no shape, or names other channels than the network takes.
    """
    parts = text.lower().replace("×", "x").split("x")
    try:
        sizes = [int(part) for part in parts]
    except ValueError:
        sizes = []
    if not 1 <= len(sizes) <= dims + 2:
        raise InputError("input", f"{text!r} is not an input shape.", f"Write {AXES[dims]}, as {_EXAMPLES[dims]}.")
    if len(sizes) > dims and sizes[-dims - 1] != channels:
        raise InputError(
            "conv1",
            f"The first convolution takes {channels} channels, but the input has {sizes[-dims - 1]}.",
            f"Give an input of {channels} channels, or set in_channels to {sizes[-dims - 1]}.",
        )
    batch = sizes[0] if len(sizes) == dims + 2 else 1
    if dims == 1:
        return InputShape(batch, width=sizes[-1])
    width, height = sizes[-1], sizes[-2] if len(sizes) > 1 else sizes[-1]
    return (
        InputShape(batch, height, width, sizes[-3])
        if len(sizes) > 2 and dims == 3
        else InputShape(batch, height, width)
    )
