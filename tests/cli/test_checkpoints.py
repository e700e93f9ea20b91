"""The commands that read and write weights."""

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torchvision

from resnet_explorer.cli import main
from resnet_explorer.module import build
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from resnet_explorer.weights.reader import read


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.pth"
    torch.save({"model": torchvision.models.resnet18(num_classes=5).state_dict()}, path)
    return path


def test_a_file_is_identified(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", str(file)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("net.pth: ResNet-18, edited (resnet18-edited), 5 classes\n  Classes: 5 instead of 1000\n")
    assert "All tensors fit." in out and "Assumed, since tensors do not tell:" in out


def test_statistics_and_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", str(file), "--statistics", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["fits"] and told["spec"]["classes"] == 5
    first = next(one for one in told["statistics"] if one["path"] == "conv1.weight")
    assert first["shape"] == [64, 3, 7, 7] and len(first["histogram"]) == 32
    assert main(["identify", str(file), "--statistics"]) == 0
    assert "layer4.1.bn2.running_var" in capsys.readouterr().out


def test_what_does_not_fit_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = torchvision.models.resnet18().state_dict()
    state["fc.weight"] = state["fc.weight"][:, :100].clone()
    path = tmp_path / "odd.pth"
    torch.save(state, path)
    assert main(["identify", str(path)]) == 1
    out = capsys.readouterr().out
    assert "1 tensor does not fit:" in out
    assert "fc.weight is 1000×100 where 1000×512 is needed." in out


def test_another_network_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "vgg.pth"
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, path)
    assert main(["identify", str(path)]) == 2
    assert "not those of a residual network" in capsys.readouterr().err


def test_another_encoder_and_head_are_said_and_the_names_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = torchvision.models.resnet18(num_classes=128)
    net.fc = torch.nn.Sequential(torch.nn.Linear(512, 512), torch.nn.ReLU(), net.fc)
    state = {f"{encoder}.{name}": value for encoder in ("q", "k") for name, value in net.state_dict().items()}
    path, names = tmp_path / "moco.pth", tmp_path / "names.json"
    torch.save({"state_dict": state}, path)
    assert main(["identify", str(path), "--map", str(names)]) == 0
    out = capsys.readouterr().out
    assert "q.fc: head of 2 layers, 128 outputs: not loaded" in out
    assert "k: second encoder of the same shapes: not loaded" in out and "q was taken, not k" in out
    assert "ResNet-18, blur pool (resnetblur18)" in out
    written = json.loads(names.read_text())
    assert written["layer4.1.bn2.running_var"] == "q.layer4.1.bn2.running_var" and len(written) == 120
    assert main(["weights", "--from", str(path), "-o", str(tmp_path / "ours.pth")]) == 0
    ours = read(tmp_path / "ours.pth").tensors
    assert torch.equal(ours["layer3.0.downsample.0.weight"], state["q.layer3.0.downsample.0.weight"])


def test_values_that_are_not_finite_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = torchvision.models.resnet18().state_dict()
    state["layer1.0.conv1.weight"].fill_(float("nan"))
    path = tmp_path / "nan.pth"
    torch.save(state, path)
    assert main(["identify", str(path)]) == 1
    out = capsys.readouterr().out
    assert "All tensors fit." in out and "36,864 of 11,699,112 values are not finite" in out


def test_weights_are_written_and_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, other = tmp_path / "one.safetensors", tmp_path / "other.pth"
    assert main(["weights", "resnet20", "--set", "classes=3", "-o", str(one)]) == 0
    assert "269,267 parameters" in capsys.readouterr().out
    assert main(["weights", "--from", str(one), "-o", str(other)]) == 0
    assert main(["identify", str(other), "--json"]) == 0
    told = json.loads(capsys.readouterr().out.partition("\n")[2])
    assert told["spec"]["classes"] == 3 and told["assumed"] == []


def test_the_seed_is_fixed(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.safetensors" for name in "abc"]
    for file, seed in zip(files, ("0", "0", "1"), strict=True):
        assert main(["weights", "resnet20", "--seed", seed, "-o", str(file)]) == 0
    first, again, other = (read(file).tensors["layer3.0.conv1.weight"] for file in files)
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize("text", [["weights", "-o", "x.pth"], ["weights", "resnet20", "-o", "x.txt"]])
def test_bad_arguments_are_explained(text: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(text) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_full_disk_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    file = tmp_path / f"net{suffix}"
    file.write_text("old")
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data) if len(data) < 10_000 else full())
    assert main(["weights", "resnet20", "-o", str(file)]) == 2
    assert "the disk is full" in (said := capsys.readouterr().err) and said.count("\n") == 1
    assert file.read_text() == "old" and list(tmp_path.iterdir()) == [file]


def full() -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.skipif(os.name != "posix", reason="a limit on the size of files, as POSIX has it")
def test_no_export_leaves_half_a_file_or_ends_the_process(tmp_path: Path) -> None:
    """PyTorch's writers of archives raise all kinds of errors halfway, or abort."""
    code = """
import resource, sys
from pathlib import Path
from resnet_explorer.errors import ExportError
from resnet_explorer.finetuning.jobs import save
from resnet_explorer.module import build
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
spec = assign(find("resnet20"), "width=16", "blocks=1,1")
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
for suffix in sys.argv[1:]:
    try:
        save(build(spec), spec, Path(f"net{suffix}"), InputShape(1, 16, 16))
    except ExportError as error:
        print(suffix, error)
"""
    suffixes = (".pth", ".safetensors", ".pt2")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    run = subprocess.run(
        [sys.executable, "-c", code, *suffixes], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    said = [line for line in run.stdout.splitlines() if line.startswith(".")]
    text = "cannot be written: it would be larger than files may be here. Choose another folder."
    assert said == [f"{suffix} net{suffix} {text}" for suffix in suffixes], run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (("resnet20", "--dynamic", "-o", "net.pth"), "for ONNX alone"),
        (("resnetaa50", "--input", "100x100", "-o", "net.onnx"), "layer2.0 fails"),
    ],
)
def test_choices_for_onnx(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: tuple[str, ...], said: str) -> None:
    assert main(["weights", *text[:-1], str(tmp_path / text[-1])]) == 2
    assert said in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.fixture
def module(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(
        "from torchvision.models.resnet import BasicBlock, ResNet\n"
        "print('hello')\n"
        "net = ResNet(BasicBlock, [1, 1, 1, 1])\n"
        "def other():\n    net.layer1[0].conv2.dilation = net.layer1[0].conv2.padding = 2, 2\n    return net\n"
    )
    return path


def test_a_module_is_identified_and_proved(module: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", f"{module}:net", "--yes"]) == 0
    out = capfd.readouterr().out
    assert out.startswith("mine.py:net is ") and "same outputs from the same weights" in out and "hello" not in out
    assert main(["identify", f"{module}:other", "--yes", "--json"]) == 1
    told = json.loads(capfd.readouterr().out)
    assert told["fits"] and not told["agrees"] and "layer1.0.conv2" in told["difference"]
    assert told["names"]["fc.weight"] == "fc.weight"


@pytest.mark.parametrize(
    ("answer", "said"), [(None, "Add --yes if you trust it."), ("n\n", "mine.py was not run."), ("", "was not run.")]
)
def test_no_code_is_run_unasked(
    module: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], answer: str | None, said: str
) -> None:
    typed = io.StringIO(answer or "")
    monkeypatch.setattr(typed, "isatty", lambda: answer is not None)
    monkeypatch.setattr(sys, "stdin", typed)
    assert main(["identify", f"{module}:net"]) == 2
    captured = capfd.readouterr()
    assert said in captured.err and not captured.out
    assert ("[y/N]" in captured.err) == (answer is not None)


def test_a_python_file_needs_a_name(module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", str(module), "--yes"]) == 2
    assert "Write mine.py:other. It defines net, other." in capsys.readouterr().err


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Trained weights, and their moving average, in one file."""
    net = build(assign(find("resnet20"), "width=4", "blocks=1,1,1")).state_dict()
    path = tmp_path / "two.pth"
    torch.save({"state_dict": net, "state_dict_ema": {**net, "fc.bias": net["fc.bias"] + 1}}, path)
    return path


def test_of_two_networks_one_is_named_and_the_other_offered(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["identify", str(two)]) == 0
    out = capsys.readouterr().out
    assert "These are the weights under 'state_dict'." in out and "The file also holds 'state_dict_ema'" in out
    assert "--key state_dict_ema" in out
    assert main(["identify", str(two), "--key", "state_dict_ema", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["key"] == "state_dict_ema" and told["keys"] == ["state_dict", "state_dict_ema"]
    assert main(["identify", str(two), "--key", "nothing"]) == 2
    assert "Choose one of: 'state_dict', 'state_dict_ema'." in capsys.readouterr().err


def test_the_other_network_is_converted(two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "ema.safetensors"
    assert main(["weights", "--from", str(two), "--key", "state_dict_ema", "-o", str(target)]) == 0
    assert torch.equal(read(target).tensors["fc.bias"], torch.load(two)["state_dict_ema"]["fc.bias"])
    assert main(["weights", "resnet20", "--key", "state_dict_ema", "-o", str(target)]) == 2
    assert "Name the file with --from." in capsys.readouterr().err


def test_json_has_no_words_for_what_is_not_finite(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = torch.load(two)["state_dict"]
    state["fc.bias"] = torch.full((10,), 1e300, dtype=torch.float64)
    state["fc.weight"][0, :3] = torch.tensor([float("nan"), float("inf"), 1.0])
    torch.save(state, two)
    assert main(["identify", str(two), "--statistics", "--json"]) == 1, "not all of its values are finite"
    told = json.loads(capsys.readouterr().out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    stats = {one["path"]: one for one in told["statistics"]}
    assert stats["fc.bias"]["norm"] is None and stats["fc.bias"]["greatest"] == 1e300
    assert stats["fc.weight"]["strange"] == 2
