"""What brings x to the channels of F(x) without weights, beside option A."""

from collections.abc import Mapping

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.tape import Tape, Value


@dataclass(frozen=True, slots=True)
class PadChannels(base.Layer):
    """Channels of zeros behind those of x; too many of its own are cut off.

    Han et al. 2017, "Deep Pyramidal Residual Networks", section 3.3: zero-padded identity-mapping shortcuts.
    """

    in_channels: int
    out_channels: int

    role = base.Role.PAD
    module = "resnet_explorer.module.layers:PadChannels"
    ink = "shortcut"
    flops_each = 0
    shows_map = True
    box = "pad channels"

    @property
    def _extra(self) -> int:
        return self.out_channels - self.in_channels

    def output(self, shape: base.Shape) -> base.Shape:
        return (shape[0], self.out_channels, *shape[2:])

    def arguments(self) -> Mapping[str, object]:
        return {"extra": self._extra}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        before, write.flow = write.flow, write.say("out_channels", *write.made)
        return (self.called, f"{write.flow} - {before}")

    @property
    def hyper(self) -> str:
        return f"+{self._extra} ch" if self._extra >= 0 else f"drops {-self._extra} ch"

    @property
    def caption(self) -> str:
        return f"{self.in_channels}→{self.out_channels}"

    @property
    def text(self) -> str:
        """Return what happens to x."""
        if self._extra < 0:
            return f"cut to {self.out_channels} of its channels"
        return f"padded with {self._extra} channels of zeros behind its own" if self._extra else "left as it is"

    def record(self, tape: Tape, x: Value) -> Value:
        return tape.pad(x, self.output(x.shape), *(0, 0) * (len(x.shape) - 2), 0, self._extra)

    def describe(self, at: base.Where) -> base.Description:
        return "pad_channels", f"x is {self.text}; no parameters (PyramidNet: Han et al. 2017)."
