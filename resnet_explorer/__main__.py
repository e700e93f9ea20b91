"""Lets ``python -m resnet_explorer`` start the command line, which opens the window when asked for nothing else."""

import sys

from resnet_explorer.cli import main

if __name__ == "__main__":
    sys.exit(main())
