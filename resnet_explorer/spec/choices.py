"""The choices along which residual networks differ, each with its words.

A choice is a name, as spec files and ``--set`` use it, a label, and the sentence that teaches what it does.
"""

from enum import StrEnum

# fmt: off


class Option(StrEnum):
    """A choice: its value is its name."""

    label: str
    teaches: str

    def __new__(cls, name: str, label: str, teaches: str) -> "Option":
        option = str.__new__(cls, name)
        option._value_, option.label, option.teaches = name, label, teaches
        return option


class Block(Option):
    """What the branch of a block is made of (He et al. 2015, figure 5)."""

    BASIC = "basic", "Basic", "Two 3×3 convolutions: the block of ResNet-18 and -34 and of the CIFAR nets."
    BOTTLENECK = ("bottleneck", "Bottleneck",
        "1×1 reduces the channels, 3×3 works on few of them, 1×1 expands again: the block of ResNet-50 and deeper.")


class Order(Option):
    """In which order a block convolves, normalises, activates and adds (He et al. 2016, figure 4)."""

    V1 = "v1", "v1 · original", "Convolution, norm, ReLU; the last ReLU comes after the addition."
    BN_AFTER = ("bn-after-add", "norm after add",
        "The last norm comes after the addition, so it alters the shortcut's signal too: trains worse (figure 4b).")
    RELU_BEFORE = ("relu-before-add", "ReLU before add",
        "The branch ends in a ReLU, so it can only add and the signal only grows: trains worse (figure 4c).")
    RELU_ONLY = ("relu-only", "ReLU-only pre-act.",
        "The ReLU comes before each convolution, the norm after it: like the original (figure 4d).")
    V2 = ("v2", "v2 · pre-activation",
        "Norm and ReLU before each convolution, nothing after the addition: x passes through the whole network "
        "untouched (figure 4e).")
    NORM_FIRST = ("norm-first", "norm first",
        "Norm before the first convolution, without ReLU, and after the last one; nothing after the addition "
        "(PyramidNet: Han et al. 2017, figure 6d; iResNet).")


EARLY = (Order.V2, Order.RELU_ONLY)
"""The orders whose activation comes before the convolution."""
BARE = (*EARLY, Order.NORM_FIRST)
"""The orders with nothing after the addition: the head brings what the last block lacks."""


class Stride(Option):
    """Which convolution carries the stride: torchvision's 3x3, the paper's first 1x1 of a bottleneck, or the last."""

    CONV3X3 = "3x3", "3×3 (v1.5)", "The 3×3 carries the stride, the first of two, as in torchvision."
    CONV1X1 = ("1x1", "first 1×1 (v1)",
        "The first 1×1 of a bottleneck carries the stride, as in the paper: fewer MACs, but it looks at a quarter of "
        "the positions.")
    LAST = ("last", "last one",
        "The last convolution carries the stride: those before it work on the whole map (iResNet).")


class Shortcut(Option):
    """How a shortcut meets a change of shape (He et al. 2015, section 3.3, options A, B and C)."""

    PADDING = ("A", "A · zero-padding",
        "Where shapes differ, the shortcut takes every second position and adds channels of zeros: no parameters.")
    POOLED = ("pool-pad", "pool, then pad",
        "Where shapes differ, a 2×2 mean shrinks x, and channels of zeros come behind its own: no parameters "
        "(PyramidNet: Han et al. 2017).")
    PROJECTION = ("B", "B · projection",
        "Where shapes differ, a 1×1 convolution brings x to the shape of F(x); elsewhere x passes unchanged.")
    PROJECTION_EVERYWHERE = ("C", "C · all projections",
        "A 1×1 convolution on every shortcut: most parameters, hardly more accuracy (He et al. 2015, table 3), and "
        "worse where the net is very deep (He et al. 2016, figure 2e).")


class Downsample(Option):
    """How a projection shrinks the map: by its stride, by a 3x3, by an average pool before it, or by two paths."""

    CONV1X1 = ("1x1", "strided 1×1",
        "A 1×1 convolution with the stride: it looks at a quarter of the positions and drops the rest.")
    AVERAGE = ("avgpool", "avg-pool, then 1×1",
        "A 2×2 mean shrinks the map before the 1×1, so that every position counts (ResNet-D: He et al. 2019).")
    CONV3X3 = "3x3", "strided 3×3", "A 3×3 convolution carries the stride, as in SENet-154."
    SHIFTED = ("shifted", "shifted pair",
        "Two strided 1×1, the second on the map shifted by a pixel, give half the channels each (Shake-Shake: Gastaldi "
        "2017).")


class Gating(Option):
    """Whether a learnt gate weights the shortcut, as in highway networks (He et al. 2016, figure 2)."""

    NONE = "none", "none", "The shortcut is added as it is."
    EXCLUSIVE = ("exclusive", "exclusive",
        "g(x) weights the branch and 1 − g(x) the shortcut, as in highway networks (figure 2c): hard to train.")
    SHORTCUT_ONLY = ("shortcut-only", "shortcut only",
        "1 − g(x) weights the shortcut and the branch is left alone (figure 2d): near the identity if the gate starts "
        "closed.")


class AntiAlias(Option):
    """What smooths a map before it is shrunk: Zhang 2019's blur, or the mean of 2x2 (timm's ``aa_layer``)."""

    NONE = "none", "none", "A stride drops positions without looking at them."
    BLUR = "blur", "blur pool", "The 3×3 keeps the size; a fixed 1-2-1 blur then takes every second position."
    AVERAGE = "average", "average pool", "The 3×3 keeps the size; a mean of 2×2 then halves the map."


class Selective(Option):
    """Whether kernels of two sizes take the place of the 3x3, and attention selects between them (Li et al. 2019)."""

    NONE = "none", "none", "One 3×3 convolution."
    SK = ("sk", "SK",
        "Two 3×3 see all channels, one of them dilated by 2; for each channel a softmax over both says how much of "
        "each counts (SKNet: Li et al. 2019).")
    SPLIT = ("sk-split", "SK, split input",
        "The same, but each 3×3 sees one half of the channels: fewer parameters (timm's skresnet).")


class AverageDown(Option):
    """Where a 3x3 mean takes over the stride of a bottleneck's 3x3 (ResNeSt's ``avd``: Zhang et al. 2020)."""

    NONE = "none", "none", "The convolution carries the stride itself."
    BEFORE = "before", "before 3×3", "A mean of 3×3 shrinks the map before the 3×3: fewer MACs (ResNeSt-fast)."
    AFTER = "after", "after 3×3", "The 3×3 keeps the size; a mean of 3×3 then shrinks the map."


class Branches(Option):
    """Whether a block has one branch, or two that are mixed at random in training (Gastaldi 2017)."""

    ONE = "one", "one", "F(x) is one branch."
    SHAKE = ("shake-shake", "shake-shake",
        "Two branches with weights of their own are mixed at random in training, half and half in inference: a strong "
        "regulariser (Shake-Shake: Gastaldi 2017).")


class Stem(Option):
    """What stands before the first stage (He et al. 2015, table 1 and section 4.2; He et al. 2019, figure 2)."""

    IMAGENET = "imagenet", "7×7 / 2", "One 7×7 convolution of stride 2, as in the paper."
    CIFAR = "cifar", "3×3 (CIFAR)", "One 3×3 convolution of stride 1: small images keep their size."
    CONV3X3 = "3x3", "3×3 / 2", "One 3×3 convolution of stride 2, as in RegNets (Radosavovic et al. 2020)."
    DEEP = ("deep", "deep: three 3×3",
        "Three 3×3 convolutions, the first of stride 2, in place of the 7×7: more layers for more MACs (ResNet-C: He "
        "et al. 2019).")
    TIERED = "tiered", "deep, tiered", "Three 3×3 convolutions whose widths rise step by step (timm's “t” nets)."


class StemPool(Option):
    """What follows the stem's convolutions."""

    MAX = "max", "3×3 max-pool / 2", "The largest value of each 3×3 window, at every second position."
    PADDED = ("zero-padded-max", "max, zero-padded",
        "The map is padded with zeros first, which can win against negative values (BiT).")
    CONV = "conv", "3×3 conv / 2", "A 3×3 convolution of stride 2 in the pool's place (ResNet-RS)."
    STRIDED = ("stride", "none: the last conv strides",
        "The last of a deep stem's convolutions halves the map in the pool's place (timm's “ts” nets).")
    NONE = "none", "none", "The first stage works on the stem's whole map."


class Pool(Option):
    """What makes features of the last map."""

    AVG = "avg", "average", "The mean of each channel over the whole map: any size will do."
    GEM = ("gem", "GeM",
        "The generalised mean with one learnt exponent, between mean and maximum: for retrieval (Radenović et al. "
        "2018).")
    ATTENTION = ("attention", "attention",
        "The map's mean asks all positions by multi-head attention, with a learnt vector for each position (CLIP: "
        "Radford et al. 2021).")
    NONE = ("none", "none: flatten",
        "Each position keeps its own weights in the linear layer, which so fits one size of image (iResNet).")


class Head(Option):
    """What makes outputs of the features."""

    LINEAR = "linear", "linear", "One fully connected layer."
    MLP = "mlp", "MLP", "Two fully connected layers with the activation between them."
    EMBEDDING = ("embedding", "embedding",
        "One fully connected layer and a batch norm without learnt scale: vectors that are compared (iResNet: "
        "insightface).")


class Attention(Option):
    """What weights the branch's channels or positions before the addition."""

    NONE = "none", "none", "All channels count alike."
    SE = ("se", "SE",
        "Squeeze-and-excitation: each channel's mean goes through two small layers that rescale every channel (Hu et "
        "al. 2018).")
    ECA = ("eca", "ECA",
        "Each channel is weighted by a few neighbours: a 1-D convolution over the channels' means (Wang et al. 2020).")
    CBAM = ("cbam", "CBAM",
        "First the channels are weighted by their mean and largest value, then the positions (Woo et al. 2018).")
    GC = ("gc", "GC",
        "Global context: a weighted mean of the map, whose weights are learnt, goes through two small layers that "
        "rescale every channel (Cao et al. 2019; timm's “gc”).")
    GCA = ("gca", "GC, added",
        "Global context as in the paper: what the two small layers make of the weighted mean is added to the map (Cao "
        "et al. 2019).")
    NON_LOCAL = ("nl", "non-local",
        "Each position gets a sum over all others, weighted by how similar they are (Wang et al. 2018): it costs the "
        "square of the number of positions.")


class StageEnd(Option):
    """What stands at the end of a stage, after its last block."""

    NONE = "none", "none", "The last block's map goes on as it is."
    BAM = ("bam", "BAM",
        "A bottleneck attention module: x + x · M(x), where M weights channels and positions together (Park et al. "
        "2018, who have it after the first three stages).")


class AttentionAt(Option):
    """Where in the branch the attention stands."""

    END = "end", "end of F(x)", "After the last convolution, as in the papers of SE, ECA and CBAM."
    MIDDLE = ("middle", "inside F(x)",
        "On what enters the last convolution: in a bottleneck the few channels inside, so that it costs less "
        "(RegNetY; timm's “ts” nets).")


class ReductionOf(Option):
    """Of which channels the hidden layer of the attention is a fraction."""

    MAP = "map", "its own map", "Of the channels that it rescales, as in the papers of SE and CBAM."
    INPUT = ("block-input", "block input",
        "Of the channels that enter the block, also where it rescales another number of them (RegNetY).")


class Norm(Option):
    """What normalises after each convolution; FRN and EvoNorm-S0 activate as well."""

    BATCH = "batch", "batch norm", "Mean and variance of each channel over the batch and all positions."
    GROUP = "group", "group norm", "Mean and variance of each group of channels of one image: no batch needed."
    LAYER = "layer", "layer norm", "Mean and variance of one whole image: group norm with one group."
    INSTANCE = "instance", "instance norm", "Mean and variance of each channel of one image."
    RMS = ("rms", "RMS norm",
        "Divides the channels of each position by their root mean square: layer norm without the mean, and a scale "
        "alone (Zhang and Sennrich 2019).")
    FRN = ("frn", "FRN",
        "Filter response norm: divides each channel by its root mean square, then keeps what is above a learnt "
        "threshold, so it activates too (Singh and Krishnan 2020).")
    EVONORM = ("evonorm-s0", "EvoNorm-S0",
        "x · sigmoid(v x) over the standard deviation of a group: it normalises and activates (Liu et al. 2020).")
    NONE = "none", "none", "Nothing keeps the scale: deep nets then depend on their initialisation."

    @property
    def activates(self) -> bool:
        """Return whether it activates as it normalises."""
        return self in (Norm.FRN, Norm.EVONORM)

    @property
    def is_grouped(self) -> bool:
        """Return whether it has a choice of groups."""
        return self in (Norm.GROUP, Norm.EVONORM)


class Conv(Option):
    """Whether each filter's weights are normalised to mean 0 and variance 1 before use (Qiao et al. 2019)."""

    PLAIN = "plain", "plain", "Weights are used as they are."
    STANDARDISED = ("standardised", "weight-standardised",
        "Each filter is normalised to mean 0 and variance 1 before use (Qiao et al. 2019; BiT).")
    SCALED = ("scaled-standardised", "scaled, weight-standardised",
        "Each filter is normalised to mean 0 and variance 1 / fan-in, times a learnt gain and the γ of the activation: "
        "the signal keeps its variance without a norm (NF-ResNet: Brock et al. 2021).")


class ConvTime(Option):
    """How the convolutions of a video network treat time (Tran et al. 2018, section 3)."""

    FULL = ("3d", "3×3×3",
        "Each convolution sees three frames as it sees three rows and columns (R3D: Tran et al. 2018, section 3.2).")
    FRAMES = ("2d", "1×3×3, frame by frame",
        "Each convolution sees one frame, and its stride skips none: the stages of MC3 after the first (section 3.3).")
    SPLIT = ("2+1d", "1×3×3, then 3×1×1",
        "R(2+1)D: a convolution in space, a norm and an activation, then a convolution in time, with as many weights "
        "as a 3×3×3 (section 3.5).")


class Activation(Option):
    """The non-linearity."""

    RELU = "relu", "ReLU", "max(0, x)."
    LEAKY_RELU = "leaky-relu", "leaky ReLU", "x where positive, 0.01 x elsewhere: no unit is ever dead."
    SILU = "silu", "SiLU", "x · sigmoid(x), also called swish: smooth, slightly negative below 0."
    GELU = "gelu", "GELU", "x times the chance that a normal variable is below x: smooth."
    RELU6 = "relu6", "ReLU6", "max(0, x), and at most 6: a range that few bits can hold."
    HARD_SWISH = ("hard-swish", "hard-swish",
        "SiLU made of straight lines, without an exponential (MobileNetV3: Howard et al. 2019).")
    MISH = "mish", "Mish", "x · tanh(ln(1 + exp(x))): smooth, close to SiLU (Misra 2019)."
    ELU = ("elu", "ELU",
        "x where positive, exp(x) − 1 elsewhere: negative values bring the mean near 0 (Clevert et al. 2015).")
    PRELU = ("prelu", "PReLU",
        "x where positive, a learnt slope times x elsewhere, one for each channel (He et al. 2015).")


class Gain(Option):
    """A learnable factor at the end of the branch, small at first, so that a block starts as the identity."""

    NONE = "none", "none", "F(x) is added at full strength."
    SKIPINIT = ("skipinit", "SkipInit scalar",
        "One learnt factor on F(x) that starts at 0: each block starts as the identity (De and Smith 2020; ReZero).")
    LAYERSCALE = ("layerscale", "LayerScale",
        "One learnt factor for each channel of F(x) (Touvron et al. 2021). It starts at 0.0001, which is this app's "
        "choice; the paper has 0.1, 1e-5 or 1e-6, by depth.")


class Init(Option):
    """From which distribution the convolutions' initial weights are drawn."""

    FAN_OUT = ("he-fan-out", "He, fan-out",
        "Normal, variance 2 / fan-out: keeps the gradient's scale; torchvision's choice.")
    FAN_IN = "he-fan-in", "He, fan-in", "Normal, variance 2 / fan-in: keeps the signal's scale."
    XAVIER = "xavier", "Xavier", "Normal, variance 2 / (fan-in + fan-out): made for tanh, too small for ReLU."
    ORTHOGONAL = "orthogonal", "orthogonal", "Filters at right angles to each other: lengths are kept."
    DEFAULT = ("pytorch-default", "PyTorch's default",
        "Uniform within ±1/√fan-in: variance 1 / (3 fan-in), six times smaller.")
    FIXUP = ("fixup", "Fixup",
        "No norm at all: branches start small for their number and end at 0, with scalar biases and one factor "
        "(Zhang et al. 2019).")
