"""What can be looked at inside a trained network, and what each picture shows: a sentence, and who said so."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Inside(StrEnum):
    """The pictures."""

    CONFUSION = "Confusion"
    MISTAKES = "Mistakes"
    CAM = "Grad-CAM"
    FILTERS = "Filters"
    FEATURES = "Feature maps"
    SURFACE = "Loss surface"
    LESIONS = "Lesions"


class Words(NamedTuple):
    """What a picture shows, and its source."""

    shows: str
    source: str


WORDS: Mapping[Inside, Words] = {
    Inside.CONFUSION: Words(
        "A row for each true class, a column for each class that the network gives: what is off the diagonal are "
        "mistakes, and the large numbers there are classes that look alike to it. Click a cell to see its images.",
        "Kohavi and Provost 1998, Glossary of Terms",
    ),
    Inside.MISTAKES: Words(
        "The test images that are named wrongly, the surest first: a network's probability says little about whether "
        "it is right. Enter or a double click shows where it looked.",
        "Guo et al. 2017, On Calibration of Modern Neural Networks",
    ),
    Inside.CAM: Words(
        "Where in the image the evidence for a class is: the layer's maps, weighed by how much each raises the class's "
        "score, and of their sum what is above 0. Deep layers say what, in coarse places; early ones where.",
        "Selvaraju et al. 2017, Grad-CAM, section 3",
    ),
    Inside.FILTERS: Words(
        "The weights that look at the image itself: on photographs they become edges, gratings and spots of colour.",
        "Krizhevsky et al. 2012, figure 3; Zeiler and Fergus 2014",
    ),
    Inside.FEATURES: Words(
        "What each channel of a layer answers to this image: early maps keep its outlines, deep ones are small and "
        "answer to few things each. Select any layer, block or stage in any view.",
        "Zeiler and Fergus 2014, Visualizing and Understanding Convolutional Networks",
    ),
    Inside.SURFACE: Words(
        "The training loss in a plane through the trained weights: wide and smooth around a residual network, and the "
        "deeper a plain one is, the rougher around it.",
        "Li et al. 2018, Visualizing the Loss Landscape of Neural Nets, section 4",
    ),
    Inside.LESIONS: Words(
        "The test error when one block is dropped, or two equal neighbours are swapped, and all weights stay as they "
        "are: a residual network, where the shortcut is left, hardly misses most of its blocks; a plain one without "
        "any of its blocks is little better than a guess.",
        "Veit et al. 2016, Residual Networks Behave Like Ensembles of Relatively Shallow Networks, sections 4.1 and "
        "4.3",
    ),
}
