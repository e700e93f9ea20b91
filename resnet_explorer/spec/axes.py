"""The axes as data: one row each drives the Build panel, ``--set``, and the spec file.

An axis knows its words, its choices and how to read a value from text; the spec itself knows what is valid.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import get_args, get_origin, get_type_hints

from resnet_explorer.dataclass import dataclass
from resnet_explorer.errors import SpecError
from resnet_explorer.spec import choices, readers
from resnet_explorer.spec.readers import FRACTIONS, WHOLES, Choice, quoted
from resnet_explorer.spec.resnet_spec import BY_STAGE, ResNetSpec

SECTIONS = ("Stages", "Block", "Shortcut", "Layers", "Stem", "Training depth", "Head")
STAGES, BLOCK, SHORTCUT, LAYERS, STEM, TRAINING, HEAD = SECTIONS


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of choice: its ``--set`` key, its label, the sentence that teaches it, and how to read it.

    ``section`` is the part of the network it belongs to. ``off`` returns why the axis has no effect on a spec, or an
    empty text where it has one.
    """

    key: str
    label: str
    section: str
    teaches: str
    read: Callable[[str], object]
    choices: tuple[Choice, ...]
    off: Callable[[ResNetSpec], str]


def _unless(applies: Callable[[ResNetSpec], bool], why: str) -> Callable[[ResNetSpec], str]:
    return lambda spec: "" if applies(spec) else why


_never = _unless(lambda spec: True, "")
_basic = _unless(lambda spec: spec.has_bottlenecks, "Only bottleneck blocks have this choice.")
_plain = _unless(lambda spec: spec.residual, "A plain network has no shortcuts.")


def _cardinal(spec: ResNetSpec) -> str:
    return _basic(spec) or ("The group width tells the groups." if spec.group_width is not None else "")


_KEEPING = (choices.Attention.NONE, choices.Attention.ECA)
_unreduced = _unless(
    lambda spec: (
        spec.attention not in _KEEPING
        or spec.stage_end is not choices.StageEnd.NONE
        or spec.selective is not choices.Selective.NONE
        or spec.radix > 0
    ),
    "No attention, and ECA, reduce no channels.",
)
_inattentive = _unless(lambda spec: spec.attention is not choices.Attention.NONE, "There is no attention.")
_ungrouped = _unless(lambda spec: spec.norm.is_grouped, "Only group norm and EvoNorm-S0 have groups.")
_own_activation = _unless(lambda spec: not spec.norm.activates, "The norm holds its own activation.")
_shallow_stem = _unless(
    lambda spec: spec.stem in (choices.Stem.DEEP, choices.Stem.TIERED), "Only the deep stems have a width inside."
)
_early = _unless(
    lambda spec: spec.order not in choices.EARLY or spec.stem_pool is choices.StemPool.CONV,
    "In this order the first block activates.",
)
_images = _unless(lambda spec: spec.dims == 3, "Only videos have a time axis.")
_headless = _unless(lambda spec: spec.classes is not None, "A backbone has no classifier.")


_PADDED = (choices.Shortcut.PADDING, choices.Shortcut.POOLED)


def _any_side(spec: ResNetSpec) -> str:
    fits = spec.pool not in (choices.Pool.ATTENTION, choices.Pool.NONE)
    return _headless(spec) or ("The pool takes maps of any size." if fits else "")


def _no_head_norm(spec: ResNetSpec) -> str:
    if spec.pool is choices.Pool.ATTENTION:
        return "Attention pooling puts out features, which no norm follows."
    return _headless(spec) or ("There is no norm." if spec.norm is choices.Norm.NONE else "")


def _no_mlp(spec: ResNetSpec) -> str:
    return _headless(spec) or ("Only an MLP has hidden features." if spec.head is not choices.Head.MLP else "")


def _unprojected(spec: ResNetSpec) -> str:
    return _plain(spec) or ("Zero-padding has no convolution." if spec.shortcut in _PADDED else "")


def _ungated(spec: ResNetSpec) -> str:
    return _plain(spec) or ("There is no gate." if spec.gating is choices.Gating.NONE else "")


_OUTPUT_STRIDES: tuple[Choice, ...] = (
    Choice(None, "as built", "Each stage shrinks the map by its own stride."),
    Choice(32, "32", "Past stride 32 the stages dilate their 3×3 convolutions instead of shrinking the map."),
    Choice(16, "16", "The last stage of a usual ResNet dilates instead of shrinking: finer maps for segmentation."),
    Choice(8, "8", "The last two stages dilate instead of shrinking: the finest maps, and the most costly."),
)
_KERNELS: tuple[Choice, ...] = (
    Choice(3, "3×3", "The smallest window that sees all neighbours: that of the paper."),
    Choice(5, "5×5", "Sees two positions around: 25 weights for each pair of channels instead of 9."),
    Choice(7, "7×7", "Sees three positions around: 49 weights for each pair of channels instead of 9."),
)
_DIMS: tuple[Choice, ...] = (
    Choice(1, "1 · signals", "Convolutions slide along time: sensor readings, sound, heartbeats (N × C × L)."),
    Choice(2, "2 · images", "Convolutions slide over rows and columns (N × C × H × W)."),
    Choice(3, "3 · videos", "Convolutions slide over frames, rows and columns (N × C × T × H × W)."),
)
_NUMBERS: Mapping[str, tuple[Choice, ...]] = {"output_stride": _OUTPUT_STRIDES, "kernel": _KERNELS, "dims": _DIMS}
"""The values of axes that are one of a few numbers."""
_TYPES = get_type_hints(ResNetSpec)


def _axis(key: str, label: str, section: str, teaches: str, off: Callable[[ResNetSpec], str] = _never) -> Axis:
    """Return the axis of a field of the spec: the field's type tells how its value is read."""
    kind, is_row = _TYPES[key], get_origin(_TYPES[key]) is tuple
    kind = get_args(kind)[0] if is_row else kind
    values = _NUMBERS.get(key, ())
    if isinstance(kind, type) and issubclass(kind, choices.Option):
        values = readers.options(kind)
    numbers = {int: readers.whole, float: readers.fraction, bool: readers.truth}
    read = readers.choice(key, values) if values else numbers.get(kind, readers.whole_or_none)(key)
    if key in BY_STAGE:
        return Axis(key, label, section, teaches, readers.by_stage(read), values, _in_no_stage(off))
    read = readers.widths(key) if key == "widths" else readers.several(read) if is_row else read
    return Axis(key, label, section, teaches, read, values, off)


def _in_no_stage(off: Callable[[ResNetSpec], str]) -> Callable[[ResNetSpec], str]:
    """Return why an axis has no effect on any stage of a spec."""

    def reason(spec: ResNetSpec) -> str:
        reasons = [off(stage) for stage in spec.by_stages]
        return reasons[0] if all(reasons) else ""

    return reason


_ROWS = (
    _axis("block", "Block", STAGES,
        "What the branch F(x) of each block is made of: one kind for all stages, or one for each."),
    _axis("blocks", "Blocks", STAGES,
        "How many blocks each stage stacks. A stage works at one resolution; its first block may shrink the map."),
    _axis("widths", "Width", STAGES,
        "Channels inside the blocks of each stage: 64 to 512 in the ImageNet nets. Where the map halves the paper "
        "doubles the channels, so that every layer costs about the same. One number scales all stages; 16+48 lets it "
        "grow from 16 by 48 with equal steps from block to block (PyramidNet), 16/20,24/28 gives it for each block."),
    _axis("strides", "Stride", STAGES,
        "By how much the first block of each stage shrinks the map: 1 keeps it, 2 halves it."),
    _axis("expansion", "Expansion", BLOCK,
        "A bottleneck's output has this many times its inner width: 4 in the paper, 1 in RegNet.",
        _basic),
    _axis("cardinality", "Cardinality", BLOCK,
        "Groups of the 3×3: each sees its own channels only. ResNeXt has 32 of them instead of one wide convolution: "
        "more channels for the same cost.", _cardinal),
    _axis("base_width", "Base width", BLOCK,
        "Channels of one group for every 64 of the stage's width: 64 is the plain bottleneck, 128 a Wide ResNet, 4 "
        "in 32 groups ResNeXt-50 32×4d.", _cardinal),
    _axis("group_width", "Group width", BLOCK,
        "Channels of each group of the 3×3, whatever the width: as many groups as it takes (RegNet); 1 makes it "
        "depthwise, each channel alone. None leaves it to cardinality and base width.", _basic),
    _axis("reduce_first", "First reduction", BLOCK,
        "The first convolution of each block has the inner width divided by this: 2 in SENet-154, else 1."),
    _axis("kernel", "Kernel", BLOCK,
        "Side of the convolutions that are 3×3 in the paper: all of a basic block, the middle one of a bottleneck."),
    _axis("order", "Order", BLOCK,
        "In which order a block convolves, normalises, activates and adds (He et al. 2016, figure 4)."),
    _axis("stride", "Stride sits", BLOCK, "Which convolution of the first block of a stage halves the map."),
    _axis("scales", "Scales", BLOCK,
        "The 3×3 works on this many slices of the channels, one after the other: each but the last has its own 3×3 and "
        "adds what the slice before gave. 4 or more in Res2Net, with a base width of 26 for 4 (Gao et al. 2019).",
        _basic),
    _axis("selective", "Selective", BLOCK,
        "Two kernels in the place of the 3×3 (in basic blocks of the first), between which attention selects."),
    _axis("radix", "Radix", BLOCK,
        "The 3×3 gives this many splits of its channels, which attention weights against each other: 2 in ResNeSt; "
        "with 1 it weights the channels alone, 0 is no split attention (Zhang et al. 2020).", _basic),
    _axis("average_down", "Average down", BLOCK, "Where a mean of 3×3 takes over the stride of the 3×3 (ResNeSt).",
        _basic),
    _axis("branches", "Branches", BLOCK, "Whether F(x) is one branch, or the mix of two."),
    _axis("anti_alias", "Anti-aliasing", BLOCK,
        "What smooths a map before every second position is dropped (Zhang 2019); also in the stem's pool."),
    _axis("attention", "Attention", BLOCK, "How F(x) is rescaled before the addition."),
    _axis("attention_at", "Attention sits", BLOCK, "Where in F(x) the attention stands.", _inattentive),
    _axis("stage_end", "Stage ends in", BLOCK, "What stands after the last block of a stage."),
    _axis("reduction", "Reduction", BLOCK,
        "The attention's hidden layer has the channels divided by this: 16 in SE, CBAM and SK, 4 in ResNet-RS and "
        "ResNeSt, 8 in timm's GC and non-local, 2 in the paper of the latter.",
        _unreduced),
    _axis("reduction_multiple", "Rounded to", BLOCK,
        "The attention's hidden channels are rounded to a multiple of this: 8 in timm's SE, 1 in the papers.",
        _unreduced),
    _axis("reduction_of", "Reduced from", BLOCK,
        "Of which channels the attention's hidden layer is a fraction.", _unreduced),
    _axis("attention_scale", "Attention ×", BLOCK,
        "A constant factor on what the attention puts out: 2 in NF-ResNets, since a gate halves the signal at first.",
        _inattentive),
    _axis("residual", "Residual", SHORTCUT,
        "With shortcuts a block computes F(x) + x; without them it is a plain network: the same layers, no addition."),
    _axis("shortcut", "Shortcut", SHORTCUT, "How the shortcut brings x to the shape of F(x) where they differ.",
        _plain),
    _axis("downsample", "Projection", SHORTCUT, "How a projection shrinks the map.", _unprojected),
    _axis("gating", "Gate", SHORTCUT,
        "A learnt gate g(x) = sigmoid(W x + b) on the shortcut (He et al. 2016, figure 2).", _plain),
    _axis("gate_bias", "Gate bias", SHORTCUT,
        "The bias b with which the gate starts: at −6 it starts closed, and the shortcut is nearly the identity.",
        _ungated),
    _axis("shortcut_scale", "Shortcut ×", SHORTCUT,
        "A constant factor on the shortcut. Below 1 the signal shrinks with every block (He et al. 2016, figure 2b).",
        _plain),
    _axis("shortcut_dropout", "Shortcut dropout", SHORTCUT,
        "The chance that a value on the shortcut is dropped in training (He et al. 2016, figure 2f): fails at 0.5.",
        _plain),
    _axis("norm", "Norm", LAYERS, "What keeps the scale of the signal after each convolution."),
    _axis("norm_groups", "Norm groups", LAYERS,
        "Groups of channels that are normalised together; where they do not divide a layer's channels, the largest "
        "common divisor is taken.", _ungrouped),
    _axis("conv", "Convolution", LAYERS, "How a convolution uses its weights."),
    _axis("conv_time", "Kernels in time", LAYERS, "How a video network's convolutions treat time.", _images),
    _axis("conv_bias", "Biases", LAYERS,
        "A learnt shift for each channel that a convolution puts out, where no norm shifts: NF-ResNets have them."),
    _axis("activation", "Activation", LAYERS,
        "The non-linearity: without one, a stack of convolutions is one convolution.", _own_activation),
    _axis("dims", "Dimensions", STEM,
        "What the network works on: signals, images or videos. All kernels and strides hold along each axis; only a "
        "video's stem keeps all frames."),
    _axis("stem", "Stem", STEM, "What stands before the first stage."),
    _axis("stem_channels", "Stem channels", STEM,
        "Channels that the stem hands to the first stage: 64, or 16 for CIFAR."),
    _axis("stem_width", "Stem width", STEM, "Channels inside a deep stem: 32 in ResNet-C and -D, 64 in ResNet-S.",
        _shallow_stem),
    _axis("stem_pool", "Stem pool", STEM, "What halves the map after the stem's convolutions."),
    _axis("stem_activation", "Stem activates", STEM,
        "Whether the norm of the stem is followed by the activation: not in PyramidNet for small images.",
        _early),
    _axis("in_channels", "Input channels", STEM, "Channels of the input image: 3 for colour, 1 for grey-scale."),
    _axis("init", "Initialisation", TRAINING, "From which distribution the initial weights are drawn."),
    _axis("zero_init", "Zero-init", TRAINING,
        "The last norm of each branch (or its last convolution) starts at 0: each block starts as its shortcut "
        "(Goyal et al. 2017)."),
    _axis("gain", "Branch gain", TRAINING, "A learnt factor on F(x), small at first."),
    _axis("branch_scale", "Branch ×", TRAINING,
        "A constant factor on F(x): 0.7071 keeps the variance of F(x) + x in check."),
    _axis("track_variance", "Track variance", TRAINING,
        "Each block multiplies activated x by β, one over the standard deviation that x is expected to have: every "
        "branch of a stage adds the square of its factor to the variance (NF-ResNet: Brock et al. 2021).", _plain),
    _axis("stochastic_depth", "Stochastic depth", TRAINING,
        "The chance that the last block is skipped in training. It rises linearly with the depth, so that half this "
        "share of all blocks is skipped at each step (Huang et al. 2016).", _plain),
    _axis("block_dropout", "Block dropout", TRAINING,
        "The chance that a value is dropped before the 3×3 that follows the first convolution, in training (Wide "
        "ResNet: 0.3)."),
    _axis("pool", "Pool", HEAD, "What makes features of the last map.", _headless),
    _axis("map_side", "Map side", HEAD,
        "Side in pixels of the last map that the head is made for: 7 at an image of 224.", _any_side),
    _axis("head_norm", "Head norm", HEAD, "The network's norm on what the pool puts out, before it is flattened.",
        _no_head_norm),
    _axis("head", "Outputs by", HEAD, "What makes outputs of the features.", _headless),
    _axis("head_hidden", "Hidden", HEAD, "Features between the two layers of an MLP.", _no_mlp),
    _axis("classes", "Classes", HEAD,
        "Outputs of the last, fully connected layer; none leaves a backbone, which ends in feature maps."),
    _axis("head_channels", "Head channels", HEAD,
        "A 1×1 convolution with norm and activation brings the last map to so many channels before it is pooled "
        "(timm's ResNet-33ts: 1280); none leaves it out.", _headless),
    _axis("dropout", "Dropout", HEAD, "The chance that a feature is dropped before the classifier, in training.",
        _headless),
    _axis("output_stride", "Output stride", HEAD,
        "How many input pixels lie between two positions of the last map: finer maps cost more."),
)  # fmt: skip
AXES: Mapping[str, Axis] = {row.key: row for row in _ROWS}
_OTHER_NAMES = {"width": "widths", "depths": "blocks", "layers": "blocks", "groups": "cardinality"}


def bounds(key: str) -> tuple[float, float] | None:
    """Return the lowest and highest value of an axis that is a number; None for other axes."""
    row = WHOLES.get(key) or FRACTIONS.get(key)
    return (row[1], row[2]) if row else None


def axis(key: str) -> Axis:
    """Return the axis of that key. Raises SpecError with the nearest key where there is none."""
    key = _OTHER_NAMES.get(key, key)
    if key not in AXES:
        from difflib import get_close_matches

        near = get_close_matches(key[:40], (*AXES, *_OTHER_NAMES), n=1)
        raise SpecError(
            key,
            f"There is no axis {quoted(key)}.",
            f"Did you mean {near[0]!r}?" if near else "'resnet-explorer list --axes' shows them all.",
        )
    return AXES[key]


_FIELDS = {item.name for item in fields(ResNetSpec)} - {"name", "by_stage", "block_widths"}
assert set(AXES) == _FIELDS, "each axis has its row"
