"""The choices of every axis in words: a label, and the sentence that teaches what the choice does."""

from resnet_explorer.spec import choices as c
from resnet_explorer.spec.readers import Choice

BLOCKS = (
    Choice(c.Block.BASIC, "Basic", "Two 3×3 convolutions: the block of ResNet-18 and -34 and of the CIFAR nets."),
    Choice(
        c.Block.BOTTLENECK,
        "Bottleneck",
        "1×1 reduces the channels, 3×3 works on few of them, 1×1 expands again: the block of ResNet-50 and deeper.",
    ),
)
ORDERS = (
    Choice(c.Order.V1, "v1 · original", "Convolution, norm, ReLU; the last ReLU comes after the addition."),
    Choice(
        c.Order.BN_AFTER,
        "norm after add",
        "The last norm comes after the addition, so it alters the shortcut's signal too: trains worse (figure 4b).",
    ),
    Choice(
        c.Order.RELU_BEFORE,
        "ReLU before add",
        "The branch ends in a ReLU, so it can only add and the signal only grows: trains worse (figure 4c).",
    ),
    Choice(
        c.Order.RELU_ONLY,
        "ReLU-only pre-act.",
        "The ReLU comes before each convolution, the norm after it: like the original (figure 4d).",
    ),
    Choice(
        c.Order.V2,
        "v2 · pre-activation",
        "Norm and ReLU before each convolution, nothing after the addition: x passes through the whole network "
        "untouched (figure 4e).",
    ),
)
STRIDES = (
    Choice(c.Stride.CONV3X3, "in the 3×3 (v1.5)", "The 3×3 carries the stride, as in torchvision."),
    Choice(
        c.Stride.CONV1X1,
        "in the first 1×1 (v1)",
        "The first 1×1 carries the stride, as in the paper: fewer MACs, but it looks at a quarter of the positions.",
    ),
)
SHORTCUTS = (
    Choice(
        c.Shortcut.PADDING,
        "A · zero-padding",
        "Where shapes differ, the shortcut takes every second position and adds channels of zeros: no parameters.",
    ),
    Choice(
        c.Shortcut.PROJECTION,
        "B · projection",
        "Where shapes differ, a 1×1 convolution brings x to the shape of F(x); elsewhere x passes unchanged.",
    ),
    Choice(
        c.Shortcut.PROJECTION_EVERYWHERE,
        "C · all projections",
        "A 1×1 convolution on every shortcut: most parameters, hardly more accuracy (He et al. 2015, table 3), and "
        "worse where the net is very deep (He et al. 2016, figure 2e).",
    ),
)
DOWNSAMPLES = (
    Choice(
        c.Downsample.CONV1X1,
        "strided 1×1",
        "A 1×1 convolution with the stride: it looks at a quarter of the positions and drops the rest.",
    ),
    Choice(
        c.Downsample.AVERAGE,
        "avg-pool, then 1×1",
        "A 2×2 mean shrinks the map before the 1×1, so that every position counts (ResNet-D: He et al. 2019).",
    ),
    Choice(c.Downsample.CONV3X3, "strided 3×3", "A 3×3 convolution carries the stride, as in SENet-154."),
)
GATINGS = (
    Choice(c.Gating.NONE, "none", "The shortcut is added as it is."),
    Choice(
        c.Gating.EXCLUSIVE,
        "exclusive",
        "g(x) weighs the branch and 1 − g(x) the shortcut, as in highway networks (figure 2c): hard to train.",
    ),
    Choice(
        c.Gating.SHORTCUT_ONLY,
        "shortcut only",
        "1 − g(x) weighs the shortcut and the branch is left alone (figure 2d): near the identity if the gate starts "
        "closed.",
    ),
)
ANTI_ALIASES = (
    Choice(c.AntiAlias.NONE, "none", "A stride drops positions without looking at them."),
    Choice(
        c.AntiAlias.BLUR, "blur pool", "The 3×3 keeps the size; a fixed 1-2-1 blur then takes every second position."
    ),
    Choice(c.AntiAlias.AVERAGE, "average pool", "The 3×3 keeps the size; a mean of 2×2 then halves the map."),
)
STEMS = (
    Choice(c.Stem.IMAGENET, "7×7 / 2", "One 7×7 convolution of stride 2, as in the paper."),
    Choice(c.Stem.CIFAR, "3×3 (CIFAR)", "One 3×3 convolution of stride 1: small images keep their size."),
    Choice(
        c.Stem.DEEP,
        "deep: three 3×3",
        "Three 3×3 convolutions, the first of stride 2, in place of the 7×7: more layers for more MACs (ResNet-C: "
        "He et al. 2019).",
    ),
    Choice(c.Stem.TIERED, "deep, tiered", "Three 3×3 convolutions whose widths rise step by step (timm's “t” nets)."),
)
STEM_POOLS = (
    Choice(c.StemPool.MAX, "3×3 max-pool / 2", "The largest value of each 3×3 window, at every second position."),
    Choice(
        c.StemPool.PADDED,
        "max, zero-padded",
        "The map is padded with zeros first, which can win against negative values (BiT).",
    ),
    Choice(c.StemPool.CONV, "3×3 conv / 2", "A 3×3 convolution of stride 2 in the pool's place (ResNet-RS)."),
    Choice(c.StemPool.NONE, "none", "The first stage works on the stem's whole map."),
)
ATTENTIONS = (
    Choice(c.Attention.NONE, "none", "All channels count alike."),
    Choice(
        c.Attention.SE,
        "SE",
        "Squeeze-and-excitation: each channel's mean goes through two small layers that weigh every channel "
        "(Hu et al. 2018).",
    ),
    Choice(
        c.Attention.ECA,
        "ECA",
        "Each channel is weighed by a few neighbours: a 1-D convolution over the channels' means (Wang et al. 2020).",
    ),
    Choice(
        c.Attention.CBAM,
        "CBAM",
        "First the channels are weighed by their mean and largest value, then the positions (Woo et al. 2018).",
    ),
)
NORMS = (
    Choice(c.Norm.BATCH, "batch norm", "Mean and variance of each channel over the batch and all positions."),
    Choice(c.Norm.GROUP, "group norm", "Mean and variance of each group of channels of one image: no batch needed."),
    Choice(c.Norm.LAYER, "layer norm", "Mean and variance of one whole image: group norm with one group."),
    Choice(c.Norm.INSTANCE, "instance norm", "Mean and variance of each channel of one image."),
    Choice(
        c.Norm.FRN,
        "FRN",
        "Filter response norm: divides each channel by its root mean square, then keeps what is above a learnt "
        "threshold, so it activates too (Singh and Krishnan 2020).",
    ),
    Choice(
        c.Norm.EVONORM,
        "EvoNorm-S0",
        "x · sigmoid(v x) over the standard deviation of a group: norm and activation in one (Liu et al. 2020).",
    ),
    Choice(c.Norm.NONE, "none", "Nothing keeps the scale: deep nets then depend on their initialisation."),
)
CONVS = (
    Choice(c.Conv.PLAIN, "plain", "Weights are used as they are."),
    Choice(
        c.Conv.STANDARDISED,
        "weight-standardised",
        "Each filter is brought to mean 0 and variance 1 before use (Qiao et al. 2019; BiT).",
    ),
)
ACTIVATIONS = (
    Choice(c.Activation.RELU, "ReLU", "max(0, x)."),
    Choice(c.Activation.LEAKY_RELU, "leaky ReLU", "x where positive, 0.01 x elsewhere: no unit is ever dead."),
    Choice(c.Activation.SILU, "SiLU", "x · sigmoid(x), also called swish: smooth, slightly negative below 0."),
    Choice(c.Activation.GELU, "GELU", "x times the chance that a normal variable is below x: smooth."),
)
GAINS = (
    Choice(c.Gain.NONE, "none", "F(x) is added at full strength."),
    Choice(
        c.Gain.SKIPINIT,
        "SkipInit scalar",
        "One learnt factor on F(x) that starts at 0: each block starts as the identity (De and Smith 2020; ReZero).",
    ),
    Choice(
        c.Gain.LAYERSCALE,
        "LayerScale",
        "One learnt factor for each channel of F(x) (Touvron et al. 2021). It starts at 0.0001, which is this app's "
        "choice; the paper has 0.1, 1e-5 or 1e-6, by depth.",
    ),
)
INITS = (
    Choice(
        c.Init.FAN_OUT, "He, fan-out", "Normal, variance 2 / fan-out: keeps the gradient's scale; torchvision's choice."
    ),
    Choice(c.Init.FAN_IN, "He, fan-in", "Normal, variance 2 / fan-in: keeps the signal's scale."),
    Choice(c.Init.XAVIER, "Xavier", "Normal, variance 2 / (fan-in + fan-out): made for tanh, too small for ReLU."),
    Choice(c.Init.ORTHOGONAL, "orthogonal", "Filters at right angles to each other: lengths are kept."),
    Choice(
        c.Init.DEFAULT, "PyTorch's default", "Uniform within ±1/√fan-in: variance 1 / (3 fan-in), six times smaller."
    ),
    Choice(
        c.Init.FIXUP,
        "Fixup",
        "No norm at all: branches start small for their number and end at 0, with scalar biases and one factor "
        "(Zhang et al. 2019).",
    ),
)
OUTPUT_STRIDES = (
    Choice(None, "as built", "Each stage shrinks the map by its own stride."),
    Choice(32, "32", "Past stride 32 the stages dilate their 3×3 convolutions instead of shrinking the map."),
    Choice(16, "16", "The last stage of a usual ResNet dilates instead of shrinking: finer maps for segmentation."),
    Choice(8, "8", "The last two stages dilate instead of shrinking: the finest maps, and the most costly."),
)
