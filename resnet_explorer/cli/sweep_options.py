"""The arguments of the command ``sweep``, and what its file looks like."""

import argparse
from pathlib import Path

WORDS = "train a grid of networks, recipes and seeds, and write one table and one figure"
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
EXAMPLES = f"""The file is TOML. A list is tried value by value, and all lists with each other; a value of several
numbers is a text, as in blocks = "3,4,6,3". It may also have: preset (an experiment's networks, images and recipe),
data, input and device, as the command 'train' has them.

{"".join(f"  {line}" if line.strip() else line for line in EXAMPLE.splitlines(keepends=True))}
Runs that are whole are passed over, those that were stopped go on: the same command continues a sweep, and a longer
list adds to it. --cluster hands the runs to the workers of a Dask scheduler that is there already, which must all see
DIR; it needs the extra 'cluster'. Start the workers with one thread each: dask worker ADDRESS --nthreads 1.

exit status: 0 where every run made all of its steps, 1 where one diverged or failed, 130 after Ctrl+C.

examples:
  resnet-explorer sweep depth.toml
  resnet-explorer sweep depth.toml -o results --workers 4
  resnet-explorer sweep depth.toml -o /shared/results --cluster tcp://head:8786
"""


def add_sweep_options(one: argparse.ArgumentParser) -> None:
    """Give a parser what the command takes."""
    one.add_argument("file", metavar="FILE.toml", type=Path, help="what to try")
    one.add_argument(
        "-o", "--output", metavar="DIR", type=Path, help="where runs, table and figure go (default: runs/FILE)"
    )
    where = one.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="how many runs at once (default: as many as cores)")
    where.add_argument("--cluster", metavar="ADDRESS", help="the address of a Dask scheduler to train on")
    one.add_argument("--theme", choices=("light", "dark", "projector"), default="light", help="the figure's colours")
