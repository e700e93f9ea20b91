"""Batches of images for tests."""

from resnet_explorer.images.choice import DataChoice
from resnet_explorer.probes.data import Batch, Images
from resnet_explorer.spec import InputShape, ResNetSpec


def batch(choice: DataChoice, spec: ResNetSpec, image: InputShape, seed: int) -> Batch:
    """Training images that a seed picks, as the network takes them."""
    return Images(choice, spec, image).draw(image.batch, seed)
