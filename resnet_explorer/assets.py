"""Where the app's own files are: fonts, icons, formulas; in a checkout and in an installed wheel alike."""

from pathlib import Path

_HERE = Path(__file__).parent
_ROOT = _HERE / "resources" if (_HERE / "resources").is_dir() else _HERE.parent / "resources"


def path(*parts: str) -> Path:
    """Return the path of a file or folder in ``resources``; raises FileNotFoundError where it is missing."""
    found = _ROOT.joinpath(*parts)
    if not found.exists():
        raise FileNotFoundError(f"{found} is missing: install ResNet Explorer again.")
    return found
