"""Every dialog of the window, with what it shows made up."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from PySide6.QtWidgets import QDialog

from resnet_explorer.app import module_dialog
from resnet_explorer.app.commands import ShortcutsPage
from resnet_explorer.app.disk_space import DiskSpaceDialog
from resnet_explorer.app.help import HelpDialog
from resnet_explorer.app.lesson_list import LessonList
from resnet_explorer.app.machine_dialog import MachineDialog
from resnet_explorer.app.timeline_dialog import TimelineDialog
from resnet_explorer.app.verdict import VerdictDialog
from resnet_explorer.app.weights_dialog import WeightsDialog
from resnet_explorer.autograd.page import PathsDialog
from resnet_explorer.doctor.findings import Step
from resnet_explorer.engine.requests import ReadModule
from resnet_explorer.runs.recorded import made_here
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find
from resnet_explorer.training.recipe_form import RateDialog
from resnet_explorer.ui.export_dialog import ExportDialog
from resnet_explorer.verify.values import OwnModule, Proof
from resnet_explorer.weights.values import Identified, Leftover, Weights
from tests import pages
from tests.geometry.desk import Desk
from tests.geometry.results import VERDICT


class Dialog(NamedTuple):
    """A dialog, which is made anew for each size of the screen."""

    page: str
    make: Callable[[Desk], QDialog]
    state: str = ""


def _weights() -> Weights:
    names = {f"module.layer{n}.weight": f"layer1.{n}.conv1.weight" for n in range(20)}
    assumed = ("The strides of the stages: 1, 2, 2, 2, as in the paper; tensors do not show them",)
    left = (Leftover("projector", "head of 2 layers, 128 outputs", ("projector.0.weight",)),)
    missing = ("layer4.2.conv3.weight is missing: it should have the shape 2048×512×1×1",)
    spec = find("resnet50")
    return Weights("w.pth", Identified(spec, names, missing, (), (), (), 300, assumed, left), {}, keys=("net", "ema"))


def _disk_space(desk: Desk) -> QDialog:
    dialog = DiskSpaceDialog(desk.window)
    dialog._thread.submit(lambda: None).result()  # behind the sizes, which it looks at one by one
    return dialog


def _verdict(desk: Desk) -> QDialog:
    dialog = VerdictDialog(desk.window.verdict, desk.window)
    dialog.show_verdict(VERDICT)
    return dialog


def _machine(desk: Desk) -> QDialog:
    dialog = MachineDialog(desk.window)
    step = Step(
        "onednn", "oneDNN", "A strided 1×1 convolution of 4 channels in channels_last, a known fault of oneDNN,"
    )
    line = "apt-get update && apt-get install -y libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1"
    for finding in (step.ok("Fine."), step.broken(f"{step.task} crashed (SIGABRT).", f"Run this line:\n{line}")) * 4:
        dialog.show_finding(finding)
    dialog.show_end()
    return dialog


def _module(desk: Desk) -> module_dialog.ModuleDialog:
    return module_dialog.ModuleDialog(desk.jobs, ReadModule("/home/me/networks/my_resnet.py", "Net"), desk.window)  # type: ignore[arg-type]


def _module_read(desk: Desk) -> QDialog:
    dialog, spec = _module(desk), find("resnet18")
    names = {f"backbone.layer{n}.weight": f"layer1.{n}.conv1.weight" for n in range(30)}
    assumed = ("The strides of the stages: 1, 2, 2, 2, as in the paper; tensors do not show them",)
    settled = ("The stem has a max pool of 3×3 with a stride of 2",)
    found = Identified(spec, names, fitting=62, assumed=assumed)
    proof = Proof(InputShape(1, 224, 224), 1e-7)
    dialog._on_found(None, OwnModule("my_resnet.py:Net", found, 11_689_512, True, (proof,), settled))
    return dialog


def _rate(desk: Desk) -> QDialog:
    page = pages.training(desk.window)
    plan = page.setup.plans()[0]
    dialog = RateDialog(plan, desk.window.document, desk.jobs, desk.theme, page)  # type: ignore[arg-type]
    desk.jobs.kept = made_here("cpu", "2.14.1", "2020-09-30T12:00:00+00:00")
    dialog.ask()
    desk.jobs.finish()
    desk.jobs.kept = None
    return dialog


def _paths(desk: Desk) -> QDialog:
    dialog = PathsDialog(desk.window.document, desk.theme, desk.window)
    dialog.show_results(desk.window.session.results)
    return dialog


def _timeline(desk: Desk) -> QDialog:
    return TimelineDialog(desk.window.document, desk.theme, desk.window)


def _export(desk: Desk) -> QDialog:
    shown: list[QDialog] = []
    desk.window.show_page("diagram")
    with patch.multiple(ExportDialog, exec=lambda dialog: shown.append(dialog), deleteLater=lambda dialog: None):
        desk.window.actions_by_key["export"].trigger()
    return shown[0]


DIALOGS = (
    Dialog("export", _export),
    Dialog("timeline", _timeline),
    Dialog("verification", _verdict),
    Dialog("help", lambda desk: HelpDialog("gradients", desk.window)),
    Dialog("shortcuts", lambda desk: ShortcutsPage(desk.window)),
    Dialog("weights", lambda desk: WeightsDialog("resnet50-from-a-long-name.pth", _weights(), desk.window)),
    Dialog("run a module?", lambda desk: module_dialog.RunDialog(Path("/home/me/networks/my_resnet.py"), desk.window)),
    Dialog("module, running", _module),
    Dialog("module, read", _module_read),
    Dialog("learning rate", _rate),
    Dialog("paths", _paths),
    Dialog("disk space", _disk_space),
    Dialog("check this machine", _machine),
    Dialog("lessons", lambda desk: LessonList(desk.window, lambda path: None)),
)
