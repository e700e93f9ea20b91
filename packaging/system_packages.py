"""Packages of the system: installed where that is allowed; else the line to type is told. Standard library only."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from resnet_explorer.system_libraries import apt_line, choose


class SetupError(Exception):
    """Something that the user has to mend; the text says what and how."""


def say(text: str) -> None:
    """Print one line about what is being done."""
    print(f"bootstrap: {text}", flush=True)


def succeeds(command: Sequence[str], folder: Path | None = None) -> bool:
    """Run a command without its output, and return whether it succeeded; no such command is a failure too."""
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run_or_fail(command: Sequence[str], problem: str) -> None:
    """Run a command with its output; raise SetupError with the problem in words where it fails."""
    if subprocess.call(command) != 0:
        raise SetupError(problem)


def install_packages(wanted: Sequence[Sequence[str]], reason: str) -> None:
    """Install Debian packages, each given by its possible names, where allowed; else raise SetupError with the line."""
    line = apt_line(map(choose, wanted))
    if not shutil.which("apt-get"):
        raise SetupError(f"{reason}. Install it with your system's package manager (on Debian and Ubuntu: {line}).")
    rights = administrator()
    if rights is None:
        raise SetupError(f"{reason}. Run this line, then try again:\n{line}")
    say(f"{reason}: {line}")
    apt = [*rights, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    if succeeds([*apt, "install", "-y", "-qq", *map(choose, wanted)]):
        return
    say("apt-get update")
    succeeds([*apt, "update", "-qq"])
    names = list(map(choose, wanted))  # only now may the system know the newer names
    failed = f"{reason}, and apt-get failed. Run this line, then try again:\n{apt_line(names)}"
    run_or_fail([*apt, "install", "-y", "-qq", *names], failed)


def administrator() -> list[str] | None:
    """Return what to put before a command to run it as root; None where that is not allowed without a password."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    if shutil.which("sudo") and succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None
