"""What every test needs: Qt without a display, unless the one who runs the tests asks for another platform."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
