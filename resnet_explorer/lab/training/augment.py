"""Images moved and mirrored by chance, drawn from the seed and the step."""

import torch
from torch import Tensor
from torch.nn import functional

_STREAM = 7_919
"""Keeps what moves the images apart from what drops units in the same step."""


def augmented(x: Tensor, pad: int, flip: bool, seed: int) -> Tensor:
    """Return images (N, C, H, W) with ``pad`` zeros around, cut to their size at random, and mirrored by chance.

    He et al. 2015, section 4.2: 4 pixels on each side, a crop of 32x32 from the padded image or its mirror image.
    """
    if not pad and not flip:
        return x
    draw = torch.Generator().manual_seed(seed + _STREAM)
    count, channels, height, width = x.shape
    rows, columns = torch.randint(2 * pad + 1, (2, count, 1), generator=draw)
    mirrored = torch.rand((count, 1), generator=draw) < (0.5 if flip else 0.0)
    down, right = rows + torch.arange(height), torch.arange(width).expand(count, width)
    right = columns + torch.where(mirrored, right.flip(1), right)
    padded = functional.pad(x, (pad, pad, pad, pad))
    images, planes = torch.arange(count).view(-1, 1, 1, 1), torch.arange(channels).view(1, -1, 1, 1)
    at = (images, planes, down.view(count, 1, height, 1), right.view(count, 1, 1, width))
    return padded[tuple(one.to(x.device) for one in at)]
