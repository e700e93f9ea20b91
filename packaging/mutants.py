"""How many small faults the tests of `network` and `readings` notice: a sample of mutants, each in a fork of its own.

    python packaging/mutants.py --count 200 --seed 1 > tried.txt
    python packaging/mutants.py --again tried.txt --tests tests/module/test_build.py tests/diagram

A mutant is the code with one small change: another comparison or operation, `and` for `or`, a condition turned round,
another number or name. Texts for people, annotations, docstrings and assertions stay as they are. A mutant that no test
fails on has survived, and its line says so: it computes the same, or a fact is not tested. The second line tries the
survivors of the first with slower tests.

Where the change is inside a function, the fork gives that function its new code; else it imports everything again.
"""

import argparse
import functools
import gc
import os
import resource
import signal
import sys
from collections import Counter
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from time import process_time
from types import CodeType, FunctionType

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings
from mutations import PACKAGE, Mutant, changed, sample, survivors

ROOMS = ("network", "readings")
SLOW = ("tests/readings/test_explain_everything.py", "tests/readings/test_against_torch.py")
TESTS = ("tests/network", "tests/readings", "tests/spec/test_published.py", "tests/spec/test_by_stage.py")
OPTIONS = ("-q", "-s", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore")
CPU, BYTES = 90, 6 << 30
"""The processor's seconds and the bytes that a mutant may take; one that takes more has been noticed."""


class Changed(SourceFileLoader):
    """Loads a module with one change; nothing is kept on disk."""

    mutant: Mutant

    def get_code(self, fullname: str) -> CodeType:
        return compile(changed(self.mutant), self.path, "exec", dont_inherit=True)


class Finder(MetaPathFinder):
    """Finds the changed module before Python finds the file."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        loader = Changed(fullname, str(self._mutant.path))
        loader.mutant = self._mutant
        return spec_from_file_location(fullname, self._mutant.path, loader=loader)


def functions(code: CodeType) -> dict[tuple[str, int], CodeType]:
    """Return the functions in a module's or a class's code by their name and first line."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    found = {(one.co_qualname, one.co_firstlineno): one for one in inner if one.co_flags & 2}  # a function's locals
    for one in inner:
        found |= {} if one.co_flags & 2 else functions(one)
    return found


def give_new_code(mutant: Mutant) -> bool:
    """Change the function that a mutant is in, and forget what it has returned; False where it is in none."""
    path = str(mutant.path)
    old, new = (
        functions(compile(tree, path, "exec", dont_inherit=True))
        for tree in (mutant.path.read_text(encoding="utf-8"), changed(mutant))
    )
    different = {key: code for key, code in new.items() if code != old.get(key)}
    live = [thing for thing in gc.get_objects() if isinstance(thing, FunctionType)]
    found = [one for one in live if one.__code__.co_filename == path and _key(one) in different]
    for function in found:
        function.__code__ = different[_key(function)]
    for cache in [thing for thing in gc.get_objects() if isinstance(thing, functools._lru_cache_wrapper)]:
        cache.cache_clear()
    return bool(found)


def _key(function: FunctionType) -> tuple[str, int]:
    return function.__code__.co_qualname, function.__code__.co_firstlineno


def import_again(mutant: Mutant, tests: list[str]) -> int:
    """Return 0 where all tests pass that are imported with a mutant."""
    for name in [name for name in sys.modules if name.partition(".")[0] in ("resnet_explorer", "tests")]:
        del sys.modules[name]
    sys.meta_path.insert(0, Finder(mutant))
    return int(pytest.main(["-x", *OPTIONS, *tests]))


def failing(items: list[pytest.Item]) -> list[float]:
    """Run tests until one fails; return the seconds that each took which passed."""
    took = []
    for item, following in zip(items, [*items[1:], None], strict=True):
        began = process_time()
        if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
            print(item.nodeid, flush=True)
            break
        took.append(process_time() - began)
    return took


class Loop:
    """In the place of pytest's own loop over the tests: one for each mutant.

    The tests that have noticed another mutant of the same file come first, then the quick ones.
    """

    def __init__(self, mutants: list[Mutant], tests: list[str], jobs: int, logs: Path) -> None:
        self._mutants, self._tests, self._jobs, self._logs = mutants, tests, jobs, logs
        self.counts = Counter[str]()
        self._noticed: dict[Path, list[str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        times = self._logs / "times.txt"
        _, status = os.waitpid(self._fork(session.items, None, times), 0)
        took = [float(line) for line in times.read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
        if status or len(took) < len(session.items):
            pytest.exit(f"The tests fail on the code as it is: {times}")
        items = [item for _, item in sorted(zip(took, session.items, strict=True), key=lambda pair: pair[0])]
        running, waiting = dict[int, Mutant](), self._mutants[::-1]
        while waiting or running:
            while waiting and len(running) < self._jobs:
                mutant = waiting.pop()
                log = self._logs / f"{mutant.path.stem}-{mutant.number}.txt"
                first = self._noticed.get(mutant.path, [])
                ordered = sorted(items, key=lambda item: item.nodeid not in first)
                running[self._fork(ordered, mutant, log)] = mutant
            process, status = os.wait()
            self._say(running.pop(process), verdict(status))
        return True

    def _say(self, mutant: Mutant, end: str) -> None:
        self.counts[end] += 1
        log = (self._logs / f"{mutant.path.stem}-{mutant.number}.txt").read_text(encoding="utf-8", errors="replace")
        self._noticed.setdefault(mutant.path, []).extend(line for line in log.splitlines() if line.startswith("tests/"))
        place = f"{mutant.path.relative_to(PACKAGE)}:{mutant.line}:{mutant.number}"
        os.write(1, f"{end}  {place}  {mutant.text}\n".encode())

    def _fork(self, items: list[pytest.Item], mutant: Mutant | None, log: Path) -> int:
        """Start a process that tries a mutant, and return its id; what the tests print goes to a file."""
        if process := os.fork():
            return process
        resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU + 5))
        resource.setrlimit(resource.RLIMIT_DATA, (BYTES, BYTES))
        file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        try:
            if mutant is None:
                print(*failing(items), sep="\n", flush=True)
            elif not give_new_code(mutant):
                os._exit(import_again(mutant, self._tests))
            os._exit(mutant is not None and len(failing(items)) < len(items))
        finally:
            os._exit(9)  # the code does not even compile, or a test ends the process


def verdict(status: int) -> str:
    """Return what a process's end says of its mutant."""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return "timed out"
    return "killed" if status else "SURVIVED"


def main() -> int:
    """Try mutants and print the score; 1 where the tests fail on the code as it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="+", default=list(ROOMS), help="folders of resnet_explorer")
    parser.add_argument("--count", type=int, default=200, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--again", type=Path, help="a file with the lines of an earlier call: only what survived")
    default = [*TESTS, *(f"--ignore={path}" for path in SLOW)]
    parser.add_argument("--tests", nargs="+", default=default, help="files or folders of tests")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many mutants at a time")
    parser.add_argument("--logs", type=Path, default=Path("/tmp/mutants"), help="a folder for what the tests print")
    options = parser.parse_args()
    options.logs.mkdir(parents=True, exist_ok=True)
    settings.register_profile("mutants", database=None, derandomize=True, deadline=None, phases=[Phase.generate])
    settings.load_profile("mutants")
    chosen = survivors(options.again) if options.again else sample(options.rooms, options.count, options.seed)
    loop = Loop(chosen, options.tests, options.jobs, options.logs)
    if pytest.main([*OPTIONS, *options.tests], plugins=[loop]) is not pytest.ExitCode.OK:
        return 1
    print(f"{1 - loop.counts['SURVIVED'] / len(chosen):.1%} noticed; {dict(loop.counts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
