"""Gates that see the whole map: global context and non-local attention; and BAM, which ends a stage."""

from resnet_explorer.network.kinds import Layer, blocks, gates
from resnet_explorer.network.kinds.activations import ReLU
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.network.kinds.norms import BatchNorm2d
from resnet_explorer.network.kinds.pools import AdaptiveAvgPool2d
from resnet_explorer.network.tree import Chain, Fork, Gated, Part


def _named(name: str, **layers: Layer) -> tuple[Part, ...]:
    return tuple(Part(f"{name}.{key}", layer) for key, layer in layers.items())


def global_context(name: str, channels: int, inner: int, *, adds: bool) -> Gated:
    """Return the GC block: a weighted mean of the map, two small layers, and their product with the map or their sum.

    Cao et al. 2019, figure 4d, which adds; timm's ``gc`` multiplies and its ``gca`` adds.
    """
    weights = _named(name, conv_attn=Conv2d(channels, 1, 1, bias=True), softmax=gates.SpatialSoftmax())
    (pool,) = _named(name, pool=gates.ContextPool())
    context = Fork(name, ((), weights), pool)
    fc1, fc2 = Conv2d(channels, inner, 1, bias=True), Conv2d(inner, channels, 1, bias=True)
    small = _named(name, fc1=fc1, norm=gates.LayerNorm2d(inner), relu=ReLU(), fc2=fc2)
    gate = () if adds else _named(name, gate=blocks.Sigmoid())
    join: Layer = gates.AddToMap() if adds else blocks.Multiply()
    return Gated(name, (context, *small, *gate), Part(f"{name}.scale", join))


def non_local(channels: int, inner: int) -> Gated:
    """Return the non-local block in its embedded Gaussian form (Wang et al. 2018, figure 2, equation 6).

    Similarities are scaled by 1 / √C, as in timm's ``nl``; the norm at its end starts at 0.
    """
    theta, phi, given = (_named("nl", **{key: Conv2d(channels, inner, 1, bias=True)}) for key in "tpg")
    similar, softmax, gather = _named(
        "nl",
        affinity=gates.Affinity(inner, channels**-0.5),
        softmax=gates.Softmax(),
        gather=gates.Gather(inner),
    )
    compared: Chain = (Fork("nl", (theta, phi), similar), softmax)
    end = _named("nl", z=Conv2d(inner, channels, 1, bias=True), norm=gates.ZeroBatchNorm2d(channels))
    return Gated("nl", (Fork("nl", (compared, given), gather), *end), Part("nl.scale", gates.AddToMap()))


DILATION = 4
"""How far the weights of BAM's 3x3 lie apart (Park et al. 2018, section 3)."""


def bam(channels: int, inner: int) -> Gated:
    """Return the bottleneck attention module: a branch over positions, one over channels, their sum, a sigmoid.

    Park et al. 2018, figure 2 and equations 1 to 4, with norm and ReLU where the authors' code has them; that code
    multiplies the two branches, the paper adds them.
    """
    wide = Conv2d(inner, inner, 3, padding=DILATION, bias=True, dilation=DILATION)
    norm = BatchNorm2d(inner)
    positions = _named(
        "bam",
        **{"reduce": Conv2d(channels, inner, 1, bias=True), "bn0": norm, "relu0": ReLU()},
        **{"conv1": wide, "bn1": norm, "relu1": ReLU(), "conv2": wide, "bn2": norm, "relu2": ReLU()},
        conv3=Conv2d(inner, 1, 1, bias=True),
    )
    weights = _named(
        "bam",
        pool=AdaptiveAvgPool2d(),
        fc1=Conv2d(channels, inner, 1, bias=True),
        bn=norm,
        relu=ReLU(),
        fc2=Conv2d(inner, channels, 1, bias=True),
    )
    total, gate = _named("bam", sum=gates.SumGates(channels), gate=blocks.Sigmoid())
    return Gated("bam", (Fork("bam", (positions, weights), total), gate), Part("bam.scale", gates.Refine()))
