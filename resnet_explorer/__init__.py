"""ResNet Explorer: see any residual network, know its numbers, take its picture home.

In a notebook or a script: ``import resnet_explorer as rx``, then ``rx.network("resnet50")``. What is offered there is
in ``resnet_explorer.notebook``, and imported when it is first used.
"""

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"
PUBLIC = ("Net", "compare", "finetune", "gradients", "identify", "network", "networks", "train")
"""What notebooks and scripts use."""


class _Package(ModuleType):
    """This package, whose public functions hide the rooms of the same names: ``network`` and ``gradients``.

    An import of such a room sets it as an attribute; it is reached by imports, which look elsewhere.
    """

    def __getattribute__(self, name: str) -> object:
        if name in PUBLIC:
            return getattr(import_module("resnet_explorer.notebook"), name)
        return super().__getattribute__(name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *PUBLIC})


sys.modules[__name__].__class__ = _Package
