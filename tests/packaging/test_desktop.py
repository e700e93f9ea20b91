"""What Linux desktops are told: what the app is, that sessions are ours, and how to open one."""

import re
import shutil
import subprocess
import tomllib
from configparser import ConfigParser, SectionProxy
from pathlib import Path
from xml.etree import ElementTree

import pytest

from resnet_explorer import __version__
from resnet_explorer.app.app import NAME
from resnet_explorer.cli.run import parser
from resnet_explorer.scenes.session import SUFFIX

ROOT = Path(__file__).parents[2]
LINUX = ROOT / "packaging" / "linux"
NAMESPACE = "{http://www.freedesktop.org/standards/shared-mime-info}"
(ABOUT,) = LINUX.glob("*.metainfo.xml")


def entry_of() -> SectionProxy:
    file = ConfigParser(interpolation=None)
    file.optionxform = str  # type: ignore[assignment,method-assign]
    file.read(LINUX / f"{NAME}.desktop", encoding="utf-8")
    return file["Desktop Entry"]


def test_sessions_are_opened_by_the_app() -> None:
    entry = entry_of()
    kind = ElementTree.parse(LINUX / f"{NAME}.xml").getroot().find(f"{NAMESPACE}mime-type")
    assert kind is not None and entry["MimeType"] == f"{kind.get('type')};" == "application/x-resnet-explorer;"
    glob = kind.find(f"{NAMESPACE}glob")
    assert glob is not None and glob.get("pattern") == f"*{SUFFIX}"
    command, *arguments = entry["Exec"].split()
    assert command == entry["Icon"] == entry["StartupWMClass"] == NAME
    opened = parser().parse_args([argument.replace("%f", "lecture.rnx") for argument in arguments])
    assert (opened.command, opened.net) == ("open", "lecture.rnx")
    assert all(re.fullmatch(r"[A-Za-z]+", key) for key in entry)


def test_software_centres_are_told_the_same() -> None:
    entry, about = entry_of(), ElementTree.parse(ABOUT).getroot()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    told = {element.tag: element.text for element in about.iter() if not len(element)}
    assert about.get("type") == "desktop-application"
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+){2}", str(told["id"])) and ABOUT.name == f"{told['id']}.metainfo.xml"
    assert (told["name"], told["summary"]) == (entry["Name"], entry["Comment"])
    assert told["launchable"] == f"{NAME}.desktop" and told["binary"] == NAME
    assert f"{told['mediatype']};" == entry["MimeType"]
    assert told["project_license"] == project["license"]
    assert told["developer_name"] == project["authors"][0]["name"]


def test_the_recipes_for_other_systems_name_the_same_app() -> None:
    app, packaging = ABOUT.name.removesuffix(".metainfo.xml"), ROOT / "packaging"
    flatpak = (packaging / "flatpak" / f"{app}.yml").read_text(encoding="utf-8")
    windows = (packaging / "windows" / f"{NAME}.iss").read_text(encoding="utf-8")
    frozen = (packaging / "pyinstaller" / f"{NAME}.spec").read_text(encoding="utf-8")
    assert f"\nid: {app}\n" in flatpak
    assert f"\nAppId={app}\n" in windows and f'#define Name "{entry_of()["Name"]}"' in windows
    assert f"Classes\\{SUFFIX}" in windows and f'"{SUFFIX[1:]}"' in frozen
    assert not any(__version__ in recipe for recipe in (flatpak, windows, frozen))


@pytest.mark.parametrize(
    "command",
    [
        ["desktop-file-validate", str(LINUX / f"{NAME}.desktop")],
        ["appstreamcli", "validate", "--no-net", str(ABOUT)],
    ],
    ids=lambda command: command[0],
)
def test_the_desktop_s_own_tools_find_no_fault(command: list[str]) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r"^\S*: (hint|warning|error)", done.stdout, re.MULTILINE), done.stdout
