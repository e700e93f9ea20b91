"""A network at an input as one value: its picture, its figures, its layers, its source, its module."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_explorer import files
from resnet_explorer.diagram.diagram import ROOM, diagram
from resnet_explorer.diagram.view import view_of
from resnet_explorer.engine.pytorch import importing
from resnet_explorer.errors import ExportError
from resnet_explorer.network import compile_spec
from resnet_explorer.notebook.graph import Autograd
from resnet_explorer.notebook.layers import Layers
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.page import on_page, page_of
from resnet_explorer.picture.svg import to_svg
from resnet_explorer.picture.theme import LIGHT, THEMES
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.read import depth
from resnet_explorer.readings.text import si
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import named, title, twin
from resnet_explorer.spec.change import assign
from resnet_explorer.spec.codec import dumps, setting_of
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input, find_network, search
from resnet_explorer.terminal.output import SUFFIXES, painter

if TYPE_CHECKING:
    from resnet_explorer.module.build import ResNet

KINDS = (*SUFFIXES, ".py", ".csv", ".md", ".json")
"""The files that a network is saved as, by the endings of their names."""
Shape = Sequence[int] | int | str
"""An input: ``(1, 3, 224, 224)``, one side ``224``, or a text such as ``1x3x224x224``."""


@dataclass(frozen=True)
class Net:
    """A residual network at an input; a notebook shows its block diagram.

    Equal networks at equal inputs are equal. ``spec`` is what the user chooses, ``image`` the input's sizes.
    """

    spec: ResNetSpec
    image: InputShape

    @property
    def analysis(self) -> Analysis:
        """Return all that is known of the network at this input, without running it."""
        return _analysis(self)

    @property
    def layers(self) -> Layers:
        """Return every layer with its shapes, parameters, MACs and receptive field."""
        return Layers(self.analysis)

    @property
    def title(self) -> str:
        """Return the words by which the network is shown, such as ``ResNet-50``."""
        return title(self.spec)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of the input: N × C × H × W, of signals N × C × L, of videos N × C × T × H × W."""
        return self.analysis.total.input

    @property
    def output(self) -> tuple[int, ...]:
        """Return the shape of the output."""
        return self.analysis.total.output

    @property
    def params(self) -> int:
        """Return the number of parameters."""
        return self.analysis.total.params

    @property
    def macs(self) -> int:
        """Return the multiply-accumulates of convolutions and linear layers for the whole batch."""
        return self.analysis.total.macs

    @property
    def flops(self) -> int:
        """Return twice the MACs."""
        return 2 * self.macs

    @property
    def activation_bytes(self) -> int:
        """Return the bytes that the outputs of all layers take in one forward pass, in float32."""
        return self.analysis.total.activation_bytes

    @property
    def weight_layers(self) -> int:
        """Return the depth as the paper counts it: convolutions of stem and branches, and the classifier."""
        return depth(self.analysis.network).weight_layers

    def set(self, **axes: object) -> "Net":
        """Return the network with axes changed: ``net.set(attention="se", width=32)``.

        Keys and values are those of ``--set``; a value for each stage is a sequence. Raises SpecError where an axis is
        unknown, or the result describes no network.
        """
        return Net(named(assign(self.spec, *_settings(axes))), self.image)

    def at(self, shape: Shape) -> "Net":
        """Return the network at another input; raises InputError where it cannot take it."""
        return _checked(self.spec, _input(shape, self.spec))

    def plain(self) -> "Net":
        """Return the plain twin, the same network without shortcuts; of a plain network, the residual one."""
        return Net(twin(self.spec), self.image)

    def module(self, seed: int = 0, device: str | None = None) -> "ResNet":
        """Return the network as a ``torch.nn.Module`` in training mode, its initial weights drawn from a seed.

        PyTorch's own random state is left as it was.
        """
        with importing():
            import torch

            from resnet_explorer.module.build import build
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return build(self.spec).to(device or "cpu")

    def source(self) -> str:
        """Return the network as one file of PyTorch code."""
        from resnet_explorer.source import to_source

        return to_source(self.analysis)

    def autograd(self, *, training: bool | None = None, loss: bool = True, saved: bool = False) -> Autograd:
        """Return the graph that PyTorch's autograd records in a forward pass, read off the network without PyTorch.

        It ends at the ``loss`` or at the output; ``saved`` adds the tensors that are saved for the backward pass. Where
        ``training`` is None, it is in training mode where this input can be trained on.
        """
        return Autograd.of(self.analysis, training, loss, saved)

    def picture(self, expand: Iterable[str] = (), *, unfold: bool = False, compare: bool = False) -> Picture:
        """Return the block diagram as marks; ``expand`` opens blocks by their paths, or ``["all"]``.

        ``unfold`` shows every block of long stages, ``compare`` the plain twin beside.
        """
        return diagram(self.analysis, view_of(self.analysis.network, tuple(expand), unfold, compare), ROOM)

    def save(
        self,
        path: str | Path,
        expand: Iterable[str] = (),
        *,
        unfold: bool = False,
        compare: bool = False,
        theme: str = "light",
        size: str = "own",
    ) -> None:
        """Write the diagram (.svg, .pdf, .png, .pgf), the source (.py), the layers (.csv, .md) or the spec (.json).

        ``size`` is a page as ``export --size`` has it. Raises ExportError where the file's kind is unknown, or it
        cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() not in KINDS:
            raise ExportError(str(path), f"{path.name} is no kind of file for a network.", f"Use {', '.join(KINDS)}.")
        match path.suffix.lower():
            case ".py":
                content: str | bytes = self.source()
            case ".csv":
                content = self.layers.to_csv()
            case ".md":
                content = self.layers.to_markdown()
            case ".json":
                content = dumps(self.spec)
            case _:
                paint = painter(path)
                page = page_of(size)
                picture, zoom = on_page(self.picture(expand, unfold=unfold, compare=compare), page, True)
                content = paint(picture, THEMES[theme], zoom)
        files.write(path, content)

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.shape))
        figures = f"{self.params:,} parameters, {si(self.macs)}MACs, {self.weight_layers} weight layers"
        return f"{self.title} ({self.spec.name}) at {shape}: {figures}"

    def _repr_svg_(self) -> str:
        return to_svg(self.picture(), LIGHT)


@lru_cache(maxsize=64)
def _analysis(net: Net) -> Analysis:
    return analyse(compile_spec(net.spec), net.image)


def network(name: str | ResNetSpec = "resnet18", shape: Shape | None = None, **axes: object) -> Net:
    """Return a network of the catalogue, of a few letters of its name, of a spec file or a spec, with axes changed.

    ``shape`` is its input, by default one image of the size that it was published for. Raises SpecError where there is
    no such network, InputError where it cannot take the input.
    """
    spec = name if isinstance(name, ResNetSpec) else find_network(name)
    if axes:
        spec = named(assign(spec, *_settings(axes)))
    return _checked(spec, default_input(spec) if shape is None else _input(shape, spec))


def networks(search_for: str = "") -> tuple[str, ...]:
    """Return the names of the catalogue's networks, or of those that a search finds, the best first."""
    return tuple(entry.name for entry in search(search_for))


def _checked(spec: ResNetSpec, image: InputShape) -> Net:
    made = Net(spec, image)
    _analysis(made)
    return made


def _input(shape: Shape, spec: ResNetSpec) -> InputShape:
    text = shape if isinstance(shape, str) else "x".join(map(str, [shape] if isinstance(shape, int) else shape))
    return parse_input(text, spec.in_channels, spec.dims)


def _settings(axes: dict[str, object]) -> list[str]:
    return [f"{key}={setting_of(value)}" for key, value in axes.items()]
