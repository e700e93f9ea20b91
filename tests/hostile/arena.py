"""Damaged files read in a child process: what it says, takes, runs, writes, and what is left of the user's files."""

import faulthandler
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from resnet_explorer.errors import ExplorerError
from tests.hostile.containers import CANARY
from tests.hostile.places import PLACES
from tests.hostile.readers import READERS, Reader

MEMORY = 512
"""The most megabytes that reading a file may take."""
SECONDS = 2.0
"""The most seconds of the processor that it may take up to a megabyte; a larger one in proportion, up to eight."""
PATIENCE = 60
"""Seconds after which a file is given up whose reader waits for something, or works and listens to nothing."""
EVERY = 12
"""One in so many files is none: a folder, a pipe, a device."""
NOISE = (b"tempfile.tif: ", b"TIFF", b"LZWDecode: ")
"""How lines begin that libtiff writes to the terminal, past Pillow."""
_LARGE = 2**20
"""Bytes of a damaged file that is not damaged once more, which would take long."""
_CEILING = 3 * 2**30
"""Bytes that a child may have more than at its start: beyond it memory is refused, so that this machine lives on."""


@dataclass(frozen=True)
class Outcome:
    """What came of a file; ``fault`` is empty where it was read, or refused in a sentence."""

    number: int
    damage: str
    answer: str
    seconds: float
    megabytes: float
    fault: str = ""


class Hung(BaseException):
    """A reader waits; no ``except Exception`` may stop it."""


def made(reader: Reader, seed: int, number: int, folder: Path) -> tuple[Path, str]:
    """Write the files of a case into a folder, and return the damaged one, and how it is damaged."""
    chance = Random(f"{reader.name} {seed} {number}")
    contents = reader.files(number)
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    path = folder / reader.file
    if number % EVERY == EVERY - 1:
        place = list(PLACES)[number // EVERY % len(PLACES)]
        PLACES[place](path)
        return path, place
    content, names = contents[reader.file], list[str]()
    for damage in chance.choices(reader.damages, k=chance.choice((1, 1, 1, 1, 1, 2))):
        if names and len(content) > _LARGE:
            break
        with suppress(Exception), warnings.catch_warnings(action="ignore"):  # what is made for whole files breaks
            content = damage(content, chance)
            names.append(damage.__name__)
    path.write_bytes(content)
    return path, ", ".join(names) or "none"


class Watch:
    """What a process may not do while it reads a file, noted by Python's own audit of what it does."""

    FORBIDDEN = (
        "os.system", "subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pty.spawn",
        "socket.connect", "socket.getaddrinfo", "urllib.Request", "pickle.find_class", "ctypes.dlopen", "code.__new__",
    )  # fmt: skip
    CHANGES = (
        "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.chmod", "os.chown", "os.link", "os.symlink",
        "os.mkdir", "shutil.rmtree",
    )  # fmt: skip

    def __init__(self) -> None:
        self.folder, self.seen = "", list[str]()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.folder:
            return
        if event in self.FORBIDDEN:
            self.seen.append(f"{event} {arguments!r}"[:200])
        elif event in self.CHANGES or (event == "open" and self._writes(arguments[2])):
            for path in arguments[: 2 if event in ("os.rename", "os.link") else 1]:
                text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
                folder, name = os.path.split(text)
                real = os.path.realpath(text) if event == "open" else os.path.join(os.path.realpath(folder), name)
                if text and not real.startswith((self.folder, "/dev/")):
                    self.seen.append(f"{event} {text!r}"[:200])

    @staticmethod
    def _writes(flags: object) -> bool:
        return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def _memory(key: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    return 0.0


def _seconds(path: Path) -> float:
    """Return how long a file may be read."""
    return SECONDS * min(8, max(1, path.stat().st_size / 2**20)) if path.is_file() else SECONDS


_worked = [0.0]
"""The time of the processor at the last look at a reader that takes long."""


def _alarm(number: int, _: object) -> None:
    """End a reader that takes too much of the processor, or none: it waits; one that gets little of it goes on."""
    before, _worked[0] = _worked[0], time.process_time()
    if number == signal.SIGALRM and _worked[0] - before > 0.05:
        signal.alarm(PATIENCE)
        return
    raise Hung


def _contents(folder: Path) -> list[bytes]:
    """Return what lies in the files of a folder."""
    found = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path.read_bytes() for path in found if path.stat().st_size < 2**27 and path.suffix not in (".lock", "")]


def _complaint(error: ExplorerError) -> str:
    """Return what is missing in an error: one or two plain sentences, where, and what to do."""
    text = str(error)
    if not error.where or not error.what.endswith((".", "?")):
        return f"names no place, or is no sentence: {text[:300]!r} at {error.where[:80]!r}"
    if len(text) > 1200:
        return f"says too much ({len(text):,} characters): {text[:300]!r}"
    if not text.replace("\n", " ").isprintable():
        return f"steers the terminal: {text[:300]!r}"
    return "" if error.remedy else f"does not say what to do: {text[:300]!r}"


def _place(error: BaseException) -> str:
    """Return the last line of the app's own that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    last = ([frame for frame in frames if "/resnet_explorer/" in frame.filename] or frames)[-1]
    return f"{last.filename.rpartition('resnet_explorer/')[2]}:{last.lineno}"


def _ran_out(error: BaseException | None) -> bool:
    """Return whether memory was refused on the way to an error."""
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)
        is_ours = isinstance(error, MemoryError) and "/PIL/" not in frames[-1].filename
        if is_ours or "can't allocate memory" in str(error):  # Pillow raises it for sizes that it cannot count
            return True
        error = error.__cause__ or error.__context__
    return False


class Child:
    """Reads files one after the other, in a process that was forked for it."""

    def __init__(self, reader: Reader, seed: int, root: Path) -> None:
        self.reader, self.seed, self.root = reader, seed, root
        self.output = (root / "output").open("w+b")
        sys.stdout.flush()
        sys.stderr.flush()
        for number in (1, 2):
            os.dup2(self.output.fileno(), number)
        sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115 - to the end of the process
        sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
        sys.dont_write_bytecode = True
        warnings.resetwarnings()
        warnings.simplefilter("always")
        for kind in (DeprecationWarning, PendingDeprecationWarning, ResourceWarning, ImportWarning):
            warnings.simplefilter("ignore", kind)
        faulthandler.disable()
        limit = int(_memory("VmData") * 2**20) + _CEILING
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
        signal.signal(signal.SIGALRM, _alarm)
        signal.signal(signal.SIGPROF, _alarm)
        self.watch = Watch()

    def read(self, number: int) -> Outcome:
        folder = Path(tempfile.mkdtemp(dir=self.root))
        for variable in ("RESNET_EXPLORER_CONFIG", "RESNET_EXPLORER_CACHE"):
            os.environ[variable] = str(folder if variable.endswith("CONFIG") else folder / "cache")
        os.chdir(folder)
        bystander = self.root / "bystander.txt"
        bystander.write_text("mine")
        try:
            path, damage = made(self.reader, self.seed, number, folder)
            before = _contents(folder)
            outcome = self._timed(path, damage, number, folder)
            lost = [content for content in before if not any(new.startswith(content) for new in _contents(folder))]
            lost = [] if self.reader.is_cache else lost
            if not outcome.fault and (lost or bystander.read_text() != "mine"):
                return Outcome(**{**asdict(outcome), "fault": f"changed a file of {len(lost and lost[0]):,} bytes"})
            return outcome
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _timed(self, path: Path, damage: str, number: int, folder: Path) -> Outcome:
        Path("/proc/self/clear_refs").write_text("5")
        resident, began, limit = _memory("VmRSS"), time.process_time(), _seconds(path)
        self.watch.seen, self.watch.folder = [], os.path.realpath(folder)
        _worked[0] = began
        signal.alarm(PATIENCE)
        signal.setitimer(signal.ITIMER_PROF, 3 * limit)
        try:
            answer, fault = self._answer(path)
        finally:
            signal.alarm(0)
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.watch.folder = ""
        seconds, megabytes = time.process_time() - began, _memory("VmHWM") - resident
        sys.stdout.flush()
        sys.stderr.flush()
        said = os.pread(self.output.fileno(), 300, 0)
        os.ftruncate(self.output.fileno(), 0)
        os.lseek(self.output.fileno(), 0, os.SEEK_SET)
        if said and not said.startswith(NOISE):
            fault = fault or f"wrote to the terminal: {said[:300]!r}"
        if self.watch.seen or (folder / CANARY).exists():
            fault = f"did what no reader may: {self.watch.seen[:2]} {'ran code' * (folder / CANARY).exists()}"
        if megabytes > MEMORY:
            fault = fault or f"took {megabytes:,.0f} MB"
        if seconds > limit:
            fault = fault or f"took {seconds:.1f} s"
        return Outcome(number, damage, answer, seconds, megabytes, fault)

    def _answer(self, path: Path) -> tuple[str, str]:
        try:
            self.reader.read(path)
            return "read", ""
        except ExplorerError as error:
            if _ran_out(error):
                return "refused", f"asked for {_CEILING / 2**30:.0f} GB and more: {error}"
            complaint = _complaint(error)
            return "refused", f"{complaint}" if complaint else ""
        except Hung as error:
            return "hung", f"waits, or works for long ({_place(error)})"
        except BaseException as error:
            return "fault", f"{type(error).__name__}: {str(error)[:160]} ({_place(error)})"


def outcomes(reader: Reader, seed: int, numbers: Sequence[int], patience: float = 5 * PATIENCE) -> Iterator[Outcome]:
    """Yield what comes of files by their numbers, in their order; a child that dies costs the file that it read."""
    left = list(numbers)
    while left:
        came = 0
        for outcome in _batch(reader, seed, left, patience):
            came += 1
            yield outcome
        left = left[came:]


def _batch(reader: Reader, seed: int, numbers: Sequence[int], patience: float) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as root:
        ours, theirs = os.pipe()
        with warnings.catch_warnings(action="ignore"):  # from Python 3.12 on, where there are threads
            child = os.fork()
        if not child:
            os.close(ours)
            _work(reader, seed, numbers, Path(root), theirs)
        os.close(theirs)
        came = 0
        with open(ours, "rb") as answers:
            while (
                came < len(numbers) and select.select([answers], [], [], patience)[0] and (line := answers.readline())
            ):
                came += 1
                yield Outcome(**json.loads(line))
        if came < len(numbers):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if came < len(numbers):
            hung = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            fault = "never ended" if hung else f"ended the process: {status}"
            yield Outcome(numbers[came], "?", "died", 0.0, 0.0, fault)


def _work(reader: Reader, seed: int, numbers: Sequence[int], root: Path, answers: int) -> None:
    """Read files, write a line for each, and end the process."""
    try:
        child = Child(reader, seed, root)
        for number in numbers:
            os.write(answers, json.dumps(asdict(child.read(number))).encode() + b"\n")
    except BaseException:
        os.write(
            answers,
            json.dumps(asdict(Outcome(-1, "?", "harness", 0, 0, traceback.format_exc()[-1500:]))).encode() + b"\n",
        )
    finally:
        os._exit(0)


def warm_up(reader: Reader) -> None:
    """Read each good file once: imports are no part of reading; raises what a good file raises."""
    for number in range(len(reader.good)):
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root)
            kept = {name: os.environ.get(name) for name in ("RESNET_EXPLORER_CONFIG", "RESNET_EXPLORER_CACHE")}
            os.environ |= {"RESNET_EXPLORER_CONFIG": root, "RESNET_EXPLORER_CACHE": f"{root}/cache"}
            try:
                for name, content in reader.files(number).items():
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    (folder / name).write_bytes(content)
                reader.read(folder / reader.file)
            finally:
                for name, value in kept.items():
                    if value is None:
                        os.environ.pop(name, None)
                    else:
                        os.environ[name] = value


def reader_of(name: str) -> Reader:
    return READERS[name]
