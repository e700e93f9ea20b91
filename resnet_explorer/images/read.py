"""One image from its file to bytes: upright, of any type, and with the channels that are wanted."""

import math
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
from PIL import Image, ImageOps, UnidentifiedImageError

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""Pillow's names of pictures of bytes by their channels."""
FULL = (1.0, 255.0, 4095.0, 65535.0)
"""What white is, usually, in images of more than 8 bits: of floats, of 8, of 12 and of 16 bits."""
DEEP = (".png", ".tif", ".tiff", ".pgm", ".npy")
"""Endings of files that may hold more than 8 bits."""
MOST_PIXELS = 64_000_000
"""A larger image is not read: it would take half a gigabyte."""
LARGE = 2**24
"""Pixels beyond which an image is made smaller before anything else, by averaging squares of them. Of images of more
than 8 bits in a channel so many are read, or half as many where they have colours."""
FRAMED = (".gif", ".webp", ".tif", ".tiff", ".avif")
"""Endings of files that may hold several images."""


def read_image(file: Path, white: Sequence[float]) -> Any:
    """Return an image as bytes (height, width, channels): grey or colours, with alpha where it has some.

    It is turned as its EXIF data say. Of several frames it is the first. ``white`` are the values, rising, that stand
    for white in images of more than 8 bits: the least that holds all of one. Raises Exception where there is no
    image: damaged files break Pillow and NumPy in many ways.
    """
    with warnings.catch_warnings(action="ignore"):  # on odd EXIF data, or a large image
        return bytes_in(file, white)


def bytes_in(file: Path, white: Sequence[float]) -> Any:
    """Return an image as ``read_image`` does, with Pillow's warnings: threads cannot ignore them for themselves."""
    values, alpha = numbers_in(file)
    pixels = as_bytes(values, white)
    return pixels if alpha is None else numpy.concatenate((pixels, alpha), axis=2)


def numbers_in(file: Path) -> tuple[Any, Any]:
    """Return the numbers in a file (height, width[, channels]), and the alpha of colours of 16 bits as bytes, or None.

    Of such colours Pillow has the upper bytes, and where they are read in the other order the lower ones.
    """
    if file.suffix.lower() == ".npy":
        return numbers_of(file), None
    pixels, order = decoded(file)
    if not order:
        return pixels, None
    lower, _ = decoded(file, {"B": "L", "L": "B"}.get(order, "B" if sys.byteorder == "little" else "L"))
    colours = pixels[..., :3].astype("uint16")
    colours *= 256
    colours += lower[..., :3]
    return colours, pixels[..., 3:] if pixels.shape[2] == 4 else None


def decoded(file: Path, order: str = "") -> tuple[Any, str]:
    """Return what Pillow makes of a picture, and the order of bytes in its colours where they have 16 bits."""
    with picture_in(file) as image:
        own = order_of(image)
        check_pixels(image.width * image.height, most_pixels(image, own))
        if order:
            image.tile = [tile._replace(args=exchanged(tile.args, own, order)) for tile in image.tile]
        image.load()
        return numpy.array(shrunk(plain(upright(image)))), own


def most_pixels(image: Image.Image, order: str) -> int:
    """Return how many pixels an image of this type may have; ``order`` is that of colours of 16 bits."""
    return LARGE // 2 if order else LARGE if is_deep(image) else MOST_PIXELS


def picture_in(file: Path) -> Any:
    """Return a picture that is not loaded yet; raises ValueError for a folder, a pipe or a device."""
    return Image.open(file_at(file))


def file_at(file: Path) -> Path:
    """Return the path of a file; raises ValueError for a folder, a pipe or a device, which would be waited for."""
    if file.exists() and not file.is_file():
        raise ValueError("it is not a file")
    return file


def check_pixels(pixels: int, most: int) -> None:
    """Raise ValueError where an image has more pixels than are read."""
    if pixels > most:
        raise ValueError(f"it has more than {most:,} pixels")


def shrunk(image: Image.Image) -> Image.Image:
    """Return an image of at most ``LARGE`` pixels: where it has more, the average of squares of them."""
    pixels = image.width * image.height
    return image.reduce(math.ceil(math.sqrt(pixels / LARGE))) if pixels > LARGE else image


def numbers_of(file: Path) -> Any:
    """Return the array in a file, read where it lies; raises ValueError where it is none or larger than is read."""
    array = numpy.load(file_at(file), mmap_mode="r", allow_pickle=False)
    check_pixels(math.prod(array.shape[:2]), LARGE)
    if array.nbytes > 4 * LARGE:
        raise ValueError(f"it has more than {4 * LARGE:,} bytes")
    return numpy.array(array)


def order_of(image: Image.Image) -> str:
    """Return the order of bytes in the 16-bit colours of a picture that is not loaded: B, L or N; empty for others."""
    for tile in getattr(image, "tile", [])[:1]:
        mode = tile.args if isinstance(tile.args, str) else str((tile.args or ("",))[0])
        return mode[-1] if mode[:-1] in ("RGB;16", "RGBA;16", "RGBX;16") else ""
    return ""


def exchanged(args: Any, order: str, other: str) -> Any:
    """Return what Pillow's decoder goes by, with the other order of bytes."""
    mode = args if isinstance(args, str) else args[0]
    mode = mode.removesuffix(order) + other
    return mode if isinstance(args, str) else (mode, *args[1:])


def upright(image: Image.Image) -> Image.Image:
    """Return an image turned as its EXIF data say, where they can be read."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # what cameras and editors write there breaks the reader in many ways
        return image


def plain(image: Image.Image) -> Image.Image:
    """Return an image of one of Pillow's types that are arrays of grey, colours and alpha."""
    if is_deep(image) or (image.mode in MODES.values() and "transparency" not in image.info):
        return image
    if "transparency" in image.info or image.mode in ("PA", "La", "RGBa"):
        return image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def is_deep(image: Image.Image) -> bool:
    """Return whether an image has more than 8 bits in a channel."""
    return image.mode[0] in "IF"


def as_bytes(values: Any, white: Sequence[float]) -> Any:
    """Return numbers (height, width[, channels]) as bytes (height, width, channels)."""
    if values.ndim not in (2, 3) or not values.size or values.dtype.kind not in "uif":
        raise ValueError("it is not an array of numbers (height, width, channels)")
    values = values[..., None] if values.ndim == 2 else values
    if values.dtype == numpy.uint8:
        return values
    whites = white or ((255.0,) if values.dtype.kind == "f" else (65535.0,))
    most = top_in(values)
    full = next((value for value in whites if most <= value * (1 + 1e-6)), whites[-1])
    pixels = numpy.empty(values.shape, "uint8")
    for rows in pieces(values):  # in pieces: float64 takes eight times as much
        pixels[rows] = (numpy.nan_to_num(values[rows]).astype("float64") * (255 / full)).round().clip(0, 255)
    return pixels


def top_in(values: Any) -> Any:
    """Return the greatest number in an array, as whole as they are; 0 where there is none."""
    return numpy.where(numpy.isfinite(values), values, 0).max().item()


def top_of(file: Path) -> int | float | None:
    """Return the greatest number in a file of an image; None where it has 8 bits, or is no image."""
    if not str(file).lower().endswith(DEEP):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            if file.suffix.lower() != ".npy":
                with picture_in(file) as image:
                    if not is_deep(image) and not order_of(image):
                        return None
            values, _ = numbers_in(file)
        return top_in(values) if values.dtype.kind in "uif" and values.dtype != numpy.uint8 else None
    except Exception:  # as in ``read_image``
        return None


def is_animated(file: Path) -> bool:
    """Return whether a file has several images, of which the first is read."""
    if file.suffix.lower() not in FRAMED:
        return False
    try:
        with warnings.catch_warnings(action="ignore"), picture_in(file) as image:
            return bool(getattr(image, "is_animated", False))
    except Exception:  # as in ``read_image``
        return False


def white_of(tops: Iterable[int | float]) -> tuple[float, ...]:
    """Return the values that stand for white in images with these greatest numbers: one for all, as a rule.

    It is the least usual value that holds every image, so that dark images stay dark. A lesser one is believed beside
    it where every image that it holds reaches it exactly: then these are of another source. Whole numbers up to 1 are
    an image that is all but black.
    """
    tops = [top for top in tops if top > 0]
    held: dict[float, list[int | float]] = {}
    for top in tops:
        held.setdefault(next((full for full in FULL if top <= full * (1 + 1e-6)), max(tops)), []).append(top)
    last = max(held, default=0.0)
    exact = {full: all(math.isclose(full, top, rel_tol=1e-6) for top in own) for full, own in held.items()}
    exact[1.0] = exact.get(1.0, False) and all(isinstance(top, float) for top in held[1.0])
    return tuple(sorted(full for full in held if full == last or exact[full]))


def with_channels(pixels: Any, channels: int) -> Any:
    """Return bytes (height, width, channels) with so many channels; transparent pixels are put on white.

    Raises ValueError where Pillow knows no way.
    """
    present = pixels.shape[2]
    if present == channels:
        return pixels
    if present not in MODES or channels not in MODES:
        raise ValueError(f"it has {present} channels where {channels} are needed")
    if present in (2, 4) and channels in (1, 3):
        pixels = on_white(pixels)
    image = Image.fromarray(numpy.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))
    array = numpy.array(image.convert(MODES[channels]))
    return array[..., None] if array.ndim == 2 else array


def on_white(pixels: Any) -> Any:
    """Return bytes without their alpha, the last channel: where it is less than full, white shows through."""
    colours = numpy.empty((*pixels.shape[:2], pixels.shape[2] - 1), "uint8")
    for rows in pieces(pixels):  # in pieces: float32 takes four times as much
        alpha = pixels[rows, :, -1:].astype("float32") / 255
        colours[rows] = (pixels[rows, :, :-1] * alpha + 255 * (1 - alpha)).round()
    return colours


def pieces(values: Any) -> Iterator[slice]:
    """Yield the rows of an array in pieces of about a million numbers."""
    step = max(1, 2**20 // max(1, values[0].size))
    yield from (slice(at, at + step) for at in range(0, len(values), step))


def reason(error: Exception) -> str:
    """Return why an image cannot be read, in words that follow its name."""
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    if isinstance(error, UnidentifiedImageError):
        return "it is no image, or is damaged"
    if isinstance(error, Image.DecompressionBombError):
        return f"it has more than {2 * (Image.MAX_IMAGE_PIXELS or 0):,} pixels"
    if not isinstance(error, OSError | ValueError | SyntaxError | EOFError):
        return "it is no image, or is damaged"
    text = str(error) or type(error).__name__
    if "null byte" in text or "null character" in text:
        return "its name is no name of a file"
    return text.splitlines()[0][:120]
