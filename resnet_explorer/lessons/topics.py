"""The topics of the course by their numbers, from 1: what a lesson says it covers."""

from collections.abc import Iterable

TITLES = (
    "why deep plain nets are hard to train",
    "residual learning",
    "the basic block",
    "skip connections",
    "identity and projection shortcuts",
    "what a block learns",
    "the gradient of a plain block",
    "the gradient through a shortcut",
    "classes, instances and expansion",
    "stride",
    "shapes that can be added",
    "the strided 1×1 convolution",
    "stem, stages and head",
    "ResNet-18 and ResNet-34",
    "the bottleneck",
    "what the number in the name counts",
    "input sizes",
    "global pooling",
    "the stem for small images",
    "backbones",
    "pretrained weights at other sizes",
    "other numbers of input channels",
    "the autograd graph",
    "fine-tuning a new head",
    "grey-scale images: repeat the channel",
    "grey-scale images: adapt the first convolution",
    "grey-scale images: a 1×1 adapter",
    "normalisation of grey-scale images",
    "which way for grey-scale images",
    "head first, then everything",
    "a learning rate for each stage",
    "gradual unfreezing",
    "whether to freeze an adapter",
    "batch norm with small batches",
    "weight decay",
    "learning-rate schedules",
    "how much to fine-tune",
)


def titles(topics: Iterable[int]) -> str:
    """Return the titles of topics by their numbers, as a text."""
    return "; ".join(TITLES[topic - 1] for topic in topics)
