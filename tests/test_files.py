"""Files are written whole, or what was there before is still there."""

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from resnet_explorer import files
from resnet_explorer.errors import ExportError

posix = pytest.mark.skipif(os.name != "posix", reason="permissions, links and pipes as POSIX has them")
plain_user = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")


def failing(code: int) -> Callable[..., None]:
    def fail(*args: object, **kwargs: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def refused(path: Path, text: str) -> ExportError:
    """Return the error of writing there, after checking that it is in plain words."""
    with pytest.raises(ExportError, match=text) as caught:
        files.write(path, "new")
    error = caught.value
    assert error.where == str(path)
    assert error.what.endswith(".") and error.remedy.endswith(".")
    assert "Errno" not in str(error)
    return error


def test_text_and_bytes(tmp_path: Path) -> None:
    files.write(tmp_path / "a.svg", "64×56²\n")
    files.write(tmp_path / "b.png", b"\x89PNG\r\n")
    assert (tmp_path / "a.svg").read_bytes() == "64×56²\n".encode()
    assert (tmp_path / "b.png").read_bytes() == b"\x89PNG\r\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.svg", "b.png"]


def test_an_old_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    file.write_text("old and longer")
    files.write(file, "new")
    assert file.read_text() == "new"


def test_an_empty_file(tmp_path: Path) -> None:
    files.write(tmp_path / "a.csv", "")
    assert (tmp_path / "a.csv").read_bytes() == b""


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO], ids=errno.errorcode.get)
def test_a_failure_at_any_step_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    file = tmp_path / "a.svg"
    file.write_text("old")
    monkeypatch.setattr(os, step, failing(code))
    refused(file, "full" if code != errno.EIO else "cannot be written")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write(tmp_path / "a.svg", "new")
    assert list(tmp_path.iterdir()) == []


def test_a_slow_writer_writes_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, bytes(data)[:3]))
    files.write(tmp_path / "a.svg", "0123456789")
    assert (tmp_path / "a.svg").read_text() == "0123456789"


@posix
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """A limit on the size of files fails in the middle of writing, as a full disk does."""
    (tmp_path / "a.svg").write_text("old")
    code = (
        "import resource, signal, pathlib\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from resnet_explorer.errors import ExportError\n"
        "from resnet_explorer import files\n"
        "try:\n    files.write(pathlib.Path('a.svg'), 'x' * 5000)\n"
        "except ExportError as error:\n    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=_environment())
    assert "larger than files may be" in run.stdout, run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]
    assert (tmp_path / "a.svg").read_text() == "old"


def _environment() -> dict[str, str]:
    root = str(Path(__file__).parents[1])
    return os.environ | {"PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}


def test_a_missing_folder(tmp_path: Path) -> None:
    refused(tmp_path / "missing" / "a.svg", "its folder does not exist")


def test_a_folder_in_the_files_place(tmp_path: Path) -> None:
    refused(tmp_path, "it is a folder")
    assert list(tmp_path.iterdir()) == []


@posix
def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    refused(tmp_path / "file" / "a.svg", "its folder is a file")


@posix
def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    refused(tmp_path / ("x" * 300), "its name is too long")
    files.write(tmp_path / ("x" * 255), "fits")
    assert (tmp_path / ("x" * 255)).read_text() == "fits"


@posix
@plain_user
def test_a_protected_folder(tmp_path: Path) -> None:
    folder = tmp_path / "protected"
    folder.mkdir()
    (folder / "a.svg").write_text("old")
    folder.chmod(0o555)
    try:
        refused(folder / "a.svg", "protected")
        refused(folder / "b.svg", "protected")
        assert (folder / "a.svg").read_text() == "old"
    finally:
        folder.chmod(0o755)


@posix
@plain_user
def test_a_protected_file(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    file.write_text("old")
    file.chmod(0o444)
    refused(file, "protected")
    assert file.read_text() == "old"


@pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_place_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    file = tmp_path / "a.svg"
    file.write_text("old")
    monkeypatch.setattr(os, "open", failing(code))
    refused(file, "protected|can only be read")
    assert file.read_text() == "old"


@posix
def test_an_old_file_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    file.write_text("old")
    file.chmod(0o640)
    files.write(file, "new")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@posix
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_respects_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        files.write(tmp_path / "a.svg", "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.svg").stat().st_mode) == 0o666 & ~mask


@posix
def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target, link, dangling = tmp_path / "far" / "a.svg", tmp_path / "a.svg", tmp_path / "b.svg"
    target.write_text("old")
    link.symlink_to(target)
    dangling.symlink_to(tmp_path / "far" / "b.svg")
    files.write(link, "new")
    files.write(dangling, "newer")
    assert link.is_symlink() and dangling.is_symlink()
    assert target.read_text() == "new"
    assert (tmp_path / "far" / "b.svg").read_text() == "newer"


@posix
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    files.write(pipe, b"x" * 200_000)
    reader.join(10)
    assert got == [b"x" * 200_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@posix
@pytest.mark.parametrize("to_file", [False, True])
def test_standard_output_is_written_to(tmp_path: Path, to_file: bool) -> None:
    if not Path("/dev/stdout").exists():
        pytest.skip("this system has no /dev/stdout")
    code = "from pathlib import Path; from resnet_explorer import files; "
    code += "files.write(Path('/dev/stdout'), 'a picture')"
    out = tmp_path / "out"
    out.write_text("before, ")
    with out.open("ab") as stream:
        run = subprocess.run(
            [sys.executable, "-c", code], stdout=stream if to_file else subprocess.PIPE, env=_environment(), check=True
        )
    assert (out.read_text() if to_file else run.stdout.decode()) == ("before, a picture" if to_file else "a picture")


@posix
def test_a_full_device() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    refused(Path("/dev/full"), "the disk is full")


def test_two_writers_leave_one_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    texts = [letter * 100_000 for letter in "abcd"]
    writers = [threading.Thread(target=files.write, args=(file, text)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert file.read_text() in texts
    assert list(tmp_path.iterdir()) == [file]
