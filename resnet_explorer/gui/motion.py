"""Whether the system asks for less motion."""

import sys


def system_reduces_motion() -> bool:
    """Return whether the system asks for less motion, where it can be asked at once (Windows, macOS)."""
    if sys.platform == "win32":
        import ctypes

        shown = ctypes.c_int(1)
        ctypes.windll.user32.SystemParametersInfoW(0x1042, 0, ctypes.byref(shown), 0)  # SPI_GETCLIENTAREAANIMATION
        return not shown.value
    if sys.platform == "darwin":
        import subprocess

        command = ["defaults", "read", "com.apple.universalaccess", "reduceMotion"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() == "1"
    return False
