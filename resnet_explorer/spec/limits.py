"""How large a network may be described: wide enough for every published one, small enough to be shown."""

MAX_STAGES = 8
MAX_BLOCKS = 400
MAX_WIDTH = 8192
MAX_CHANNELS = 1_048_576
MAX_EXPANSION = 64
MAX_CARDINALITY = 1024
USUAL_BASE_WIDTH = 64
MAX_CLASSES = 1_000_000
MAX_IN_CHANNELS = 4096
MAX_STRIDE = 8
MAX_REDUCTION = 1024

WHOLES: dict[str, tuple[str, int, int]] = {
    "expansion": ("expansion", 1, MAX_EXPANSION),
    "cardinality": ("cardinality", 1, MAX_CARDINALITY),
    "base_width": ("base width of a group", 1, MAX_WIDTH),
    "reduce_first": ("reduction of the first convolution", 1, MAX_REDUCTION),
    "reduction": ("reduction ratio", 1, MAX_REDUCTION),
    "reduction_multiple": ("multiple that the reduced channels are rounded to", 1, MAX_REDUCTION),
    "norm_groups": ("number of groups of the norm", 1, MAX_WIDTH),
    "stem_channels": ("number of channels after the stem", 1, MAX_WIDTH),
    "stem_width": ("stem width", 1, MAX_WIDTH),
    "in_channels": ("number of input channels", 1, MAX_IN_CHANNELS),
    "classes": ("number of classes", 1, MAX_CLASSES),
}
"""Words, lowest and highest value of each axis that is a whole number."""

FRACTIONS: dict[str, tuple[str, float, float]] = {
    "gate_bias": ("bias of the gate", -100.0, 100.0),
    "shortcut_scale": ("factor on the shortcut", 0.0, 10.0),
    "shortcut_dropout": ("dropout on the shortcut", 0.0, 0.99),
    "branch_scale": ("factor on the branch", 0.0, 10.0),
    "stochastic_depth": ("stochastic depth", 0.0, 0.99),
    "block_dropout": ("dropout in the block", 0.0, 0.99),
    "dropout": ("dropout before the classifier", 0.0, 0.99),
}
"""Words, lowest and highest value of each axis that is a fraction."""

OUTPUT_STRIDES = (8, 16, 32)
