"""Numbers as people read them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_explorer.network.kinds import Layer
from resnet_explorer.network.kinds.activations import ReLU
from resnet_explorer.network.kinds.convolutions import Conv2d, Linear
from resnet_explorer.network.kinds.norms import BatchNorm2d
from resnet_explorer.network.kinds.pads import ZeroPad
from resnet_explorer.network.kinds.pools import MaxPool2d
from resnet_explorer.readings.text import (
    brief_pixels,
    compact,
    extent,
    figure,
    in_bytes,
    last_steps,
    mib,
    percent,
    pixels,
    share,
    si,
    size,
)
from tests.cases import each


@each(
    "number,text",
    [
        (1_814_073_344, "1.814 G"),
        (11_689_512, "11.69 M"),
        (118_013_952, "118.0 M"),
        (9_408, "9.408 k"),
        (999, "999 "),
        (0, "0 "),
        (999_949, "999.9 k"),
        (999_951, "1.000 M"),
        (9_999_600, "10.00 M"),
        (99_996_000, "100.0 M"),
        (2.5e15, "2.500 P"),
        (7e18, "7.000 E"),
    ],
)
def test_si(number: float, text: str) -> None:
    assert si(number) == text
    assert si(number, "MACs") == f"{text}MACs"


@settings(deadline=None)
@given(st.integers(0, 10**20))
def test_si_shows_four_digits_that_are_right(number: int) -> None:
    text = si(number)
    factor = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}[text.split(" ")[1]]
    assert float(text.split(" ")[0].replace(",", "")) * factor == pytest.approx(number, rel=5.1e-4)
    assert len(text.split(" ")[0]) <= 5


@each("count,text", [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3_211_264, "3.1 MiB"), (2**40, "1,024.0 GiB")])
def test_mib(count: int, text: str) -> None:
    assert mib(count) == text


@each(
    "layer,text",
    [
        (Conv2d(64, 128, 3, 2, 1), "3×3 /2"),
        (Conv2d(64, 64, 1), "1×1"),
        (Conv2d(64, 64, 3, 2, 2, 32, dilation=2), "3×3 /2 g32 d2"),
        (Conv2d(64, 64, 3, 1, 1, 2), "3×3 g2"),
        (MaxPool2d(3, 2, 1), "3×3 /2"),
        (ZeroPad(64, 128, 2), "/2, +64 ch"),
        (ZeroPad(64, 256, 1), "+192 ch"),
        (Linear(512, 1000), "512→1000"),
        (BatchNorm2d(64), ""),
        (ReLU(), ""),
    ],
)
def test_hyper_parameters(layer: Layer, text: str) -> None:
    assert layer.hyper == text


def test_shapes() -> None:
    assert (size((1, 64, 56, 56)), size((8, 1000))) == ("64×56×56", "1000")
    assert compact((1, 64, 56, 56)) == "64×56²"
    assert compact((1, 64, 56, 60)) == "64×56×60"
    assert compact((1, 512, 1, 1)) == "512×1×1"
    assert compact((1, 1000)) == "1000"
    assert (compact((1, 64, 8, 56, 56)), compact((1, 64, 500))) == ("64×8×56²", "64×500")


def test_share_of_nothing_is_nothing() -> None:
    assert share(0, 0) == 0
    assert share(1, 4) == 25


def test_lengths_have_the_unit_of_what_the_network_sees() -> None:
    """A signal is of samples, an image of pixels, a video of frames of pixels."""
    assert (extent(None), extent(1043), extent((16, 43, 43))) == ("all", "1,043", "16×43×43")
    assert [pixels(43, dims) for dims in (1, 2)] == ["43 samples", "43 px"]
    assert pixels((16, 43, 43), 3) == "16 frames × 43×43 px"
    assert (pixels(1, 3), pixels(1200, 3)) == ("1 frame × 1×1 px", "1,200 frames × 1,200×1,200 px")
    assert [brief_pixels(43, dims) for dims in (1, 2)] == ["43 samples", "43 px"]
    assert brief_pixels((16, 43, 43), 3) == "16×43×43 px"


@each(
    "count,text",
    [(420_000, "0.42 MB"), (9_900_000, "9.9 MB"), (25_400_000, "25 MB"), (999_000_000, "999 MB"), (2 * 10**9, "2 GB")],
)
def test_bytes_as_disks_are_sold(count: int, text: str) -> None:
    assert in_bytes(count) == text


@each(
    "value,text",
    [
        *[
            (None, "unknown"),
            (0.0, "0"),
            (0.08932, "0.0893"),
            (0.001, "0.001"),
            (0.00099, "0.00099"),
            (6.1e-47, "6.1e-47"),
        ],
        *[(999.4, "999"), (-12.345, "-12.3"), (1000.0, "1,000"), (19_234.0, "19,200"), (-19_234.0, "-19,200")],
        *[(9_999_999.0, "10,000,000"), (1e7, "1e+07"), (1.86e9, "1.86e+09")],
    ],
)
def test_figures_have_three_digits(value: float | None, text: str) -> None:
    assert figure(value) == text


def test_percent_has_one_digit_after_the_point() -> None:
    assert [percent(part) for part in (0.0354, 0.0, 1.0)] == ["3.5 %", "0.0 %", "100.0 %"]


@each(
    "counts,text",
    [
        *[((150,), "the last 20 steps"), ((20, 150), "the last 20 steps"), ((7, 150), "the last 7 to 20 steps")],
        *[((1,), "the last step"), ((1, 2), "the last 1 to 2 steps"), ((19,), "the last 19 steps")],
    ],
)
def test_the_loss_at_the_end_says_over_which_steps(counts: tuple[int, ...], text: str) -> None:
    assert last_steps(counts) == text
