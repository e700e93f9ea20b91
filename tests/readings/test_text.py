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
from resnet_explorer.readings.text import compact, mib, share, si, size
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


def test_share_of_nothing_is_nothing() -> None:
    assert share(0, 0) == 0
    assert share(1, 4) == 25
