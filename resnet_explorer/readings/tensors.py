"""The tensors of a network: the names and shapes that its state_dict has, without PyTorch."""

from resnet_explorer.network import Network
from resnet_explorer.network.kinds import Shape


def tensors(network: Network) -> dict[str, Shape]:
    """Return the shape of every tensor that the module's state_dict has, by name, in no particular order."""
    return {
        f"{path}.{tensor.name}": tensor.shape
        for block in network.blocks
        for path, part in zip(block.layer_paths, block.form.parts, strict=True)
        for tensor in part.layer.tensors()
    }
