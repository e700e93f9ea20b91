"""What stands in for norms in NF-ResNets: scaled weight standardisation, and β (Brock et al. 2021)."""

from collections.abc import Iterator, Mapping
from math import prod

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network.kinds import base
from resnet_explorer.network.kinds.blocks import Factor
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.dimensions import Time
from resnet_explorer.network.kinds.tape import Tape, Value
from resnet_explorer.spec import Activation

EPSILON = 1e-5
"""Added to the variance of a filter, as in timm's NF-ResNets."""
GAMMAS: Mapping[Activation, float] = {
    Activation.RELU: 1.7139588594436646,
    Activation.LEAKY_RELU: 1.70590341091156,
    Activation.SILU: 1.7881293296813965,
    Activation.GELU: 1.7015043497085571,
    Activation.RELU6: 1.7131484746932983,
    Activation.HARD_SWISH: 1.8138714738026973,
    Activation.MISH: 1.5920253810995142,
    Activation.ELU: 1.2716004848480225,
    Activation.PRELU: 1.5046096431242726,
}
"""γ: one over the standard deviation of what an activation makes of a normal variable (Brock et al. 2021, section 4.1).

Those of DeepMind's code and timm, which were sampled; of hard-swish, Mish and PReLU (at its first slope) integrated.
"""


@dataclass(frozen=True, slots=True)
class ScaledStdConv2d(Conv2d):
    """A convolution by γ g (w − mean) / √(fan-in · variance), with a learnt gain g for each filter.

    Brock et al. 2021 (arXiv:2101.08692), equation 7: its output keeps the variance 1 of what an activation that γ
    belongs to is given.
    """

    gamma: float = 1.0

    noun = "convolution"

    @property
    def kind(self) -> str:
        return "ScaledStdConv2d"

    def lifted(self, dims: int, time: Time | None = None) -> "ScaledStdConv2d":
        return self  # made for images

    def tensors(self) -> Iterator[base.Tensor]:
        yield from Conv2d.tensors(self)
        yield base.Tensor("gain", (self.out_channels, 1, 1, 1))

    def flops(self, shape: base.Shape, output: base.Shape, training: bool) -> int:
        """The bias, the weights' statistics with their shift and scale, and the gains times γ."""
        return (base.STATISTICS + base.AFFINE) * self._weights + self.out_channels + prod(output) * self.bias

    def saves(self, shape: base.Shape, output: base.Shape, training: bool) -> base.Saves:
        """The input, the weights as they were used, and each filter's mean, standard deviation and scale."""
        return base.Saves(input=True, extra=base.BYTES_PER_VALUE * (self._weights + 3 * self.out_channels))

    @property
    def built(self) -> str:
        return "resnet_explorer.module.layers:ScaledStdConv2d"

    def arguments(self) -> Mapping[str, object]:
        return {**Conv2d.arguments(self), "gamma": self.gamma}

    def source(self, write: base.Writing) -> tuple[str, ...]:
        return (*Conv2d.source(self, write), f"gamma={self.gamma!r}")

    @property
    def label(self) -> str:
        dilated = f", dilated {self.dilation}" if self.dilation > 1 else ""
        return f"{self.kernel}×{self.kernel} scaled conv{base.by(self.stride)}{dilated}"

    def figures(self, output: base.Shape) -> tuple[base.Figure, ...]:
        (name, counted, teaches), *rest = Conv2d.figures(self, output)
        counted = counted.rpartition(" = ")[0]
        gains = f"{counted} + {self.out_channels} = {self.params:,}"
        return ((name, gains, f"{teaches} One gain for each of them."), *rest)

    def record(self, tape: Tape, x: Value) -> Value:
        rows, filters = prod((self.in_channels // self.groups, self.kernel, self.kernel)), self.out_channels
        weight = tape.parameter("weight", (filters, rows // self.kernel**2, self.kernel, self.kernel))
        bias = tape.parameter("bias", (filters,)) if self.bias else None
        gain = tape.multiply(tape.parameter("gain", (filters, 1, 1, 1)), Value(()))
        normed = tape.batch_norm(
            tape.view(weight, 1, filters, rows), tape.view(gain, filters), None, training=True, eps=EPSILON
        )
        used = tape.view(normed, *weight.shape)
        sizes = self.stride, self.padding, self.dilation, self.groups
        return tape.convolution(x, used, bias, self.output(x.shape), sizes)

    def describe(self, at: base.Where) -> base.Description:
        _, text = Conv2d.describe(self, at)
        more = (
            " Each filter is normalised to mean 0 and variance 1 / fan-in, times a learnt gain and γ = "
            f"{self.gamma:.4f}, which undoes how the activation shrinks the variance (Brock et al. 2021)."
            f"{at.zero('Its gains start')}"
        )
        return "conv_scaled", text.replace(at.zero("Its weights start"), "") + more


@dataclass(frozen=True, slots=True)
class Beta(Factor):
    """a(x) times β, one over the standard deviation that x is expected to have (Brock et al. 2021, section 3)."""

    factor: float

    def describe(self, at: base.Where) -> base.Description:
        variance = f"{self.factor**-2:.4g}"
        return "beta", (
            f"A constant factor of {self.factor:.4g}: x is expected to have a variance of {variance}, since each "
            "branch before it in the stage has added α², and this brings it back to 1 (Brock et al. 2021)."
        )
