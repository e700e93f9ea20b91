"""The bytes that autograd keeps for backward, as PyTorch itself tells them while a network runs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from resnet_explorer.analysis.kept import IMAGE, Kept, collected
from resnet_explorer.analysis.progress import Progress
from resnet_explorer.blueprint import compile_spec
from resnet_explorer.lab.pieces import pieces
from resnet_explorer.lab.record import restored
from resnet_explorer.model import build
from resnet_explorer.model.modules import Block, Gate
from resnet_explorer.spec import InputShape, ResNetSpec


def measure_kept(spec: ResNetSpec, image: InputShape, *, training: bool = True) -> Iterator[Progress | Kept]:
    """Yield progress and, last, what autograd keeps of a network's forward pass on the CPU in float32.

    ``saved_tensors_hooks`` names each tensor that is saved; a storage counts once, under the layer that made it, and
    those of parameters and buffers do not count. Raises ValueError, as PyTorch does, where a batch norm cannot train
    on the input. Every output is held until the end, so that no two storages ever have the same address: it takes up
    to twice the memory that it measures.
    """
    network = compile_spec(spec)
    steps = len(network.blocks)
    yield Progress(0, steps, "building the network")
    model = build(spec, initialise=False)
    x = torch.rand(image.batch, spec.in_channels, image.height, image.width)
    watch = _Watch(model, x)
    with restored(model, training=training):
        for number, piece in enumerate(pieces(network), start=1):
            for name in piece.names:
                module = model.get_submodule(name)
                with watch.watching(name, module):
                    x = module(x)
            yield Progress(number, steps, f"running {piece.path}")
    by_path = dict.fromkeys((IMAGE, *(path for block in network.blocks for path in block.layer_paths)), 0)
    for path, count in watch.saved.values():
        by_path[path] += count
    yield collected(network, by_path, training)


class _Watch:
    """Who made each storage, and which of them were saved: address to (layer's path, bytes)."""

    def __init__(self, model: nn.Module, x: Tensor) -> None:
        self.saved: dict[int, tuple[str, int]] = {}
        self._anyway = {_address(tensor) for tensor in (*model.parameters(), *model.buffers())}
        self._makers = {_address(x): IMAGE}
        self._held: list[Tensor] = [x]
        self._inside: list[tuple[str, nn.Module]] = []

    @contextmanager
    def watching(self, name: str, top: nn.Module) -> Iterator[None]:
        """Lend a module hooks that tell which of its layers runs, and autograd those that tell what it saves."""
        with ExitStack() as stack:
            for path, module in top.named_modules(prefix=name):
                if isinstance(module, Block | Gate) or not next(module.children(), None):
                    stack.callback(module.register_forward_pre_hook(self._entering(path)).remove)
                    stack.callback(module.register_forward_hook(self._left).remove)
            stack.enter_context(saved_tensors_hooks(self._pack, lambda tensor: tensor))
            yield

    def _entering(self, path: str) -> Any:
        def enter(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            self._made(inputs[0])  # by the block itself, where no layer has made it: its sum
            self._inside.append((path, module))

        return enter

    def _left(self, module: nn.Module, inputs: object, output: Tensor) -> None:
        self._made(output)
        self._inside.pop()

    def _made(self, tensor: Tensor) -> None:
        self._held.append(tensor)
        if (address := _address(tensor)) not in self._makers:
            self._makers[address] = self._here()

    def _here(self) -> str:
        """Return the address of the layer that runs; what a block or a gate does itself is its sum or product."""
        path, module = self._inside[-1]
        own = {Block: ".add", Gate: ".scale"}
        return path + own.get(type(module), "")

    def _pack(self, tensor: Tensor) -> Tensor:
        address, count = _address(tensor), tensor.untyped_storage().nbytes()
        if address not in self._anyway and count:
            self._held.append(tensor)
            self.saved[address] = (self._makers.setdefault(address, self._here()), count)
        return tensor


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
