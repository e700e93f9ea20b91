"""Modules of the user's own code: what they are, where they differ, and what their files may do."""

from pathlib import Path

import pytest

from resnet_explorer.errors import CheckpointError
from resnet_explorer.verify.own_module import study
from resnet_explorer.verify.values import OwnModule, names_in

START = """
import torch
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

def net():
    return ResNet(BasicBlock, [1, 1, 1, 1], num_classes=7)
"""


def studied(tmp_path: Path, text: str, name: str = "net") -> OwnModule:
    path = tmp_path / "mine.py"
    path.write_text(START + text)
    *_, found = study(path, name)
    assert isinstance(found, OwnModule)
    return found


def test_the_same_network_is_proved_at_two_sizes(tmp_path: Path) -> None:
    found = studied(tmp_path, "print('hello')\nmade = net()\n", "made")
    assert found.agrees and found.found.fits and not found.difference and found.drawn
    assert len({(proof.image.height, proof.image.width) for proof in found.proofs}) == 2
    assert found.spec.blocks == (1, 1, 1, 1) and found.spec.classes == 7
    assert found.layers["layer2.0.downsample.0"] == "layer2.0.downsample.0"


def test_weights_that_were_trained_are_kept(tmp_path: Path) -> None:
    text = "made = net().train()\nfor _ in range(3):\n    made(torch.randn(4, 3, 64, 64))\n"
    found = studied(tmp_path, text, "made")
    assert found.agrees and not found.drawn


def test_the_first_layer_that_differs_is_named(tmp_path: Path) -> None:
    text = """
made = net()
made.layer3[0].conv2.dilation = made.layer3[0].conv2.padding = (2, 2)
"""
    found = studied(tmp_path, text, "made")
    assert not found.agrees
    assert found.difference.startswith("The first layer whose output differs is layer3.0.conv2: its input is the same")


def test_what_is_no_layer_is_told_by_its_neighbours(tmp_path: Path) -> None:
    text = """
class Mine(ResNet):
    def forward(self, x):
        x = self.layer1(self.maxpool(self.bn1(self.conv1(x)).sin()))
        return self.fc(self.avgpool(self.layer4(self.layer3(self.layer2(x)))).flatten(1))

made = Mine(BasicBlock, [1, 1, 1, 1])
"""
    found = studied(tmp_path, text, "made")
    assert "what reaches it differs already, so look at what lies between bn1 and it" in found.difference
    assert "is layer1.0.conv1" in found.difference


def test_one_size_alone_is_no_proof_of_the_other(tmp_path: Path) -> None:
    text = """
class Mine(ResNet):
    def forward(self, x):
        if x.shape[-1] != 224:
            raise ValueError("224 pixels, please")
        return super().forward(x)

made = Mine(BasicBlock, [1, 1, 1, 1])
"""
    found = studied(tmp_path, text, "made")
    assert not found.agrees and "at 224×224, but not at" in found.verdict
    assert "mine.py, line 11, raised ValueError: 224 pixels, please." in found.proofs[1].text


def test_a_network_with_something_behind_it_is_contained(tmp_path: Path) -> None:
    text = """
class Mine(ResNet):
    def forward(self, x):
        return super().forward(x).softmax(1)

made = Mine(BasicBlock, [1, 1, 1, 1])
"""
    found = studied(tmp_path, text, "made")
    assert found.contained and not found.agrees and " contains " in found.verdict


def test_what_tensors_do_not_tell_is_settled_by_running(tmp_path: Path) -> None:
    """A stride in the first 1x1 and GELU leave all tensors as they are."""
    text = """
made = ResNet(Bottleneck, [1, 1, 1, 1], width_per_group=16)
for stage in (made.layer2, made.layer3, made.layer4):
    stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
for part in made.modules():
    if hasattr(part, "relu"):
        part.relu = torch.nn.GELU()
"""
    found = studied(tmp_path, text, "made")
    assert found.agrees, found.difference
    assert [words.split(":")[0] for words in found.settled] == ["Stride sits", "Activation"]
    assert not found.found.assumed


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("raise ValueError('first\\nsecond')", "net", "mine.py, line 7, raised ValueError: first."),
        ("import sys\nsys.exit(3)", "net", "mine.py, line 8, ended the program with sys.exit(3)."),
        ("def broken(:", "net", "mine.py, line 7, raised SyntaxError: invalid syntax."),
        ("import nowhere_to_be_found", "net", "line 7, raised ModuleNotFoundError"),
        ("def again(): return again()", "again", "line 7, raised RecursionError"),
        ("class Odd(Exception):\n    def __str__(self): raise self\nraise Odd", "net", "line 9, raised Odd."),
        ("raise KeyboardInterrupt", "net", "line 7, raised KeyboardInterrupt."),
        ("", "nett", "mine.py has no 'nett'. Did you mean 'net'?"),
        ("number = 3", "number", "number in mine.py is of type int, not a module."),
        ("def some(): return 3", "some", "some() in mine.py returns int, not a module."),
        ("def deep(depth, width=3): ...", "deep", "deep in mine.py needs arguments: depth. Add a line such as"),
        ("lazy = torch.nn.LazyLinear(3)", "lazy", "lazy has lazy layers"),
        ("empty = torch.nn.ReLU()", "empty", "holds no tensors"),
        ("linear = torch.nn.Linear(3, 3)", "linear", "not those of a residual network"),
    ],
)
def test_whatever_the_file_does_is_one_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str, name: str, said: str
) -> None:
    with pytest.raises(CheckpointError) as caught:
        studied(tmp_path, f"{text}\n", name)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_names_are_read_without_running(tmp_path: Path) -> None:
    assert names_in("import os\nclass A: ...\ndef b(): ...\nc = d = 1\ne: int = 2\n_f = 3\nA = 4") == tuple("Abcde")
    assert names_in("def (") == () and names_in("\0") == ()
