"""The ideas by which residual networks changed, each with the paper that published it."""

from collections.abc import Mapping

from resnet_explorer.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """Networks that share an idea: its name, its paper, and the idea in a sentence.

    ``arxiv`` is the paper's number there, empty where it has none.
    """

    key: str
    title: str
    year: int
    authors: str
    paper: str
    arxiv: str
    idea: str

    @property
    def source(self) -> str:
        """Return where the idea was published, such as ``He et al. 2015, "Deep Residual Learning ..."``."""
        number = f" (arXiv {self.arxiv})" if self.arxiv else ""
        return f"{self.authors} {self.year}, “{self.paper}”{number}"


_DEEP = ("Deep Residual Learning for Image Recognition", "1512.03385")
_IDENTITY = ("Identity Mappings in Deep Residual Networks", "1603.05027")
_TIMM = "PyTorch Image Models"

_ROWS = (
    Family("imagenet", "ResNet, ImageNet", 2015, "He et al.", *_DEEP,
        "A shortcut adds x to what a block computes: F(x) + x."),
    Family("cifar", "ResNet, CIFAR-10", 2015, "He et al.", *_DEEP,
        "The same idea for images of 32 pixels, up to 1202 layers."),
    Family("plain", "Plain twins", 2015, "He et al.", *_DEEP,
        "The same layers without shortcuts: deeper trains worse."),
    Family("shortcuts", "Shortcut variants", 2016, "He et al.", *_IDENTITY,
        "Anything but the identity on the shortcut trains worse (figure 2)."),
    Family("orders", "Orders of activation", 2016, "He et al.", *_IDENTITY,
        "Where norm and ReLU stand decides what passes through the shortcut (figure 4)."),
    Family("preact", "Pre-activation (v2)", 2016, "He et al.", *_IDENTITY,
        "Norm and ReLU before each convolution leave the shortcut untouched from end to end."),
    Family("stochastic", "Stochastic depth", 2016, "Huang et al.", "Deep Networks with Stochastic Depth", "1603.09382",
        "Whole blocks are skipped at random in training: shorter nets to train, the deep one to use."),
    Family("wide", "Wide ResNet", 2016, "Zagoruyko and Komodakis", "Wide Residual Networks", "1605.07146",
        "Fewer, wider blocks do as well as a thousand thin ones, and run faster."),
    Family("resnext", "ResNeXt", 2017, "Xie et al.", "Aggregated Residual Transformations for Deep Neural Networks",
        "1611.05431", "The 3×3 works in many groups: cardinality is a dimension beside depth and width."),
    Family("pyramid", "PyramidNet", 2017, "Han et al.", "Deep Pyramidal Residual Networks", "1610.02915",
        "The channels grow a little with every block, not by twice where the map halves."),
    Family("signals", "Signals (1-D)", 2017, "Wang et al.",
        "Time Series Classification from Scratch with Deep Neural Networks: A Strong Baseline", "1611.06455",
        "The same idea along time alone: shortcuts past 1-D convolutions, for sensors, sound and heartbeats."),
    Family("video", "Video", 2018, "Tran et al.",
        "A Closer Look at Spatiotemporal Convolutions for Action Recognition", "1711.11248",
        "Convolutions see frames as well: all of them, those of the first stage alone, or space and time in turn."),
    Family("shake", "Shake-Shake", 2017, "Gastaldi", "Shake-Shake regularization", "1705.07485",
        "Two branches are mixed at random in training: neither can rely on the other."),
    Family("se", "SENet", 2018, "Hu et al.", "Squeeze-and-Excitation Networks", "1709.01507",
        "Each block rescales its channels by what the whole map holds."),
    Family("cbam", "CBAM", 2018, "Woo et al.", "CBAM: Convolutional Block Attention Module", "1807.06521",
        "Blocks rescale channels first, then positions."),
    Family("bam", "BAM", 2018, "Park et al.", "BAM: Bottleneck Attention Module", "1807.06514",
        "Attention over channels and positions where a stage ends, before the map is shrunk."),
    Family("group", "Group norm", 2018, "Wu and He", "Group Normalization", "1803.08494",
        "Statistics of one image at a time: the batch size no longer matters."),
    Family("tricks", "ResNet-C, -D and kin", 2019, "He et al.",
        "Bag of Tricks for Image Classification with Convolutional Neural Networks", "1812.01187",
        "A stem of three 3×3, and projections that pool before they convolve."),
    Family("sk", "SKNet", 2019, "Li et al.", "Selective Kernel Networks", "1903.06586",
        "Kernels of two sizes side by side: attention selects between them, channel by channel."),
    Family("res2net", "Res2Net", 2019, "Gao et al.", "Res2Net: A New Multi-scale Backbone Architecture", "1904.01169",
        "Slices of the channels in a chain: one block sees several scales."),
    Family("fixup", "Fixup", 2019, "Zhang et al.", "Fixup Initialization: Residual Learning Without Normalization",
        "1901.09321", "With the right initial weights, residual nets train without any norm."),
    Family("blur", "Anti-aliased", 2019, "Zhang", "Making Convolutional Networks Shift-Invariant Again", "1904.11486",
        "Maps are smoothed before positions are dropped, so that a shift of the image changes less."),
    Family("resnest", "ResNeSt", 2020, "Zhang et al.", "ResNeSt: Split-Attention Networks", "2004.08955",
        "The 3×3 gives several splits of its channels, and attention weights them against each other."),
    Family("eca", "ECA-Net", 2020, "Wang et al.",
        "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks", "1910.03151",
        "Channel attention with a handful of weights: a 1-D convolution."),
    Family("frn", "FRN", 2020, "Singh and Krishnan", "Filter Response Normalization Layer", "1911.09737",
        "A norm without mean and without batch, with a learnt threshold for activation."),
    Family("bit", "Big Transfer (BiT)", 2020, "Kolesnikov et al.",
        "Big Transfer (BiT): General Visual Representation Learning", "1912.11370",
        "Group norm and standardised weights make very wide pre-activation nets transfer well."),
    Family("skipinit", "SkipInit", 2020, "De and Smith",
        "Batch Normalization Biases Residual Blocks Towards the Identity Function in Deep Networks", "2002.10444",
        "One learnt factor per branch, 0 at first, does for depth what batch norm does."),
    Family("evonorm", "EvoNorm", 2020, "Liu et al.", "Evolving Normalization-Activation Layers", "2004.02967",
        "Norm and activation found together by search."),
    Family("regnet", "RegNet", 2020, "Radosavovic et al.", "Designing Network Design Spaces", "2003.13678",
        "Widths that grow linearly with the depth and are then rounded to stages: simple rules for a whole population "
        "of good networks."),
    Family("rs", "ResNet-RS", 2021, "Bello et al.", "Revisiting ResNets: Improved Training and Scaling Strategies",
        "2103.07579",
        "ResNet-D with SE and no max-pool, scaled with the image: training matters more than the architecture."),
    Family("iresnet", "iResNet (ArcFace)", 2019, "Deng et al.",
        "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", "1801.07698",
        "Norm before the first convolution, PReLU, and the whole map in the embedding: for faces."),
    Family("ts", "ResNet-TS", 2021, "Wightman", _TIMM, "",
        "Slim nets with a tiered stem and SiLU, whose gates act on the few channels inside each bottleneck."),
    Family("nf", "NF-ResNet", 2021, "Brock et al.",
        "Characterizing signal propagation to close the performance gap in unnormalized ResNets", "2101.08692",
        "Without any norm: scaled, standardised weights and known factors keep the variance of the signal."),
    Family("clip", "CLIP ResNet", 2021, "Radford et al.",
        "Learning Transferable Visual Models From Natural Language Supervision", "2103.00020",
        "ResNet-D with average pools, whose last map is pooled by attention, trained to fit texts to images."),
)  # fmt: skip
FAMILIES: Mapping[str, Family] = {family.key: family for family in _ROWS}
