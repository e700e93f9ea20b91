"""What a thing in the network is, in a sentence, its formulas and its figures: the text of the inspector."""

from resnet_explorer.readings.explain.network import explain
from resnet_explorer.readings.explain.text import Explanation, Fact, Rule
