"""Crops and mirror images: the values of the image, somewhere else, drawn from the seed."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from resnet_explorer.training.feed import augmented


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 4), st.booleans(), st.integers(0, 10**12), st.integers(1, 3), st.integers(1, 7), st.integers(1, 7)
)
def test_every_image_is_a_crop_of_itself_or_its_mirror(
    pad: int, flip: bool, seed: int, channels: int, height: int, width: int
) -> None:
    x = torch.randn(6, channels, height, width)
    found = augmented(x, pad, flip, seed)
    assert found.shape == x.shape and found.equal(augmented(x, pad, flip, seed))
    padded = functional.pad(x, (pad,) * 4)
    for image, mine in zip(padded, found, strict=True):
        crops = [
            image[:, top : top + height, left : left + width]
            for top in range(2 * pad + 1)
            for left in range(2 * pad + 1)
        ]
        assert any(mine.equal(crop) or (flip and mine.equal(crop.flip(2))) for crop in crops)


def test_all_crops_come_about_and_half_are_mirrored() -> None:
    x = torch.arange(9.0).view(1, 1, 3, 3).expand(4000, 1, 3, 3) + 1
    moved = augmented(x, 1, False, 0)
    shares = torch.stack([(moved[:, 0, 1, 1] == value).float().mean() for value in range(1, 10)])
    assert (shares - 1 / 9).abs().max() < 0.03
    mirrored = augmented(x, 0, True, 0)
    assert abs((mirrored[:, 0, 0, 0] == 3).float().mean() - 0.5) < 0.05
    assert not augmented(x, 1, True, 0).equal(augmented(x, 1, True, 1))


def test_nothing_asked_is_nothing_done() -> None:
    x = torch.randn(2, 3, 4, 4)
    assert augmented(x, 0, False, 0) is x
