"""What Linux desktops are told: that sessions are ours, and how to open one."""

import re
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

from resnet_explorer.app.app import NAME
from resnet_explorer.cli.run import parser
from resnet_explorer.scenes.session import SUFFIX

LINUX = Path(__file__).parents[2] / "packaging" / "linux"
NAMESPACE = "{http://www.freedesktop.org/standards/shared-mime-info}"


def test_sessions_are_opened_by_the_app() -> None:
    file = ConfigParser(interpolation=None)
    file.optionxform = str  # type: ignore[assignment,method-assign]
    file.read(LINUX / f"{NAME}.desktop", encoding="utf-8")
    entry = file["Desktop Entry"]
    kind = ElementTree.parse(LINUX / f"{NAME}.xml").getroot().find(f"{NAMESPACE}mime-type")
    assert kind is not None and entry["MimeType"] == f"{kind.get('type')};" == "application/x-resnet-explorer;"
    glob = kind.find(f"{NAMESPACE}glob")
    assert glob is not None and glob.get("pattern") == f"*{SUFFIX}"
    command, *arguments = entry["Exec"].split()
    assert command == entry["Icon"] == entry["StartupWMClass"] == NAME
    opened = parser().parse_args([argument.replace("%f", "lecture.rnx") for argument in arguments])
    assert (opened.command, opened.net) == ("open", "lecture.rnx")
    assert all(re.fullmatch(r"[A-Za-z]+", key) for key in entry)
