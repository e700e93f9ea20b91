"""Where the frozen app begins: in a process of its engine, or at its command line."""

import os
import sys
from multiprocessing import freeze_support

if __name__ == "__main__":
    freeze_support()  # first of all: processes of the engine start this file, too, and end in here
    if sys.platform == "linux":  # the bundled libraries are for this program, not for a dot or a browser that it starts
        os.environ["LD_LIBRARY_PATH"] = os.environ.pop("LD_LIBRARY_PATH_ORIG", "")

    from resnet_explorer.cli import main

    sys.exit(main())
