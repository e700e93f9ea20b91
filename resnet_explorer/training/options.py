"""The arguments of ``train`` and ``sweep``; experiments are written out, so that no command imports the lab."""

from pathlib import Path

from resnet_explorer.runs.recipe import NAMES, Optimiser, Schedule
from resnet_explorer.terminal.options import NET, THEMES, Commands, add_command, add_settings, network

PRESETS = ("degradation", "vanishing", "figure-6", "depth", "stochastic-depth", "init", "zero-init")
SCHEDULE_WORDS = (
    "learning rate schedule (default: constant); one-cycle does not use warmup and keeps the momentum "
    "constant, where PyTorch's OneCycleLR cycles it by default"
)
TRAIN_HELP = "train networks side by side and save every step"
TRAIN_EXAMPLES = f"""presets: {", ".join(PRESETS)}
keys of --recipe: {", ".join(NAMES)}

Each run is saved in a folder of its own inside RUNDIR during training. Ctrl+C pauses all runs; the same command with
-o RUNDIR, or --continue RUNDIR alone, continues them. A plain network starts from the weights of its residual twin.

exit status: 0 where every run made all of its steps, 1 where one diverged or failed, 130 after Ctrl+C.

examples:
  resnet-explorer train --preset degradation
  resnet-explorer train --preset degradation --seeds 5 --picture degradation.svg
  resnet-explorer train resnet20 resnet20-plain --set width=8 --set in_channels=1 --steps 300 --rate 0.05
  resnet-explorer train resnet20 --data mnist --schedule cosine --recipe warmup=20 --recipe smoothing=0.1
  resnet-explorer train --preset figure-6 --data cifar10:./cifar --device cuda:0 -o figure-6
  resnet-explorer train --continue figure-6
"""


_PRESET = "an experiment of the training lab: its networks, images and recipe; with NET its images and recipe alone"
_DATA = (
    "digits (UCI, the default), mnist (5,000 digits), noise, a folder of images, or torchvision's cifar10:DIR, "
    "cifar100:DIR, mnist:DIR, fashion-mnist:DIR; nothing is downloaded"
)
_WORKERS = "runs trained at the same time (default: one per core)"
DECODERS = "threads of each run that decode images beside the training; 0: none (default: 2, or 1 on two cores)"
_PICTURE = "the training loss as a picture: .svg, .pdf, .png or .pgf; median and range where there are several seeds"


def add_train_options(commands: Commands) -> None:
    """Add the command ``train``."""
    parser = add_command(commands, "train", TRAIN_HELP, TRAIN_EXAMPLES, axes=True)
    parser.set_defaults(cluster=None)
    nets = f"{NET}; several are trained side by side"
    parser.add_argument("nets", metavar="NET", type=network, nargs="*", help=nets)
    parser.add_argument("--preset", metavar="KEY", help=_PRESET)
    add_settings(parser, "all networks, such as width=8")
    parser.add_argument("--data", metavar="WHAT", help=_DATA)
    parser.add_argument("--input", metavar="HxW", help="resize images to this size (default: their own)")
    seeds, seed = parser.add_mutually_exclusive_group(), "seed of the weights and of the order of images (default: 0)"
    seeds.add_argument("--seed", type=int, metavar="N", help=seed)
    seeds.add_argument("--seeds", type=int, metavar="N", help="train each network from N seeds, from 0")

    parser.add_argument("--steps", metavar="N", help="number of steps (default: 150, or the preset's)")
    parser.add_argument("--batch", metavar="N", help="batch size (default: 64)")
    parser.add_argument("--rate", metavar="X", help="peak learning rate (default: 0.02)")
    parser.add_argument("--schedule", choices=[*map(str, Schedule)], help=SCHEDULE_WORDS)
    parser.add_argument("--optimiser", choices=[*map(str, Optimiser)], help="optimiser (default: sgd)")
    recipe = "any other setting of the recipe, such as momentum=0.8 or milestones=100,200; may be repeated"
    parser.add_argument("--recipe", metavar="KEY=VALUE", action="append", default=[], help=recipe)

    parser.add_argument("--device", metavar="NAME", help="PyTorch device: cpu (the default), cuda:0, mps, …")
    parser.add_argument("--workers", type=int, metavar="N", help=_WORKERS)
    parser.add_argument("--decoders", type=int, metavar="N", help=DECODERS)
    output, go_on = "where runs are saved (default: runs/DATE TITLE)", "continue the runs saved there"
    parser.add_argument("-o", "--output", metavar="RUNDIR", type=Path, help=output)
    parser.add_argument("--continue", dest="continued", metavar="RUNDIR", type=Path, help=go_on)
    parser.add_argument("--tensorboard", action="store_true", help="write event files for TensorBoard beside each run")

    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON: each run's plan, setting and steps")
    form.add_argument("--csv", action="store_true", help="as CSV: a line for each step of each run")
    parser.add_argument("--picture", metavar="FILE", type=Path, help=_PICTURE)
    parser.add_argument("--theme", choices=THEMES, default="light", help="the picture's colours")


SWEEP_HELP = "train a grid of networks, recipes and seeds, and write one table and one figure"
EXAMPLE = """title = "Depth, with shortcuts and without"
depth = [8, 20, 56]             # networks of 6n + 2 layers, as for CIFAR; or: net = ["resnet20", "resnet32"]
residual = [true, false]
seeds = 3                       # from 0; or a list, as in [4, 7]

[set]                           # axes of the networks, as with --set
width = 8
in_channels = 1

[recipe]                        # settings of the recipe, as with --recipe
steps = 150
rate = [0.02, 0.1]
"""
SWEEP_EXAMPLES = f"""The file is TOML. A list is tried value by value, in all combinations; a value of several numbers
is a string, as in blocks = "3,4,6,3". It may also have: preset (an experiment's networks, images and recipe), data,
input and device, as in the command 'train'.

{"".join(f"  {line}" if line.strip() else line for line in EXAMPLE.splitlines(keepends=True))}
Finished runs are skipped, paused ones continue: the same command continues a sweep, and a longer list adds to it.
--cluster trains on the workers of a running Dask scheduler, which must all see DIR; it needs the extra 'cluster'. Start
the workers with one thread each: dask worker ADDRESS --nthreads 1.

exit status: 0 where every run made all of its steps, 1 where one diverged or failed, 130 after Ctrl+C.

examples:
  resnet-explorer sweep depth.toml
  resnet-explorer sweep depth.toml -o results --workers 4
  resnet-explorer sweep depth.toml -o /shared/results --cluster tcp://head:8786
"""


def add_sweep_options(commands: Commands) -> None:
    """Add the command ``sweep``."""
    parser = add_command(commands, "sweep", SWEEP_HELP, SWEEP_EXAMPLES)
    parser.add_argument("file", metavar="FILE.toml", type=Path, help="the networks, recipes and seeds to try")
    output = "where runs, table and figure are saved (default: runs/FILE)"
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, help=output)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help=_WORKERS)
    where.add_argument("--cluster", metavar="ADDRESS", help="the address of a Dask scheduler to train on")
    parser.add_argument("--theme", choices=THEMES, default="light", help="the figure's colours")
    parser.set_defaults(continued=None, tensorboard=False, decoders=None)
