"""Nothing that comes from the engine brings PyTorch into the window's process."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import queue, sys
from dataclasses import replace

from resnet_explorer.gradients.descent import RECIPE, DescentRequest, LesionRequest
from resnet_explorer.gradients.values import GradientRequest
from resnet_explorer.insight.values import ConfusionRequest, FiltersRequest
from resnet_explorer.gradients.descent import PathsRequest
from resnet_explorer.runs.recipe import Recipe
from resnet_explorer.gradients.values import ShatterRequest
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.engine.client import Engine
from resnet_explorer.autograd.values import RecordGraph
from resnet_explorer.engine.messages import Died, Failed, Finished, Known
from resnet_explorer.engine.requests import FindDevices, Verify
from resnet_explorer.timing.values import MeasureTime
from resnet_explorer.training.values import FindRate, TrainRun
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import find, twin
from resnet_explorer.spec.change import assign


def main(folder):
    spec = assign(find("resnet20"), "width=4", "blocks=1,1,1", "in_channels=1", "order=v2")
    image = InputShape(8, 8, 8)
    plan = RunPlan("run", spec, recipe=Recipe(steps=3, batch=8, evaluate_every=3, measure_every=1))
    pair, short = (spec, twin(spec)), replace(RECIPE, steps=2, batch=8, measure_every=1)
    jobs = [
        FindDevices(), Verify(spec, image), RecordGraph(spec, image), MeasureTime(spec, image, repeats=1),
        GradientRequest(pair, image, seeds=(0,)), DescentRequest(pair, image, recipe=short),
        PathsRequest(spec, image, recipe=short), ShatterRequest(pair), LesionRequest(pair, image, recipe=short),
        TrainRun(plan, folder), FindRate(plan, steps=3), ConfusionRequest(folder, plan), FiltersRequest(folder, plan),
    ]
    replies = queue.Queue()
    engine = Engine(replies.put)
    for job in jobs:
        number = engine.submit(job)
        while True:
            reply = replies.get(timeout=120)
            engine.handle(reply)
            if isinstance(reply, (Failed, Died)):
                print(type(job).__name__, reply)
                break
            if isinstance(reply, Finished) and reply.number == number:
                break
        guests = sorted({"torch", "torchvision", "fvcore", "captum", "matplotlib"} & set(sys.modules))
        if guests:
            print(type(job).__name__, "brought", guests)
            break
    engine.close()


if __name__ == "__main__":
    main(sys.argv[1])
"""


def test_no_answer_brings_pytorch_into_the_window(tmp_path: Path) -> None:
    script = tmp_path / "border.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stdout == "", done.stdout
    assert done.returncode == 0, done.stderr
