"""What autograd would record of a forward pass: operations with what they save, written without PyTorch.

Names, attributes and saved tensors are those of PyTorch's backward nodes (``tools/autograd/derivatives.yaml``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from math import prod

from resnet_explorer.dataclass import dataclass

Shape = tuple[int, ...]
CHECKED_WITH = ("2.14",)
"""The versions of PyTorch whose nodes these are."""
ALL = 2**63 - 1
"""The end of a slice that goes on to the end."""


@dataclass(eq=False, slots=True)
class Value:
    """A tensor: its shape, the operation that made it (None for a constant), and what it is a view of."""

    shape: Shape
    operation: "Operation | None" = None
    base: "Value | None" = None


@dataclass(eq=False, slots=True)
class Operation:
    """A backward node: where its gradients go (``before``), and what it saves; of a leaf the ``variable``.

    ``saved`` are tensors by the names under which they are saved; ``attributes`` what is no tensor, as PyTorch prints
    it.
    """

    name: str
    path: str
    shape: Shape
    before: "tuple[Operation | None, ...]" = ()
    saved: tuple[tuple[str, Value], ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    variable: Value | None = None
    variable_name: str = ""


@dataclass(slots=True)
class Tape:
    """Records operations; ``path`` is the address of the layer that is at work, ``skip`` its block's chance to skip."""

    training: bool
    path: str = ""
    skip: float = 0.0
    _leaves: dict[str, Value] = field(default_factory=dict)

    def leaf(self, name: str, shape: Shape) -> Value:
        """Return the tensor of that whole name, whose gradient is accumulated."""
        if name not in self._leaves:
            value = Value(shape)
            path = name if name == "input" else name.rpartition(".")[0]
            value.operation = Operation("AccumulateGrad", path, shape, variable=value, variable_name=name)
            self._leaves[name] = value
        return self._leaves[name]

    def parameter(self, name: str, shape: Shape) -> Value:
        """Return a parameter of the layer at work."""
        return self.leaf(f"{self.path}.{name}", shape)

    def op(
        self,
        name: str,
        shape: Shape,
        *inputs: Value | None,
        saved: Mapping[str, Value | None] | None = None,
        view_of: Value | None = None,
        attributes: Mapping[str, object] | None = None,
        **more: object,
    ) -> Value:
        """Record an operation and return its output; what is saved as None is an attribute that says so.

        An input without an operation gets no gradient. ``attributes`` and ``more`` are its attributes.
        """
        kept = saved or {}
        texts = {key: str(value) for key, value in {**(attributes or {}), **more}.items()}
        texts |= {key: "None" for key, value in kept.items() if value is None}
        before = tuple(value.operation for value in inputs if value is not None)
        tensors = tuple((key, value) for key, value in sorted(kept.items()) if value is not None)
        made = Operation(name, self.path, shape, before, tensors, tuple(sorted(texts.items())))
        return Value(shape, made, view_of)

    def result(self, name: str, x: Value, attributes: Mapping[str, object] | None = None) -> Value:
        """Record an operation of the shape of its input that saves what it gives."""
        return self.op(name, x.shape, x, saved={"result": Value(x.shape)}, attributes=attributes)

    def add(self, a: Value, b: Value | None = None) -> Value:
        """Record a sum; b is None for a number."""
        return self.op("AddBackward0", _wider(a, b), a, b, alpha=1)

    def multiply(self, a: Value, b: Value) -> Value:
        """Record a product: each factor is saved where the other one needs its gradient."""
        saved = {"self": a if b.operation else None, "other": b if a.operation else None}
        return self.op("MulBackward0", _wider(a, b), a, b, saved=saved)

    def view(self, x: Value, *shape: int) -> Value:
        """Record a view of another shape."""
        return self.op("ViewBackward0", shape, x, view_of=x, self_sym_sizes=x.shape)

    def unsqueeze(self, x: Value, dim: int) -> Value:
        """Record an axis of length 1 more."""
        return self.op("UnsqueezeBackward0", (*x.shape[:dim], 1, *x.shape[dim:]), x, view_of=x, dim=dim)

    def mean(self, x: Value, *dims: int) -> Value:
        """Record a mean over some axes, which are kept."""
        numbers = {"self_sym_numel": prod(x.shape), "self_sym_sizes": x.shape}
        return self.op("MeanBackward1", _reduced(x.shape, dims), x, attributes=numbers, dim=dims, keepdim=True)

    def largest(self, x: Value, *dims: int) -> Value:
        """Record the largest value over some axes, which are kept."""
        shape = _reduced(x.shape, dims)
        saved = {"result": Value(shape), "self": x}
        return self.op("AmaxBackward0", shape, x, saved=saved, dim=dims, keepdim=True)

    def transpose(self, x: Value, dim0: int, dim1: int) -> Value:
        """Record two axes exchanged."""
        shape = list(x.shape)
        shape[dim0], shape[dim1] = shape[dim1], shape[dim0]
        return self.op("TransposeBackward0", tuple(shape), x, view_of=x, dim0=dim0, dim1=dim1)

    def pad(self, x: Value, shape: Shape, *sizes: int) -> Value:
        """Record a border of zeros."""
        return self.op("ConstantPadNdBackward0", shape, x, pad=sizes)

    def convolution(
        self,
        x: Value,
        weight: Value,
        bias: Value | None,
        shape: Shape,
        sizes: tuple[int | Shape, int | Shape, int | Shape, int],
    ) -> Value:
        """Record a convolution of a stride, padding, dilation and number of groups; one size is that of all axes."""
        axes = len(shape) - 2
        stride, padding, dilation = (size if isinstance(size, tuple) else (size,) * axes for size in sizes[:3])
        saved = {"input": x, "weight": weight}
        return self.op(
            "ConvolutionBackward0",
            shape,
            x,
            weight,
            bias,
            saved=saved,
            bias_sym_sizes_opt=bias.shape if bias else (0,),
            dilation=dilation,
            groups=sizes[3],
            output_padding=(0,) * axes,
            padding=padding,
            stride=stride,
            transposed=False,
        )

    def batch_norm(
        self,
        x: Value,
        weight: Value | None,
        bias: Value | None,
        *,
        training: bool,
        running: tuple[Value, Value] | None = None,
        eps: float = 1e-05,
    ) -> Value:
        """Record a batch norm, with its running statistics where it has any."""
        count = (x.shape[1],) if training else (0,)
        saved: dict[str, Value | None] = {
            "input": x,
            "result1": Value(count),
            "result2": Value(count),
            "weight": weight,
        }
        saved["running_mean"], saved["running_var"] = running or (None, None)
        return self.op("NativeBatchNormBackward0", x.shape, x, weight, bias, saved=saved, eps=eps, training=training)


def _wider(a: Value, b: Value | None) -> Shape:
    """Return the shape of two tensors that are broadcast."""
    return a.shape if b is None or (len(a.shape) >= len(b.shape) and prod(a.shape) >= prod(b.shape)) else b.shape


def _reduced(shape: Shape, dims: Sequence[int]) -> Shape:
    gone = {dim % len(shape) for dim in dims}
    return tuple(1 if axis in gone else length for axis, length in enumerate(shape))
