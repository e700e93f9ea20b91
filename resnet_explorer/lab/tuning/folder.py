"""The run folder of a fine-tuning: its plan, its best weights, and what trained when, beside what every run keeps."""

from pathlib import Path

from safetensors.torch import save

from resnet_explorer import codec
from resnet_explorer.analysis.run_codec import BEST, OPENED, RUN, TUNE
from resnet_explorer.analysis.training import Metric, RunPlan, Setting
from resnet_explorer.analysis.tuning.codec import dumps, plan_in
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.analysis.tuning.results import FreezeReport
from resnet_explorer.errors import ExplorerError
from resnet_explorer.lab.training.folder import Folder, worded
from resnet_explorer.lab.tuning.channels import folded
from resnet_explorer.model.build import ResNet
from resnet_explorer.model.checkpoint import SPEC_KEY
from resnet_explorer.spec.codec import dumps as spec_text

OF_IMAGES = ("classes", "preprocess", "white")
"""What a plan takes from its images."""


class TuneFolder(Folder):
    """A folder that keeps a fine-tuning as it is made; use it as ``Folder``.

    ``judged`` is "test" or "validation", the images that are judged after each epoch.
    """

    def __init__(self, path: Path, view: RunPlan, plan: TunePlan, judged: str = "test") -> None:
        super().__init__(path, view)
        self._tune, self._judged = plan, judged
        self._opened: dict[int, str] = {}

    def _check(self, plan: RunPlan) -> None:
        kept = plan_in(self.path)
        different = codec.differences(self._tune, kept)
        if not set(different) <= set(OF_IMAGES):
            words = f"{self.path} holds a fine-tuning of other {different[0]}."
            raise ExplorerError(str(self.path), words, "Choose another folder, or the same settings.")
        if different or plan.recipe != self._plan.recipe:
            raise others(self.path)

    def begin(self, setting: Setting) -> None:
        """Write what the run is, where nothing is here yet, and open the list of its steps."""
        with worded(self.path):
            if not (self.path / RUN).exists():
                self._replace(TUNE, dumps(self._tune).encode())
        super().begin(setting)

    def opened(self, epoch: int, report: FreezeReport) -> None:
        """Take note of what trains from an epoch on, counted from 0; ``flush`` writes it."""
        values = {
            "epoch": epoch + 1,
            "trainable": report.trainable,
            "frozen": report.frozen,
            "parameters": report.trainable_parameters,
            "still": report.still,
            "silent": report.silent,
        }
        self._opened[epoch] = codec.encode(values, indent=None)

    def flush(self) -> None:
        """Hand all that is known so far to the system: it outlives this process."""
        if self._opened:
            with worded(self.path):
                file = self.path / OPENED
                kept = file.read_text(encoding="utf-8") if file.exists() else ""
                new = [line for line in self._opened.values() if line not in kept]
                if new:
                    self._replace(OPENED, "".join((kept, *new)).encode())
            self._opened = {}
        super().flush()

    def keep_best(self, model: ResNet, metric: Metric, epoch: int) -> None:
        """Replace the best weights: a file as any of weights, with the adapter in the first convolution."""
        plain, _ = folded(model, self._tune.network_spec)
        words = {
            "format": "pt",
            SPEC_KEY: spec_text(self._tune.saved_spec),
            "steps": str(metric.step + 1),
            "epoch": str(epoch),
            f"{self._judged}_loss": repr(metric.test_loss),
            f"{self._judged}_accuracy": repr(metric.test_accuracy),
            "classes": codec.encode(self._tune.classes, indent=None).strip(),
        }
        tensors = {name: one.detach().cpu().contiguous() for name, one in plain.state_dict().items()}
        with worded(self.path):
            self._replace(BEST, save(tensors, metadata=words))


def others(folder: Path) -> ExplorerError:
    """Return the error for a run whose images have changed."""
    words = f"The images are others than when the run in {folder} was begun."
    return ExplorerError(str(folder), words, "Choose another folder, or bring them back.")
