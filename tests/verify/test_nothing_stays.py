"""What verifications measured does not stay in memory: the engine lives as long as the window."""

import gc
import warnings

import torch

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.verify.against_pytorch import measure_kept, verify


def tensors() -> int:
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # asking an object for its class wakes deprecated names
        return sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())


def test_nothing_of_a_verification_stays() -> None:
    spec, image = assign(find("seresnet50"), "width=4"), InputShape(2, 33, 33)
    analysis = analyse(compile_spec(spec), image)
    for work in (lambda: list(measure_kept(spec, image)), lambda: list(verify(analysis, fvcore=True))):
        work()
        before = tensors()
        work()
        assert tensors() == before
