"""One image from its file to bytes: upright, of any type, on white."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from resnet_explorer.images.read import FULL, on_white, read_image, reason, top_of, white_of, with_channels
from tests.cases import each

RAMP = np.linspace(0, 1, 64)[None].repeat(8, 0)
"""From black to white."""
BYTES = (RAMP * 255).round()[..., None]


def saved(file: Path, values: np.ndarray) -> Path:
    np.save(file, values) if file.suffix == ".npy" else Image.fromarray(values).save(file)
    return file


@each("orientation", range(1, 9))
@each("suffix", ["jpg", "png", "webp", "tif"])
def test_photos_stand_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    """The eight orientations of EXIF: 5 to 8 exchange height and width."""
    exif, pixels = Image.Exif(), np.zeros((90, 40, 3), np.uint8)
    pixels[:45, :20] = 255
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(tmp_path / f"photo.{suffix}", exif=exif, quality=95)
    found = read_image(tmp_path / f"photo.{suffix}", ())
    assert found.shape == ((90, 40, 3) if orientation < 5 else (40, 90, 3))
    corners = [bool(found[y, x, 0] > 127) for y in (5, -5) for x in (5, -5)]
    assert corners == [place == {1: 0, 2: 1, 3: 3, 4: 2, 5: 0, 6: 1, 7: 3, 8: 2}[orientation] for place in range(4)]


def test_exif_data_that_are_broken_turn_nothing(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((9, 4, 3), np.uint8)).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x7fxx")
    assert read_image(tmp_path / "a.jpg", ()).shape == (9, 4, 3)


@each("name,top,kind", [
        ("a.tif", 1, np.float32), ("a.tif", 255, np.float32), ("a.tif", 255, np.int32), ("a.tif", 65535, np.uint16),
        ("a.png", 4095, np.uint16), ("a.png", 65535, np.uint16), ("a.png", 255, np.uint16), ("a.npy", 4095, np.int64),
        ("a.npy", 1, np.float64), ("a.tif", 70000, np.int32),
    ])  # fmt: skip
def test_numbers_of_any_type_keep_their_range(tmp_path: Path, name: str, top: int, kind: type) -> None:
    file = saved(tmp_path / name, (RAMP * top).round(0 if top > 1 else 9).astype(kind))
    assert top_of(file) == top and white_of([top]) == (top,)
    assert np.abs(read_image(file, white_of([top])).astype(int) - BYTES).max() <= 1


def png16(file: Path, values: np.ndarray) -> Path:
    """Write colours of 16 bits, which Pillow cannot: every other row with the filter of differences."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = [row.astype(">u2").tobytes() for row in values]
    step = 2 * values.shape[2]
    subtracted = [bytes((row[n] - (row[n - step] if n >= step else 0)) % 256 for n in range(len(row))) for row in rows]
    both = enumerate(zip(rows, subtracted, strict=True))
    lines = b"".join(b"\1" + two if n % 2 else b"\0" + one for n, (one, two) in both)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], 16, {3: 2, 4: 6}[values.shape[2]], 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    return file


def tiff16(file: Path, values: np.ndarray) -> Path:
    """Write colours of 16 bits as an uncompressed TIFF."""
    height, width, channels = values.shape
    tags = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, channels, 8), (259, 3, 1, 1), (262, 3, 1, 2),
            (273, 4, 1, 200), (277, 3, 1, channels), (278, 3, 1, height), (279, 4, 1, values.size * 2)]  # fmt: skip
    start = 8 + 2 + 12 * len(tags) + 4
    tags[2] = (258, 3, channels, start)
    entries = b"".join(struct.pack("<HHII", *one) for one in tags)
    content = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + struct.pack("<I3H", 0, 16, 16, 16)
    file.write_bytes(content.ljust(200, b"\0") + values.astype("<u2").tobytes())
    return file


@each("top", [255, 4095, 65535])
@each("write,channels", [(png16, 3), (png16, 4), (tiff16, 3)])
def test_colours_of_more_than_8_bits_keep_their_range(
    tmp_path: Path, top: int, write: Callable[[Path, np.ndarray], Path], channels: int
) -> None:
    """Pillow alone keeps the upper bytes of these, and 12 bits are black."""
    values = np.stack([RAMP * top, RAMP[:, ::-1] * top, np.full_like(RAMP, top / 2), np.full_like(RAMP, 65535)], 2)
    file = write(tmp_path / ("a.tif" if write is tiff16 else "a.png"), values.round().astype(np.uint16)[..., :channels])
    assert top_of(file) == top
    found = read_image(file, white_of([top])).astype(int)
    assert np.abs(found - (values / ([top] * 3 + [65535]) * 255)[..., :channels]).max() <= 1


def test_dark_images_of_a_set_stay_dark(tmp_path: Path) -> None:
    dark, light = ((RAMP * top).astype(np.uint16) for top in (200, 4000))
    files = [saved(tmp_path / f"{index}.png", values) for index, values in enumerate((dark, light))]
    white = white_of(top for file in files if (top := top_of(file)) is not None)
    assert white == (4095.0,) and read_image(files[0], white).max() == round(200 / 4095 * 255)


def test_sources_that_are_mixed_are_told_apart_where_each_reaches_its_white() -> None:
    assert white_of([1.0, 255.0, 255, 4095, 65535]) == (1, 255, 4095, 65535)
    assert white_of([1, 4095]) == (4095,), "a whole 1 is all but black"
    assert white_of([]) == white_of([0, 0.0]) == () and white_of([1, 1]) == (1,)


@given(st.lists(st.integers(0, 65535), min_size=1, max_size=12))
def test_white_holds_every_image(tops: list[int]) -> None:
    white = white_of(tops)
    assert set(white) <= set(FULL) and all(top <= white[-1] for top in tops if white)
    assert all(one in tops for one in white[:-1])


def test_numbers_that_are_none_are_black(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.tif", np.array([[np.nan, np.inf, -np.inf, -3, 0.5, 1]], np.float32))
    assert top_of(file) == 1 and read_image(file, (1.0,)).ravel().tolist() == [0, 255, 0, 0, 128, 255]


@pytest.mark.parametrize("channels", [1, 3])
def test_transparent_pixels_are_put_on_white(tmp_path: Path, channels: int) -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[0] = (255, 0, 0, 0)
    pixels[1] = (0, 0, 0, 128)
    pixels[2:] = (40, 40, 40, 255)
    found = with_channels(read_image(saved(tmp_path / "a.png", pixels), ()), channels)
    assert found.shape == (4, 4, channels) and found[:, 0, 0].tolist() == [255, 127, 40, 40]
    assert with_channels(pixels, 4) is pixels, "a network of four channels sees alpha"


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_a_colour_may_be_the_transparent_one(tmp_path: Path, mode: str) -> None:
    image = ImageOps.invert(Image.new("RGB", (4, 4), "white")).convert(mode)
    key = (0, 0, 0) if mode == "RGB" else image.getpixel((0, 0))
    image.save(tmp_path / "a.png", transparency=key)
    assert (with_channels(read_image(tmp_path / "a.png", ()), 3) == 255).all()


@given(st.integers(0, 255), st.integers(0, 255))
def test_white_is_mixed_as_pillow_mixes_it(value: int, alpha: int) -> None:
    image = Image.new("RGBA", (1, 1), (value, value, value, alpha))
    wanted = np.asarray(Image.alpha_composite(Image.new("RGBA", (1, 1), "white"), image))[..., :3]
    assert np.abs(on_white(np.asarray(image)).astype(int) - wanted).max() <= 1


def test_why_a_file_cannot_be_read_is_said_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def why(name: str, content: bytes | None = None) -> str:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises((OSError, ValueError, Image.DecompressionBombError)) as caught:
            read_image(tmp_path / name, ())
        return reason(caught.value)

    assert why("gone.png") == "it is not there"
    assert why("html.jpg", b"<html>") == "it is no image, or is damaged"
    whole = io.BytesIO()
    Image.new("L", (8, 8)).save(whole, "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert why("large.png", whole.getvalue()) == "it has more than 20 pixels"
    header = struct.pack("<6sHB", b"\x93NUMPY", 1, 200)
    assert "cannot" in why("cut.npy", header) or "array" in why("cut.npy")
