"""The ways of other channels into a network, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from resnet_explorer.finetuning.choices import GreyWay


@dataclass(frozen=True, slots=True)
class WayWords:
    """A way in words: what it does, what it keeps of the network, and when to choose it."""

    title: str
    does: str
    keeps: str
    choose: str


WAYS: Mapping[GreyWay, WayWords] = {
    GreyWay.REPEAT: WayWords(
        "Repeat the channel",
        "The grey image is copied into every channel that the network takes.",
        "The network is untouched, and its own means and deviations apply, channel by channel.",
        "First choice for grey images: no weight changes, and the file of weights stays everybody's.",
    ),
    GreyWay.SUM: WayWords(
        "First convolution: sum",
        "The kernels of the colours are added up to one.",
        "Exactly the network on the repeated channel, in training and in inference, where one mean and deviation norm"
        " it: a convolution is linear.",
        "For a true one-channel network: a third of the first convolution's work, and the same answers.",
    ),
    GreyWay.MEAN: WayWords(
        "First convolution: mean",
        "The kernels of the colours are averaged.",
        "A third of the response. Batch norm hides that in training, where it takes its own statistics; with running"
        " statistics (inference, frozen batch norm) the answers are others.",
        "Rarely: only where batch norm trains, and then it is no better than the sum.",
    ),
    GreyWay.LUMINANCE: WayWords(
        "First convolution: luminance",
        "The kernels are weighed as eyes weigh red, green and blue, and added.",
        "About a third of the response. Green counts most, other than the kernels learnt it, which batch norm does not"
        " hide.",
        "Rarely, as the mean: the weights of eyes say nothing of how the kernels learnt to weigh.",
    ),
    GreyWay.ADAPTER: WayWords(
        "A 1x1 adapter before the network",
        "A learnt 1x1 convolution mixes the image's channels into those of the network. It starts at 1: the repeated"
        " channel (at 1/3 it would be the mean again).",
        "At first exactly the network on the repeated channel; folded into the first convolution when saved.",
        "Where the backbone stays frozen but the channels mean something else, as in several bands or X-rays.",
    ),
}
