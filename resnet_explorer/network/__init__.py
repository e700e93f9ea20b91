"""The tree that a spec compiles to; everything the app shows is a reading of it."""

from resnet_explorer.network.compile import compile_spec
from resnet_explorer.network.tree import Block, Fork, Form, Gated, Network, Part, Stage, flat
