"""Every reader of files: good files of its kind, how they can be damaged, and what the app does with them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.hostile import containers, damage, reading, seeds, values
from tests.hostile.damage import Damage
from tests.hostile.reading import RATES, TIMES

Seed = Callable[[], bytes | seeds.Files]
JSON = {
    **damage.TEXT,
    "changed_json": values.changed_json,
    "json": values.changed_json,
    "values": values.changed_json,
    "flood": containers.flood,
}
LINES = {**damage.TEXT, "changed_lines": values.changed_lines, "lines of json": values.changed_lines}
TOML = {**damage.TEXT, "changed_toml": values.changed_toml, "toml": values.changed_toml}
GZIP = {
    "inside_gzip": containers.inside_gzip,
    "gzip_bomb": containers.gzip_bomb,
    "json": containers.inside_gzip,
    "flood": containers.flood,
}
ARCHIVE = {f"archive {n}": containers.changed_archive for n in range(6)} | {
    "bomb": containers.archive_bomb,
    "flood": containers.flood,
}
PICKLE = {f"pickle {n}": containers.changed_pickle for n in range(6)}
IMAGE = {"header": containers.image_header, "header again": containers.image_header, "white": containers.white_image}
ARRAY = {"header": containers.array_header, "header again": containers.array_header}
TENSORS = {f"header {n}": containers.tensor_header for n in range(4)}
TEXT = damage.TEXT


@dataclass(frozen=True)
class Reader:
    """Reads the file of a name, that of each good one in turn; ``more`` is the damage that its kind knows."""

    name: str
    file: str
    good: Sequence[Seed]
    read: Callable[[Path], object]
    more: Mapping[str, Damage] = field(default_factory=dict)
    beside: Callable[[], seeds.Files] = dict
    is_cache: bool = False
    """Whether the file is one that the app makes again, and may write over."""

    @property
    def damages(self) -> list[Damage]:
        """What can befall its files; what its kind knows comes as often as the rest."""
        own = list(self.more.values())
        return list(damage.BINARY.values()) + own * max(1, len(damage.BINARY) // max(1, len(own)))

    def files(self, number: int) -> dict[str, bytes]:
        """Return good files by their names, that which is damaged first."""
        made = self.good[number % len(self.good)]()
        made = {self.file: made} if isinstance(made, bytes) else made
        return {self.file: made[self.file], **self.beside(), **{name: made[name] for name in made if name != self.file}}


def _run(file: str, more: Mapping[str, Damage]) -> Reader:
    return Reader(f"run: {file}", f"run/{file}", [lambda: _inside(seeds.run())], reading.run, more)


def _tuning(file: str, more: Mapping[str, Damage]) -> Reader:
    return Reader(f"fine-tuning: {file}", f"run/{file}", [lambda: _inside(seeds.tuning())], reading.tuning, more)


def _inside(files: seeds.Files) -> seeds.Files:
    return {f"run/{name}": content for name, content in files.items()}


def _weights(name: str, file: str, more: Mapping[str, Damage], *made: Seed) -> Reader:
    return Reader(f"weights: {name}", file, made, reading.weights, more)


def _image(file: str, *made: Seed, more: Mapping[str, Damage] = IMAGE) -> Reader:
    return Reader(f"image: {Path(file).suffix[1:]}", f"images/a/{file}", made, reading.images, more, _other_images)


def _other_images() -> seeds.Files:
    return {"images/b/y.png": seeds.PNG(), "images/a/y.png": seeds.PNG()}


def _table(name: str, *made: Seed) -> Reader:
    return Reader(f"table: {name}", f"images.{name}", made, reading.table, TEXT, _table_images)


def _table_images() -> seeds.Files:
    return {f"images/{name}.png": seeds.PNG() for name in "abc"}


def _settings(file: str, content: str, read: Callable[[Path], object], more: Mapping[str, Damage] = JSON) -> Reader:
    return Reader(f"settings: {Path(file).name}", file, [content.encode], read, more)


def _known(name: str, content: str, read: Callable[[Path], object]) -> Reader:
    return Reader(f"known of images: {name}", f"{name}.json", [content.encode], read, JSON, is_cache=True)


_PREFERENCES = (
    '{"version": 1, "values": {"theme": "dark", "export_scale": 3, "reduce_motion": true, "export_folder": "/x"}}'
)
_RECENT = '{"format": "resnet-explorer recent files", "version": 1, "files": ["/a.rnx", "/b.json"]}'
_SETS = "sets/MNIST/raw"
ROWS = (
    Reader("spec", "net.json", [seeds.spec, seeds.old_spec], reading.spec, JSON),
    Reader("session", "work.rnx", [seeds.session], reading.session, {**ARCHIVE}),
    Reader("session of version 1", "work.rnx", [seeds.workspace], reading.session, JSON),
    Reader("last session", "session-1.rnx", [seeds.session, seeds.workspace], reading.last_session, ARCHIVE),
    Reader("workspace", "workspace.json", [seeds.workspace], reading.last_session, JSON),
    Reader("lesson", "lessons/mine.md", [seeds.LESSON.encode, reading.own_lesson], reading.lesson, TOML),
    Reader("sweep", "grid.toml", [lambda: seeds.SWEEP], reading.sweep, TOML),
    _run("run.json", JSON),
    _run("metrics.jsonl", LINES),
    _run("ended.json", JSON),
    _run("name.txt", TEXT),
    _run("checkpoint.safetensors", TENSORS),
    Reader("runs: runs.json", "run/runs.json", [lambda: _inside(seeds.run())], reading.run_list, JSON),
    Reader("runs: unfinished", "unfinished-training.json", [seeds.run], reading.unfinished, JSON),
    _tuning("tune.json", JSON),
    _tuning("opened.jsonl", LINES),
    _tuning("best.safetensors", TENSORS),
    _tuning("checkpoint.safetensors", TENSORS),
    _weights("torch.save", "net.pth", ARCHIVE, seeds.pytorch, seeds.module),
    _weights("torch.save before 1.6", "net.pth", PICKLE, partial(seeds.pytorch, is_archive=False)),
    _weights("safetensors", "net.safetensors", TENSORS, seeds.safetensors),
    _weights("npz", "net.npz", ARCHIVE, seeds.npz),
    _weights("pickle", "net.pkl", PICKLE, *(partial(seeds.pickled, protocol) for protocol in (0, 2, 5)),
             partial(seeds.pickled, 4, tensors=True)),
    Reader("weights: HDF5", "net.h5", [seeds.hdf5], reading.tensors),
    _weights("TorchScript", "net.pt", ARCHIVE, seeds.script),
    _weights("torch.export", "net.pt2", ARCHIVE, seeds.exported),
    Reader("weights: index of shards", "model.safetensors.index.json", [seeds.shards], reading.weights, JSON),
    _image("x.png", seeds.PNG, *(partial(seeds.PNG, mode) for mode in ("P", "LA", "1", "I;16"))),
    _image("x.jpg", partial(seeds.image, "JPEG"), seeds.turned, partial(seeds.image, "JPEG", "CMYK")),
    _image("x.bmp", partial(seeds.image, "BMP"), partial(seeds.image, "BMP", "P")),
    _image("x.tif", partial(seeds.image, "TIFF"), partial(seeds.image, "TIFF", compression="tiff_lzw"),
           partial(seeds.image, "TIFF", "F"), partial(seeds.image, "TIFF", "I;16")),
    _image("x.webp", partial(seeds.image, "WEBP"), partial(seeds.image, "WEBP", "RGBA", lossless=True)),
    _image("x.gif", partial(seeds.image, "GIF")),
    _image("x.avif", partial(seeds.image, "AVIF")),
    _image("x.ppm", partial(seeds.image, "PPM"), partial(seeds.image, "PPM", "L")),
    _image("x.npy", seeds.array, more=ARRAY),
    Reader("images: a folder", "images/a/x.png", [seeds.PNG], reading.folder, IMAGE, _other_images),
    Reader("images: MNIST", f"{_SETS}/train-images-idx3-ubyte", [lambda: seeds.idx(6)], reading.mnist, beside=lambda: {
        f"{_SETS}/train-labels-idx1-ubyte": seeds.idx_labels(6), f"{_SETS}/t10k-images-idx3-ubyte": seeds.idx(3),
        f"{_SETS}/t10k-labels-idx1-ubyte": seeds.idx_labels(3)}),
    _table("csv", seeds.table, partial(seeds.table, ";"), partial(seeds.table, ",", "utf-16")),
    _table("tsv", partial(seeds.table, "\t")),
    _settings("preferences.json", _PREFERENCES, reading.preferences),
    _settings("recent.json", _RECENT, reading.recent),
    _settings("cache/features/budget.txt", "4000000\n", reading.budget, TEXT),
    _known("moments", '{"mean": [0.1, 0.2, 0.3], "std": [1.0, 0.5, 0.25]}', reading.known_moments),
    _known("unreadable", '{"/a/b.png": "it is no image"}', reading.known_unreadable),
    Reader("kept result: times", "kept.json.gz", [lambda: seeds.kept(seeds.TIMES, TIMES)], reading.kept_times, GZIP),
    Reader("kept result: rates", "kept.json.gz", [lambda: seeds.kept(seeds.RATES, RATES)], reading.kept_rates, GZIP),
    Reader("features on disk", "a.json", [reading.sums], reading.features, JSON, lambda: {"a.features": bytes(64)}),
)  # fmt: skip
READERS: Mapping[str, Reader] = {row.name: row for row in ROWS}
