"""What networks for signals and videos can be made of."""

from collections.abc import Callable, Mapping

from resnet_explorer.errors import SpecError
from resnet_explorer.spec import choices
from resnet_explorer.spec.readers import DIMS

_ANY_DIMS: Mapping[str, tuple[choices.Option, ...]] = {
    "attention": (choices.Attention.NONE, choices.Attention.SE, choices.Attention.ECA, choices.Attention.CBAM),
    "block": (choices.Block.BASIC, choices.Block.BOTTLENECK),
    "stem": (choices.Stem.IMAGENET, choices.Stem.CIFAR, choices.Stem.DEEP, choices.Stem.TIERED),
    "stem_pool": (choices.StemPool.MAX, choices.StemPool.PADDED, choices.StemPool.CONV, choices.StemPool.NONE),
    "conv": (choices.Conv.PLAIN, choices.Conv.STANDARDISED),
    "stage_end": (choices.StageEnd.NONE,),
    "pool": (choices.Pool.AVG,),
    "selective": (choices.Selective.NONE,),
    "average_down": (choices.AverageDown.NONE,),
    "branches": (choices.Branches.ONE,),
    "downsample": (choices.Downsample.CONV1X1, choices.Downsample.CONV3X3, choices.Downsample.AVERAGE),
}
"""The choices that signal and video networks have; the others are made for images."""


def check_dims(dims: int, value: Callable[[str], object]) -> None:
    """Raise SpecError where a network cannot have so many dimensions; ``value`` gives the value of an axis."""
    if type(dims) is not int or dims not in DIMS:
        raise SpecError("dims", f"A network cannot have {dims!r} dimensions.", "Choose 1, 2 or 3.")
    for axis, allowed in _ANY_DIMS.items() if dims != 2 else ():
        chosen = value(axis)
        for option in chosen if isinstance(chosen, tuple) else (chosen,):
            if isinstance(option, choices.Option) and option not in allowed:
                fixes = (("dims=2",), (f"{axis}={allowed[0]}",))
                what = f"{option.label} is made for images, not for networks of {dims} dimensions."
                raise SpecError(axis, what, f"Choose {allowed[0].label}, or set dims to 2.", fixes)
