"""Inputs as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.errors import InputError
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.input_shape import MAX_SIZE, check_images, parse_input
from tests.cases import each


@each(
    "text,shape",
    [
        ("1x3x224x224", InputShape(1, 224, 224)),
        ("8X3X256X192", InputShape(8, 256, 192)),
        ("8×3×256×192", InputShape(8, 256, 192)),
        ("3x64x32", InputShape(1, 64, 32)),
        ("64x32", InputShape(1, 64, 32)),
        ("64", InputShape(1, 64, 64)),
        ("1 x 3 x 64 x 32", InputShape(1, 64, 32)),
    ],
)
def test_spellings(text: str, shape: InputShape) -> None:
    assert parse_input(text, 3) == shape


@each(
    "text,dims,shape",
    [
        ("1x3x16x112x112", 3, (1, 3, 16, 112, 112)),
        ("2x3x8x64x96", 3, (2, 3, 8, 64, 96)),
        ("8x64x96", 3, (1, 3, 8, 64, 96)),
        ("112", 3, (1, 3, 16, 112, 112)),
        ("1x3x1000", 1, (1, 3, 1000)),
        ("1000", 1, (1, 3, 1000)),
    ],
)
def test_signals_and_videos(text: str, dims: int, shape: tuple[int, ...]) -> None:
    assert parse_input(text, 3, dims).shape(3, dims) == shape


@pytest.mark.parametrize(
    ("text", "dims", "where"),
    [
        ("1x1x16x112x112", 3, "conv1"),
        ("1x3x16x112x112x1", 3, "input"),
        ("1x3x4x1000", 1, "input"),
        ("2x1000", 1, "conv1"),
    ],
)
def test_bad_signals_and_videos(text: str, dims: int, where: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_input(text, 3, dims)
    assert caught.value.where == where


@each(
    "text,where",
    [
        ("", "input"),
        ("x", "input"),
        ("1x3x224", "conv1"),
        ("1x3x224x224x1", "input"),
        ("1x3x224xwide", "input"),
        ("1,3,224,224", "input"),
        ("224.0", "input"),
        ("1x1x28x28", "conv1"),
        ("1x0x28x28", "conv1"),
        ("0x3x28x28", "batch"),
        ("1x3x0x28", "height"),
        ("1x3x28x-1", "width"),
        ("1x3x1000000000x28", "height"),
        ("1000000000x3x28x28", "batch"),
        ("nan", "input"),
        ("1e3", "input"),
    ],
)
def test_bad_shapes_are_explained(text: str, where: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_input(text, 3)
    assert caught.value.where == where
    assert caught.value.what.endswith(".") and caught.value.remedy.endswith(".")


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_a_shape_or_explained(text: str) -> None:
    try:
        assert isinstance(parse_input(text, 3), InputShape)
    except InputError as error:
        assert error.what and error.remedy


@settings(deadline=None)
@given(st.integers(1, MAX_SIZE), st.integers(1, MAX_SIZE), st.integers(1, 65_536))
def test_every_size_in_range_is_read(height: int, width: int, batch: int) -> None:
    assert parse_input(f"{batch}x3x{height}x{width}", 3) == InputShape(batch, height, width)


@each("value", [0, -1, 10**9, 2.0, "224", None, True, float("nan")])
def test_sizes_are_checked_however_they_come(value: object) -> None:
    for where in ("batch", "height", "width"):
        with pytest.raises(InputError) as caught:
            InputShape(**{where: value})  # type: ignore[arg-type]  # bad on purpose
        assert caught.value.where == where


@pytest.mark.parametrize(("dims", "text"), [(1, "112"), (2, "96×112"), (3, "16×96×112")])
def test_sizes_in_words_are_those_of_the_axes_that_are_convolved(dims: int, text: str) -> None:
    assert InputShape(8, 96, 112, 16).text(dims) == text


def test_what_is_made_for_images_names_what_the_network_takes_instead() -> None:
    check_images(2, "Photos are images.")
    for dims, items in ((1, "signals"), (3, "videos")):
        with pytest.raises(InputError, match=f"takes {items}. Photos are images. Choose a network for images"):
            check_images(dims, "Photos are images.")
