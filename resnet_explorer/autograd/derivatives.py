"""What the backward function of each operation computes: its local derivative as a sentence.

x is the operation's input, y its output, dL/dy the gradient that arrives.
"""

import re
from collections.abc import Mapping

_SHAPED = "Only the shape was changed: the gradient is reshaped back."
_TURNED = "Only the order of the axes was changed: the gradient is permuted back."
_COPIED = "A copy: the gradient goes on unchanged."
_REPEATED = "The values were used several times: the gradients of all copies are summed."
_TAKEN = "The gradient goes back to the part that was selected; the rest gets 0."
_JOINED = "Each part that was concatenated gets its own slice of the gradient."
_PEAK = "The gradient goes to the position of the maximum; all others get 0."
_WINDOWS = "The gradient of each window goes to the position of its maximum; the others get 0."
_SPREAD = "The gradient is distributed evenly: each of the n values that were averaged gets 1/n of it."
_POOLED = "The gradient of each window is distributed evenly over its positions."
_BATCH = (
    "dL/dx is γ/σ times dL/dy, in training less its mean and its projection on x̂: what would only shift or scale "
    "the channel is removed. dL/dγ sums dL/dy · x̂, dL/dβ sums dL/dy."
)
_LINEAR = "dL/dx = dL/dy · W. dL/dW multiplies dL/dy with the input, dL/db is dL/dy summed over the batch."
_DROPPED = "The gradient passes where the value was kept, scaled up as the value was; elsewhere it is 0."

_DERIVATIVES: Mapping[str, str] = {
    "Convolution": "dL/dx is dL/dy convolved with the flipped kernels: a transposed convolution. dL/dW correlates "
    "dL/dy with the input.",
    "NativeBatchNorm": _BATCH,
    "CudnnBatchNorm": _BATCH,
    "MiopenBatchNorm": _BATCH,
    "BatchNormWithUpdate": _BATCH,
    "NativeGroupNorm": "dL/dx is γ/σ times dL/dy, less its mean and its projection on x̂, both taken over a group of "
    "channels of one image.",
    "Relu": "The gradient passes where the output was positive; elsewhere it is 0.",
    "LeakyRelu": "The gradient passes where the input was positive; elsewhere a hundredth of it does.",
    "Silu": "dL/dy times σ(x) (1 + x (1 − σ(x))): a little less than 0 for very negative x, near 1 for large x.",
    "Gelu": "dL/dy times Φ(x) + x φ(x), with the normal distribution Φ and its density φ.",
    "Sigmoid": "dL/dy times y (1 − y): at most a quarter, and near 0 where the gate is wide open or shut.",
    "Add": "The gradient goes on unchanged to each that was added. At the end of a block these are F(x) and the "
    "shortcut: it splits in two, and where both meet again at x, dL/dx = dL/dy + (dF/dx)ᵀ dL/dy.",
    "Sub": "The gradient goes on unchanged to the first, and with the other sign to the second.",
    "Rsub": "The gradient goes on with the other sign: 1 − g falls where g grows.",
    "Neg": "The gradient goes on with the other sign.",
    "Mul": "Each factor gets dL/dy times the other factor: what is weighted gets it times the gate, the gate gets it "
    "times what it weights.",
    "Div": "The numerator a gets dL/dy / b, the denominator b gets −dL/dy · a / b².",
    "Pow": "dL/dy times n xⁿ⁻¹: for a square, 2x.",
    "Sqrt": "dL/dy divided by 2y.",
    "Rsqrt": "dL/dy times −y³ / 2.",
    "Exp": "dL/dy times y.",
    "Log": "dL/dy divided by x.",
    "Mean": _SPREAD,
    "AdaptiveAvgPool2D": _SPREAD,
    "AvgPool2D": _POOLED,
    "Sum": "Each value that was summed gets the whole gradient.",
    "Var": "dL/dy times 2 (x − mean) / n, for n values.",
    "Amax": _PEAK,
    "Max": _PEAK,
    "Maximum": "The gradient goes to whichever of the two was larger; the other gets 0.",
    "MaxPool2DWithIndices": _WINDOWS,
    "MaxPool2D": _WINDOWS,
    "Addmm": _LINEAR,
    "Linear": _LINEAR,
    "Mm": "Each factor gets dL/dy times the other one, transposed.",
    "T": _TURNED,
    "Transpose": _TURNED,
    "Permute": _TURNED,
    "View": _SHAPED,
    "UnsafeView": _SHAPED,
    "Reshape": _SHAPED,
    "ReshapeAlias": _SHAPED,
    "Squeeze": _SHAPED,
    "Unsqueeze": _SHAPED,
    "Alias": "The same values under another name: the gradient goes on unchanged.",
    "AsStrided": "Another view of the same memory: each gradient goes back to the element that was read.",
    "CopySlices": "A part of the memory was overwritten: its gradient passes through what was written; the rest of the "
    "gradient goes on unchanged.",
    "Clone": _COPIED,
    "Copy": _COPIED,
    "ToCopy": _COPIED,
    "Expand": _REPEATED,
    "Repeat": _REPEATED,
    "Slice": _TAKEN,
    "Select": _TAKEN,
    "Index": _TAKEN,
    "Cat": _JOINED,
    "Stack": _JOINED,
    "ConstantPadNd": "The gradient of the padding is dropped; the map gets its own part. Negative padding crops, and "
    "what was cropped gets 0.",
    "ReflectionPad2D": "The gradients of mirrored positions are added to those of the positions that they mirror.",
    "NativeDropout": _DROPPED,
    "FusedDropout": _DROPPED,
    "LogSoftmax": "dL/dy less the softmax times the sum of dL/dy: with the loss behind it, probability − target.",
    "NllLoss": "The gradient starts here: −1/N for each of the N images at its own class, 0 for every other class.",
}
_ACCUMULATES = "The gradient is added to the tensor's .grad, where the optimizer reads it."
_UNKNOWN = "dL/dx is dL/dy times this operation's local derivative: the chain rule."
_NAME = re.compile(r"(?:.*::)?(.+?)(?:Backward\d*)?")


def kind_of(name: str) -> str:
    """Return the operation of a backward function: ``Convolution`` for ``ConvolutionBackward0``."""
    match = _NAME.fullmatch(name)
    return match[1] if match else name


def is_known(name: str) -> bool:
    """Return whether an operation has a description of its own."""
    return kind_of(name) in (*_DERIVATIVES, "AccumulateGrad")


def derivative(name: str) -> str:
    """Return what the backward function of that name computes; for an unknown one, the chain rule."""
    kind = kind_of(name)
    return _ACCUMULATES if kind == "AccumulateGrad" else _DERIVATIVES.get(kind, _UNKNOWN)
