"""The choice of the device that PyTorch works on."""

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QWidget

from resnet_explorer.analysis.words import mib
from resnet_explorer.engine.messages import Device, FindDevices, Job
from resnet_explorer.gui.document import Document
from resnet_explorer.gui.jobs import Jobs

TIP = "The device that PyTorch works on: graph, timing and experiments run there, and say so"


class DeviceBox(QComboBox):
    """Lists the devices that PyTorch sees; the CPU alone until PyTorch has told."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.devices: tuple[Device, ...] = ()
        self.setAccessibleName("Device")
        self.setToolTip(TIP)
        self._show((Device("cpu", "CPU"),))
        self.currentIndexChanged.connect(self._on_chosen)

    def watch(self, jobs: Jobs) -> None:
        """Ask PyTorch which devices there are."""
        jobs.submit(FindDevices(), "Find devices", self._on_found)

    def _on_found(self, job: Job, result: object) -> None:
        assert isinstance(result, tuple)
        self._show(result)
        self._document.tell_instruction_set(result[0].instruction_set)

    def _show(self, devices: tuple[Device, ...]) -> None:
        self.devices = devices
        with QSignalBlocker(self):
            self.clear()
            for device in devices:
                memory = f" · {mib(device.memory)}" if device.memory else ""
                self.addItem(f"{device.title}{memory}", device.key)
            self.setCurrentIndex(max(0, self.findData(self._document.device)))
        self._on_chosen()

    def _on_chosen(self) -> None:
        self._document.use_device(self.currentData())

    def free(self, key: str) -> int | None:
        """Return the bytes that were free on a device when it was found; None where that is unknown."""
        return next((device.free for device in self.devices if device.key == key), None)
