"""ONNX files in the runtime that most people run them with: any batch, and any size where that is asked for."""

from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import Tensor

from resnet_explorer.finetuning import jobs as tuned
from resnet_explorer.module import build
from resnet_explorer.module.build import ResNet, add_adapter
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights import checkpoint


def small(name: str, *settings: str) -> tuple[ResNet, ResNetSpec]:
    """Return a network of two blocks, the second with a projection, with weights and statistics of a seed."""
    spec = assign(find(name), "blocks=1,1", *settings)
    torch.manual_seed(0)
    model = build(spec)
    for name, buffer in model.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.copy_(torch.rand(buffer.shape) + 0.5)
    return model.eval(), spec


def run(file: Path, x: Tensor) -> Tensor:
    session = onnxruntime.InferenceSession(file)
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: x.numpy()})[0])


def dimensions(file: Path) -> list[object]:
    return list(onnxruntime.InferenceSession(file).get_inputs()[0].shape)


def agrees(model: ResNet, file: Path, *shape: int) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        torch.testing.assert_close(run(file, x), model(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("resnet18", ("width=8",)),
        ("preresnet110", ("width=8",)),
        ("seresnet50", ("width=8",)),
        ("resnext50_32x4d", ("width=16", "groups=4", "base_width=16")),
    ],
    ids=["v1", "v2", "SE", "grouped"],
)
def test_batches_of_any_length_and_images_of_any_size(tmp_path: Path, name: str, settings: tuple[str, ...]) -> None:
    model, spec = small(name, *settings)
    file = tmp_path / "net.onnx"
    checkpoint.save(model, spec, file, InputShape(1, 64, 64), dynamic=True)
    assert dimensions(file) == ["batch", 3, "height", "width"]
    for batch in (1, 2, 8):
        agrees(model, file, batch, 3, 64, 64)
    agrees(model, file, 2, 3, 75, 97)


def test_a_fine_tuned_network_with_its_adapter(tmp_path: Path) -> None:
    plain, spec = small("resnet18", "width=4", "classes=5")
    model = add_adapter(plain, 1, 3).eval()
    file = tmp_path / "net.onnx"
    tuned.save(model, spec, file, InputShape(1, 32, 40))
    assert dimensions(file) == ["batch", 1, 32, 40]
    for batch in (1, 2, 8):
        agrees(model, file, batch, 1, 32, 40)
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]
