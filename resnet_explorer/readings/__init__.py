"""Readings of the tree in pure Python: every layer's shapes, costs and receptive field, and what a network needs."""

from resnet_explorer.readings.read import analyse
from resnet_explorer.readings.results import Analysis, Reading, Row, Sums
