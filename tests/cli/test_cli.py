"""The command line: what each command says, and that bad input costs one line and the exit status 2."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resnet_explorer import __version__
from resnet_explorer.cli import main
from resnet_explorer.cli import options as core
from resnet_explorer.cli.run import parser
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds.convolutions import Conv2d
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.spec import InputShape, Shortcut, codec
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.search import default_input
from resnet_explorer.terminal import options
from tests.cases import each

ROOT = Path(__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, stdin: str | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, from another folder than the checkout."""
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", "resnet_explorer", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        input=stdin,
        env=os.environ | {"PYTHONPATH": paths} | variables,
    )


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what a command that succeeds says."""
    status = main(arguments)
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the one line of a command that fails."""
    status = main(arguments)
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("resnet-explorer: ") and err.endswith("\n") and err.count("\n") == 1
    return err


class TestList:
    def test_every_network_with_its_figures(self, capsys: pytest.CaptureFixture[str]) -> None:
        lines = told(capsys, "list").splitlines()
        for name in CATALOGUE:
            assert any(line.split()[:1] == [name] for line in lines)
        assert any(line.split() == ["resnet50", "50", "25,557,032", "4,089,184,256", "224", "px"] for line in lines)

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        rows = json.loads(told(capsys, "list", "--json"))
        assert [row["name"] for row in rows] == list(CATALOGUE)
        assert codec.from_dict(rows[0]["spec"]) == CATALOGUE["resnet18"].spec


class TestDescribe:
    def test_json_has_the_published_figures(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = json.loads(told(capsys, "describe", "resnet50", "--json"))
        assert (found["params"], found["macs"], found["weight_layers"]) == (25_557_032, 4_089_184_256, 50)
        assert found["input"] == [1, 3, 224, 224]
        assert {"path", "kind", "input", "output", "params", "macs", "receptive_field"} <= found["layers"][0].keys()

    def test_text_csv_and_markdown(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert told(capsys, "describe", "resnet18").startswith("ResNet-18 (resnet18)\n  input            1 × 3 × 224")
        assert told(capsys, "describe", "resnet18", "--csv").startswith("path,kind,")
        assert told(capsys, "describe", "resnet18", "--markdown").startswith("**ResNet-18**, input")

    def test_one_form_at_a_time(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "not allowed with" in refused(capsys, "describe", "resnet18", "--csv", "--json")

    @each("name", CATALOGUE)
    def test_the_default_input_is_the_catalogues(self, name: str) -> None:
        entry = CATALOGUE[name]
        assert default_input(entry.spec) == InputShape(1, entry.size, entry.size)

    def test_input_and_settings(self, capsys: pytest.CaptureFixture[str]) -> None:
        arguments = ("--input", "2x1x96x64", "--set", "in_channels=1", "--set", "shortcut=A", "--set", "classes=none")
        found = json.loads(told(capsys, "describe", "ResNet-18", *arguments, "--json"))
        assert found["name"] == "resnet18-edited"
        assert (found["input"], found["output"]) == ([2, 1, 96, 64], [2, 512, 3, 2])
        assert found["spec"]["shortcut"] == "A" and found["spec"]["classes"] is None

    def test_a_setting_that_leads_to_a_published_network(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = json.loads(told(capsys, "describe", "resnet18", "--set", "residual=no", "--json"))
        assert (found["name"], found["params"]) == ("plain18", 11_515_688)

    def test_a_plain_twin(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = json.loads(told(capsys, "describe", "resnet50-plain", "--json"))
        assert found["name"] == "resnet50-plain" and found["spec"]["residual"] is False

    def test_a_spec_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        spec = replace(find("resnet20"), name="mine", shortcut=Shortcut.PROJECTION_EVERYWHERE)
        for name in ("mine.json", "mine"):
            (tmp_path / name).write_text(codec.dumps(spec))
            found = json.loads(told(capsys, "describe", name, "--json"))
            assert (found["name"], found["params"], found["input"]) == ("mine", 283_962, [1, 3, 32, 32])

    def test_a_file_does_not_hide_a_name_of_the_catalogue(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "resnet18").write_text(codec.dumps(find("resnet20")))
        assert told(capsys, "describe", "resnet18").startswith("ResNet-18")
        assert told(capsys, "describe", "./resnet18").startswith("ResNet-20")

    def test_a_file_through_a_pipe(self) -> None:
        if not Path("/dev/stdin").exists():
            pytest.skip("this system has no /dev/stdin")
        done = run("describe", "/dev/stdin", stdin=codec.dumps(find("resnet20")))
        assert (done.returncode, done.stdout[:9]) == (0, "ResNet-20")

    def test_only_what_it_needs_is_imported(self) -> None:
        code = (
            "import sys\nfrom resnet_explorer.cli import main\n"
            "assert main(['describe', 'resnet18', '--json']) == 0\n"
            "heavy = {'PySide6', 'torch', 'torchvision', 'fontTools', 'numpy', 'matplotlib'} & sys.modules.keys()\n"
            "rooms = {f'resnet_explorer.{room}' for room in ('app', 'ui', 'diagram', 'picture')} & sys.modules.keys()\n"
            "sys.exit(f'imported: {heavy | rooms}' if heavy | rooms else 0)\n"
        )
        paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=os.environ | {"PYTHONPATH": paths})
        assert done.returncode == 0, done.stderr


class TestExport:
    def test_svg(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert told(capsys, "export", "resnet18", "-o", "net.svg").startswith("net.svg: ")
        root = ElementTree.parse(tmp_path / "net.svg").getroot()
        assert root.tag == f"{SVG}svg" and root.get("viewBox")
        assert any(group.get("id") == "layer2.0" for group in root.iter(f"{SVG}g"))

    def test_what_is_expanded_is_in_the_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        def ids(*arguments: str) -> set[str | None]:
            told(capsys, "export", *arguments, "-o", "net.svg")
            return {group.get("id") for group in ElementTree.parse(tmp_path / "net.svg").iter(f"{SVG}g")}

        assert "layer2.0.conv1" not in ids("resnet18")
        one = ids("resnet18", "--expand", "layer2.0", "--expand", "stem")
        assert {"layer2.0.conv1", "conv1"} <= one and "layer2.1.conv1" not in one
        assert {"layer2.0.conv1", "layer2.1.conv1"} <= ids("resnet18", "--expand", "layer2")
        assert "layer2.1.conv1" in ids("resnet18", "--expand", "layer2.1.conv2")
        everything = ids("resnet18", "--expand", "all")
        assert {"conv1", "layer4.1.conv2", "fc"} <= everything
        assert "layer3.30" not in ids("resnet152", "--expand", "all")
        assert "layer3.30" in ids("resnet152", "--unfold")
        assert "layer3.30.conv1" in ids("resnet152", "--expand", "layer3", "--unfold")
        folded = ids("resnet152", "--expand", "layer3")
        assert "layer3.1.conv1" in folded and "layer3.2.conv1" not in folded

    @pytest.mark.parametrize("theme", options.THEMES)
    def test_themes(self, theme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        told(capsys, "export", "resnet18", "-o", "net.svg", "--theme", theme)
        assert next(iter(THEMES[theme].colours.values())) in (tmp_path / "net.svg").read_text(encoding="utf-8")
        assert set(options.THEMES) == set(THEMES)

    @pytest.mark.parametrize(("size", "width", "height"), [("slide", "1280", "720"), ("800x300", "800", "300")])
    def test_sizes(
        self, size: str, width: str, height: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert f"{int(width):,} × {height} px" in told(capsys, "export", "resnet18", "-o", "net.svg", "--size", size)
        root = ElementTree.parse(tmp_path / "net.svg").getroot()
        assert (root.get("width"), root.get("height")) == (width, height)

    def test_text_as_outlines(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        told(capsys, "export", "resnet18", "-o", "net.svg", "--text", "outlines")
        root = ElementTree.parse(tmp_path / "net.svg").getroot()
        assert not list(root.iter(f"{SVG}text")) and list(root.iter(f"{SVG}use"))

    def test_pdf_png_and_comparison_without_a_display(self, tmp_path: Path) -> None:
        """In a process of its own: Qt has to be started for it."""
        for name, start, more in (
            ("net.pdf", b"%PDF", ["--expand", "layer1.0"]),
            ("net.PNG", b"\x89PNG", ["--compare", "--scale", "2", "--theme", "dark"]),
        ):
            done = run("export", "resnet18", "-o", name, *more, DISPLAY="", WAYLAND_DISPLAY="", QT_QPA_PLATFORM="")
            assert (done.returncode, done.stderr) == (0, "")
            assert (tmp_path / name).read_bytes().startswith(start)

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            (("resnet18", "-o", "net.jpg"), "net.jpg is no picture file. End its name in .svg, .pdf, .png, .pgf."),
            (("resnet18", "-o", "net"), "is no picture file"),
            (("resnet18", "-o", "missing/net.svg"), "its folder does not exist"),
            (("resnet18", "-o", "net.svg", "--expand", "layer5.0"), "no part 'layer5.0'. Did you mean 'layer"),
            (("resnet18", "-o", "net.svg", "--expand", ""), "no part ''"),
            (("resnet18-plain", "-o", "net.svg", "--expand", "layer2.0.downsample.0"), "Did you mean 'layer2.0"),
            (("resnet18", "-o", "net.svg", "--scale", "2"), "--scale is a choice for PNG alone"),
            (("resnet18", "-o", "net.png", "--text", "outlines"), "--text is a choice for SVG alone"),
            (("resnet18", "-o", "net.png", "--scale", "3"), "--scale"),
            (("resnet18", "-o", "net.svg", "--theme", "pink"), "--theme"),
            (("resnet18", "-o", "net.svg", "--size", "800x"), "'800x' is no size. Use own, slide, column, columns, or"),
            (("resnet18", "-o", "net.svg", "--view", "table"), "--view"),
            (("resnet18",), "-o/--output"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
    )
    def test_bad_input(self, arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert text in refused(capsys, "export", *arguments)
        assert not list(Path().iterdir())

    def test_a_failure_leaves_the_old_picture(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "net.svg").write_text("old")
        refused(capsys, "export", "resnet18", "-o", "net.svg", "--expand", "nowhere")
        assert (tmp_path / "net.svg").read_text() == "old"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("describe",), "arguments are required: NET"),
        (("describe", "resnet19"), "no network 'resnet19' in the catalogue. Did you mean 'resnet1"),
        (("describe", "missing.json"), "missing.json cannot be read"),
        (("describe", "a/b"), "b cannot be read"),
        (("describe", "."), "no network '.'"),
        (("describe", ""), "no network ''"),
        (("describe", "x" * 5000), "no network"),
        (("describe", "two\nlines"), "no network"),
        (("describe", "resnet18", "resnet34"), "Unrecognized arguments"),
        (("describe", "resnet18", "--input", "0"), "The height cannot be 0"),
        (("describe", "resnet18", "--input", "-5"), "The height cannot be -5"),
        (("describe", "resnet18", "--input", "1000000000"), "The height cannot be 1,000,000,000. Choose 1 to 65,536."),
        (("describe", "resnet18", "--input", "big"), "'big' is not an input shape"),
        (("describe", "resnet18", "--input", "1x4x224x224"), "takes 3 channels, but the input has 4"),
        (("describe", "resnet18", "--set", "widht=3"), "Did you mean 'width'?"),
        (("describe", "resnet18", "--set", "width"), "sets nothing"),
        (("describe", "resnet18", "--set", "width=0"), "cannot be 0"),
        (("describe", "resnet18", "--set", "blocks=500"), "cannot be 500"),
        (("describe", "resnet18", "--jso"), "Unrecognized arguments: --jso"),
        (("lst",), "There is no command 'lst'. Did you mean 'list'?"),
        (("resnet19",), "Did you mean 'resnet1"),
        (("nothing.json",), "nothing.json cannot be read"),
        (("--unknown",), "--help"),
        (("open", "resnet18", "resnet34"), "Unrecognized arguments"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert text in refused(capsys, *arguments)


def test_a_broken_spec_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.json").write_text('{"format": "resnet-explorer spec", "version": 1, "spec": {"width": -1}}')
    assert "broken.json: The width of stage 1 cannot be -1." in refused(capsys, "describe", "broken.json")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["describe", "export", "list"]),
    st.lists(
        st.sampled_from(
            ["resnet20", "--set", "--input", "--json", "--expand", "all", "width=3", "8", "-", "--", "=", "x"]
        )
        | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
        max_size=5,
    ),
)
def test_no_arguments_make_a_traceback(capsys: pytest.CaptureFixture[str], command: str, arguments: list[str]) -> None:
    status = main([command, *arguments])
    err = capsys.readouterr().err
    assert (status, err.count("\n")) in ((0, 0), (2, 1))


@pytest.mark.parametrize("command", [(), ("open",), ("list",), ("describe",), ("export",)])
def test_help_is_complete(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, *command, "--help")
    assert "examples:\n  resnet-explorer" in text
    options = {
        "describe": ["NET", "--input", "--set", "--json", "--csv", "--markdown", "blocks", "(A, pool-pad, B, C)"],
        "export": ["NET", "--output", "--view", "--expand", "--unfold", "--compare", "--theme", "--text", "--scale"],
        "list": ["--json"],
        "open": ["NET"],
    }
    for option in options[command[0]] if command else ["open", "list", "describe", "export", "--version"]:
        assert option in text


def test_every_example_of_the_help_can_be_read() -> None:
    """The examples name real commands, options, networks and paths."""
    for text in (core.LIST_EXAMPLES, core.DESCRIBE_EXAMPLES, core.EXPORT_EXAMPLES):
        for line in text.splitlines()[1:]:
            words = line.partition(">")[0].split()
            assert words[0] == "resnet-explorer"
            parser().parse_args(words[1:])


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "--version") == f"resnet-explorer {__version__}\n"


class TestProcess:
    """What only a whole process shows."""

    def test_the_window_needs_a_display(self) -> None:
        if not sys.platform.startswith("linux"):
            pytest.skip("elsewhere there always is a display")
        done = run(DISPLAY="", WAYLAND_DISPLAY="", XDG_RUNTIME_DIR="", QT_QPA_PLATFORM="")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("resnet-explorer: There is no display") and done.stderr.count("\n") == 1

    @pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")
    @pytest.mark.parametrize("arguments", [("describe", "resnet1202"), ("list",), ("export", "--help")])
    def test_a_closed_pipe_is_quiet(self, arguments: tuple[str, ...]) -> None:
        paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-m", "resnet_explorer", *arguments]
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths})
        os.close(write)
        assert (done.returncode, done.stderr) == (141, b"")

    @pytest.mark.parametrize("arguments", [("describe", "resnet18"), ("--help",)])
    def test_a_full_disk_under_stdout_is_one_line(self, arguments: tuple[str, ...]) -> None:
        if not Path("/dev/full").exists():
            pytest.skip("this system has no /dev/full")
        paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "resnet_explorer", *arguments],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": paths},
            )
        assert done.returncode == 2
        assert done.stderr == "resnet-explorer: The output cannot be written: No space left on device.\n"

    def test_pipes_get_utf8_whatever_the_locale(self) -> None:
        done = run("describe", "resnet18", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
        assert "64×112×112" in done.stdout and done.returncode == 0


class TestVerify:
    def test_a_network_that_agrees(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", "resnet18", "--input", "1x3x65x97", "--fvcore"]) == 0
        out = capsys.readouterr().out
        assert "resnet18 at 1×3×65×97: Agrees with PyTorch and fvcore: 69 rows." in out
        assert "11,689,512 = 11,689,512 (fvcore)" in out

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["verify", "resnet20", "--set", "attention=se", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)["resnet20"]
        assert told["agrees"] is True and told["differences"] == []

    def test_a_difference_ends_with_1(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Conv2d, "macs", lambda layer, output: 1)
        compile_spec.cache_clear()
        assert main(["verify", "resnet56"]) == 1
        told = capsys.readouterr()
        assert "Differs from PyTorch" in told.out and "conv1: MACs 1 here" in told.err
        assert "more rows differ" in told.err

    @pytest.mark.parametrize("text", [["verify"], ["verify", "resnet18", "--all"]])
    def test_one_network_or_all(self, capsys: pytest.CaptureFixture[str], text: list[str]) -> None:
        assert "Name one network, or give --all." in refused(capsys, *text)


@pytest.mark.parametrize("text", [("describe", "rn50"), ("source", "rn50"), ("describe", "rn50-plain")])
def test_a_few_letters_of_a_name_are_enough(text: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(list(text)) == 0
    captured = capsys.readouterr()
    twin = text[1].endswith("-plain")
    name, title = ("resnet50-plain", "ResNet-50, plain twin") if twin else ("resnet50", "ResNet-50")
    assert captured.err == f"{text[1]}: {title} ({name})\n"
    assert main([text[0], name]) == 0
    assert capsys.readouterr() == (captured.out, "")


def test_letters_that_may_mean_several_networks_list_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "wrn"]) == 2
    said = capsys.readouterr().err
    assert "'wrn' may be one of" in said and "wrn40_1, " in said and said.count("\n") == 1
