"""The figures of a thing in the network, each with the sentence that teaches it, and worked out where it can be."""

from typing import NamedTuple

from resnet_explorer.readings.results import Analysis, Row, Sums
from resnet_explorer.readings.text import compact, mib, share


class Fact(NamedTuple):
    """A figure with its name and the sentence that teaches it."""

    label: str
    value: str
    teaches: str = ""


_SHAPE = "Channels × height × width, for each image of the batch."
_PARAMS = "Learnable numbers: weights, scales, shifts and biases."
_MACS = "Multiply-accumulates of convolutions and linear layers, for the whole batch."
_FLOPS = "A multiply-accumulate is a multiplication and an addition: two FLOPs."
_SHARE = "Of those of the whole network."
_MEMORY = "What the outputs newly allocate in float32 in a forward pass; in place (ReLU, addition) and views: none."
_FIELD = (
    "The side of the input square that one output value depends on, along the longest path. It may exceed the image: "
    "what lies outside is padding."
)
_STRIDE = "How many input pixels apart neighbouring output positions lie."


def facts_of(analysis: Analysis, sums: Sums, stride: int | None) -> tuple[Fact, ...]:
    """Return the figures of a layer, a block, a stage or the network, from the sums over it."""
    total = analysis.total
    is_part = sums is not total
    rows = (
        (True, Fact("Input", compact(sums.input), _SHAPE)),
        (True, Fact("Output", compact(sums.output), _SHAPE)),
        (True, Fact("Parameters", f"{sums.params:,}", _PARAMS)),
        (is_part and sums.params, Fact("% of parameters", f"{share(sums.params, total.params):.2f} %", _SHARE)),
        (True, Fact("MACs", f"{sums.macs:,}", _MACS)),
        (sums.macs, Fact("FLOPs = 2 × MACs", f"{2 * sums.macs:,}", _FLOPS)),
        (is_part and sums.macs, Fact("% of MACs", f"{share(sums.macs, total.macs):.2f} %", _SHARE)),
        (True, Fact("Activations", mib(sums.activation_bytes), _MEMORY)),
        (True, Fact("Receptive field", _field(sums.receptive_field), _FIELD)),
        (stride, Fact("Stride to the input", f"{stride} px", _STRIDE)),
    )
    return tuple(fact for applies, fact in rows if applies)


def layer_facts(analysis: Analysis, row: Row) -> tuple[Fact, ...]:
    """Return the figures of a layer, those that can be with the numbers that they are worked out from."""
    layer, read = row.part.layer, row.reading
    sums = Sums(read.input, read.output, read.params, read.macs, read.activation_bytes, 1, row.receptive_field)
    worked = {figure[0]: Fact(*figure) for figure in layer.worked(read.output)}
    return tuple(worked.get(fact.label, fact) for fact in facts_of(analysis, sums, read.stride))


def _field(field: int | None) -> str:
    return "the whole image" if field is None else f"{field:,} px"
