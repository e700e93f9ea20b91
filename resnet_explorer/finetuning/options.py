"""The arguments of ``finetune`` and ``predict``; choices are written out, so that no command waits for the lab."""

import argparse
from collections.abc import Callable
from pathlib import Path

from resnet_explorer.terminal.options import NET, Commands, add_command, add_settings, network
from resnet_explorer.training.options import DECODERS

STRATEGIES = ("A", "B", "C", "probe", "full")
WAYS = ("repeat", "sum", "mean", "luminance", "adapter")
BATCH_NORMS = ("train", "eval-frozen", "eval")
SAVED = ("safetensors", "pth", "onnx", "pt2")
WORDS = "fine-tune a network on your own images, and write a model card and a script for it"
PREDICT_WORDS = "classify images with a fine-tuned network"
WEIGHTS = (
    "DEFAULT (torchvision's best, the default where there are any), another of its names, mnist-resnet20 (comes with "
    "the app), a file of weights, the folder of a run, or none"
)
FREEZE = "what never trains: layer1, layer2.0, conv1; may be repeated"
BN = (
    "which batch norms keep and use their running statistics: none, those of frozen layers, or all (default: "
    "eval-frozen)"
)
VIEWS = (
    "augmented views of each image, in turn, while the start of the network is frozen, so that its features are "
    "computed once (0: drawn anew in every epoch, the default)"
)
FEATURES = "disk space for features of frozen layers, which are computed once; 0: compute them in every epoch (2)"
RECIPE = (
    "any other setting, such as schedule=cosine, optimiser=adamw, flip=true or smoothing=0.1; may be repeated; "
    "schedule=one-cycle does not use warmup and keeps the momentum constant, where PyTorch's OneCycleLR cycles it by "
    "default"
)
EXAMPLES = """DATA is a folder with a folder for each class, a table (.csv, .tsv, .txt) with a column of files and
one of classes, digits or mnist. NET is needed unless a file of weights tells.

parts: folders called train, val and test (or training, valid, dev, testing, training_set …, in any case), or a column
with such values. Validation images choose the best epoch, test images judge it; with one of them alone, it does both.
Without either, a share of each class is kept for the test (--share).

strategies:
  A      the backbone is frozen, then everything trains at smaller rates
  B      everything trains, each stage at a rate of its own
  C      stage by stage, from the last
  probe  the head alone
  full   everything at one rate

The images are checked first, and the parameter groups are shown before anything trains. Ctrl+C pauses; the same command
with -o RUNDIR resumes with bit-identical results. At the end RUNDIR holds the best weights, a model card and a script.

exit status: 0 where all went well, 1 where a run diverged or failed, 2 for bad input, 130 after Ctrl+C.

examples:
  resnet-explorer finetune ./flowers --net resnet18 --download -o flowers
  resnet-explorer finetune ./flowers --net resnet50 --strategy B --rate 0.005 --epochs 20 --patience 5 --dry-run
  resnet-explorer finetune ./xrays --net resnet18 --gray sum --strategy C --bn eval
  resnet-explorer finetune digits --weights mnist-resnet20 --per-class 10 --epochs 20 --rate 0.02
  resnet-explorer finetune digits --weights mnist.safetensors --compare A B C probe full --seeds 3
  resnet-explorer predict flowers rose.jpg tulip.jpg
"""
PREDICT_EXAMPLES = """examples:
  resnet-explorer predict flowers rose.jpg
  resnet-explorer predict flowers *.jpg --json
"""


def add_tune_options(commands: Commands) -> None:
    """Add the command ``finetune``."""
    parser = add_command(commands, "finetune", WORDS, EXAMPLES, axes=True)
    add = parser.add_argument
    add("data", metavar="DATA", help="the images: a folder, a table (.csv, .tsv, .txt), digits or mnist")
    add("--net", metavar="NET", type=network, help=NET)
    add_settings(parser, "the network that the weights were trained in, such as width=8")
    add("--weights", metavar="WHAT", help=WEIGHTS)
    add("--key", metavar="NAME", help="which network of a file of weights that holds several")
    add("--download", action="store_true", help="download published weights that are not on this machine")
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--strategy", choices=STRATEGIES, help="what trains when (default: A; full without weights)")
    group.add_argument("--compare", choices=STRATEGIES, nargs="+", help="several strategies, equally many epochs each")
    _add_training(add)
    seeds = parser.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, metavar="N", default=0, help="of the head and the order of images (0)")
    seeds.add_argument("--seeds", type=int, metavar="N", help="tune from N seeds, from 0")
    _add_runs(add)


def _add_training(add: Callable[..., argparse.Action]) -> None:
    add("--unfreeze", metavar="EPOCHS", help="when strategies A and C open what is frozen, as in 3 or 2,4,6 (from 0)")
    add("--freeze", metavar="PATH", action="append", default=[], help=FREEZE)
    add("--bn", choices=BATCH_NORMS, default="eval-frozen", help=BN)
    add("--views", type=int, metavar="N", default=0, help=VIEWS)
    add("--gray", choices=WAYS, help="how images of one channel, or of --channels, enter the network")
    add("--channels", type=int, metavar="N", help="channels of the images (default: the network's)")
    add("--input", metavar="HxW", help="size to which images are resized (default: that of the weights)")
    add("--classes", metavar="A,B,…", help="only these classes, in this order (default: all)")
    add("--share", type=float, metavar="X", default=0.2, help="fraction of each class held out for tests (0.2)")
    add("--per-class", type=int, metavar="N", default=0, help="at most N images of each class to train on (0: all)")
    add("--epochs", type=int, metavar="N", default=10, help="passes over the training set (default: 10)")
    add("--rate", metavar="X", help="peak learning rate of the head (default: 0.01)")
    add("--lr", dest="rate", help=argparse.SUPPRESS)  # its former name
    add("--batch", metavar="N", help="images a step (default: 32)")
    add("--dropout", type=float, metavar="X", default=0.0, help="dropout before the head (default: 0)")
    add("--patience", type=int, metavar="N", default=0, help="stop after N epochs without a better validation loss (0)")
    add("--recipe", metavar="KEY=VALUE", action="append", default=[], help=RECIPE)


def _add_runs(add: Callable[..., argparse.Action]) -> None:
    add("--device", metavar="NAME", default="cpu", help="where PyTorch computes: cpu (the default), cuda:0")
    add("--workers", type=int, metavar="N", help="how many runs at once (default: as many as cores)")
    add("--decoders", type=int, metavar="N", help=DECODERS)
    add("--threads", type=int, metavar="N", help="of each run (default: 1, or all cores for a single run)")
    add("--features-budget", type=float, metavar="GB", help=FEATURES)
    add("--dry-run", action="store_true", help="check the images, show groups and counts, train nothing")
    add("--save", choices=SAVED, action="append", default=[], help="write the model in this form too")
    add("--dynamic", action="store_true", help="with --save onnx: for images of any height and width")
    add("--tensorboard", action="store_true", help="write event files for TensorBoard beside each run")
    add("--json", action="store_true", help="the result as JSON")
    add("-o", "--output", metavar="RUNDIR", type=Path, help="where the run is kept (default: runs/DATE NAME)")


def add_predict_options(commands: Commands) -> None:
    """Add the command ``predict``."""
    parser = add_command(commands, "predict", PREDICT_WORDS, PREDICT_EXAMPLES)
    parser.add_argument("run", metavar="RUNDIR", type=Path, help="the folder that 'finetune' wrote")
    parser.add_argument("images", metavar="IMAGE", nargs="+", help="files of images")
    parser.add_argument("--json", action="store_true", help="as JSON: the five most likely classes of each image")
