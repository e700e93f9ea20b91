"""Pictures on the clipboard."""

import subprocess
import sys

COPY = """
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.theme import LIGHT
from resnet_explorer.ui.clipboard import application, copy_picture

app = application()
copy_picture(Picture(8, 8, (), "title", "description"), LIGHT)
"""


def test_a_process_ends_well_with_a_picture_on_the_clipboard() -> None:
    """Without a screen Qt deletes it after Python has ended."""
    done = subprocess.run([sys.executable, "-c", COPY], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
