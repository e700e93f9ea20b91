"""The batches of a fine-tuning: images, or while the start of the network is frozen the features that it makes of them.

A features' batch is made of the very values that the frozen layers would compute, in batches of the same size, so that
a run is the same with and without them. What is drawn in a run depends on its plan alone, never on what is kept.
"""

import hashlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from resnet_explorer import __version__
from resnet_explorer.errors import ExportError
from resnet_explorer.finetuning import features, frozen
from resnet_explorer.finetuning.data import TuneImages
from resnet_explorer.finetuning.features import FeatureFile
from resnet_explorer.finetuning.frozen import Cut
from resnet_explorer.finetuning.groups import Grouping
from resnet_explorer.module.blocks import run
from resnet_explorer.module.build import ResNet
from resnet_explorer.probes.models import restored
from resnet_explorer.readings.progress import Progress, Throttle, duration, seconds_left
from resnet_explorer.runs.plan import RunPlan
from resnet_explorer.training.feed import ROOM, Drawn, Feed, drawn, shifted, step_seed
from resnet_explorer.training.folder import Mark
from resnet_explorer.training.trainer import autocast

_STREAM = 104_729
"""Added to the seed of a view, so that views and the augmentation of single steps draw different numbers."""
NOTE_EVERY = 5.0
"""Seconds between two notes of which pieces are on disk."""


class _Piece(NamedTuple):
    """Images whose features are computed together: which part they are of, which of its images, and their view."""

    part: str
    places: Tensor
    view: int


class FeatureFeed(Feed):
    """The batches of a run of fine-tuning; ``fit`` computes the features that are not on disk yet.

    ``model`` is the network that is tuned, ``mark`` how far the run is, and ``budget`` the bytes that all features on
    disk may take, None for what the user chose. ``notes`` say, once ``fit`` is done, what was computed once.
    """

    images: TuneImages

    def __init__(
        self,
        plan: RunPlan,
        layout: torch.memory_format,
        images: TuneImages,
        model: ResNet,
        groups: Grouping,
        mark: Mark,
        budget: int | None,
    ) -> None:
        super().__init__(plan, layout, images)
        self._model, self._groups = model, groups
        self._from = groups.epoch_of(max(0, mark.steps - (mark.pending is not None)))
        self._budget = features.features_budget() if budget is None else budget
        self._views = frozen.kept_views(groups.plan)
        self._on_disk: dict[Cut, Tensor] = {}
        self._draws: dict[int, Drawn] = {}
        self._cut: Cut | None = None
        self._rows = torch.empty(0)
        self._failed = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return sentences on what was computed once, and on the views that the images were seen in."""
        plan, groups = self._groups.plan, self._groups
        sizes = len(self.images.train), len(self.images.val)
        found = [self._failed or frozen.describe(groups, *sizes, self._budget)]
        cuts = frozen.cuts(groups)
        if frozen.is_augmented(plan) and cuts:
            when = frozen.epochs_text(cuts[0].first, cuts[-1].until)
            found.append(f"Augmentation: {self._views:,} kept views of each image in turn in {when}.")
        return tuple(note for note in found if note)

    def fit(self) -> Iterator[Progress]:
        """Yield progress while features are computed, and while images are prepared that later epochs need."""
        plan = self._groups.plan
        cuts = frozen.forecast(self._groups, len(self.images.train), len(self.images.val), self._budget).kept
        cuts = tuple(cut for cut in cuts if cut.until > self._from)
        needs_images = sum(cut.until - max(cut.first, self._from) for cut in cuts) < plan.epochs - self._from
        if needs_images:
            yield from super().fit()
        try:
            yield from self._keep_features(cuts)
        except (OSError, ExportError) as error:
            why = getattr(error, "strerror", None) or error
            self._failed = f"Features could not be kept: {why}. Frozen layers run in every epoch."
        if not needs_images and len(self._on_disk) < len(cuts):
            yield from super().fit()
        self._show(self._from)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the images or the features of a step, and the labels, on the device."""
        epoch = self._groups.epoch_of(step)
        self._show(epoch)
        if self._cut is None:
            return super().batch(step)
        count, places = len(self.images.train), self._places_of(step)
        labels = self.images.labels(self.images.train[places]).to(self._plan.device)
        return self._features(epoch % self._views * count + places), labels

    def tests(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the images that are evaluated during training, or their features, in batches of ``size``."""
        if self._cut is None:
            yield from super().tests(size)
            return
        first = self._views * len(self.images.train)
        for places in torch.arange(len(self.images.val)).split(size):
            labels = self.images.labels(self.images.val[places]).to(self._plan.device)
            yield self._features(first + places), labels

    def outputs(self, model: nn.Module, x: Tensor) -> Tensor:
        """Return what a network makes of a batch: all of it of images, the rest of it of features."""
        if self._cut is None:
            return super().outputs(model, x)
        assert isinstance(model, ResNet)
        return run(model, _names(model)[len(self._cut.names) :], x)

    def _augmented(self, x: Tensor, step: int) -> Tensor:
        """Augment images as it is drawn for the step, or for their view where the plan keeps views."""
        epoch = self._groups.epoch_of(step)
        if any(cut.first <= epoch < cut.until for cut in frozen.cuts(self._groups)):
            return self._viewed(x, self._places_of(step), epoch % self._views)
        return super()._augmented(x, step)

    def _viewed(self, x: Tensor, places: Tensor, view: int) -> Tensor:
        """Return training images in one of their kept views."""
        recipe, seed = self._plan.recipe, step_seed(self._plan.seed, view) + _STREAM
        if not frozen.is_augmented(self._groups.plan):
            return x
        if view not in self._draws:
            self._draws[view] = drawn(len(self.images.train), recipe.pad, recipe.flip, seed)
        rows, columns, mirrored = (values[places] for values in self._draws[view])
        return shifted(x, recipe.pad, (rows, columns, mirrored))

    def _show(self, epoch: int) -> None:
        """Take the features of an epoch for the batches to come, or images where there are none."""
        cut = next((cut for cut in self._on_disk if cut.first <= epoch < cut.until), None)
        if cut is self._cut:
            return
        self._cut, self._rows = cut, self._on_disk[cut] if cut else torch.empty(0)
        if self._plan.device != "cpu" and self._rows.nbytes <= 4 * ROOM:
            self._rows = self._rows.to(self._plan.device)

    def _features(self, rows: Tensor) -> Tensor:
        x = self._rows[rows.to(self._rows.device)].to(self._plan.device)
        if x.dtype is torch.int16:
            x = x.view(torch.bfloat16)
        return x.permute(0, 3, 1, 2) if self._is_channels_last and x.ndim == 4 else x

    @property
    def _is_channels_last(self) -> bool:
        return self._layout is torch.channels_last

    def _keep_features(self, cuts: Sequence[Cut]) -> Iterator[Progress]:
        """Yield progress while what is missing on disk is computed, for all cuts in one pass."""
        if not cuts:
            return
        with ExitStack() as stack:
            paths = {cut: features.features_folder() / f"{self._key(cut)}{features.DATA}" for cut in cuts}
            for _ in features.lock(stack, paths.values()):
                yield Progress(0, 0, "waiting for another run that computes the same features")
            pieces = self._pieces()
            files = self._opened(paths, pieces)
            missing = yield from self._absent(files, pieces)
            few = {cut for cut in files if missing[cut]}
            if sum(cut.until - max(cut.first, self._from) for cut in few) < frozen.WORTH:
                files = {cut: file for cut, file in files.items() if cut not in few}
            else:
                needed = sum(file.size - file.on_disk for file in files.values())
                features.make_room(needed, self._budget, paths.values())
                yield from self._compute(files, pieces, missing)
            # opened now: another run may delete them, and what is open stays readable
            self._on_disk = {cut: torch.from_numpy(file.rows()) for cut, file in files.items()}

    def _pieces(self) -> list[_Piece]:
        train, val = (torch.arange(len(part)) for part in (self.images.train, self.images.val))
        pieces = [_Piece("train", places, view) for view in range(self._views) for places in train.split(self.size)]
        return pieces + [_Piece("val", places, 0) for places in val.split(self.size) if len(places)]

    def _opened(self, paths: dict[Cut, Path], pieces: Sequence[_Piece]) -> dict[Cut, FeatureFile]:
        """Return the files of some cuts; what one image makes tells their shapes and types."""
        made = self._outputs(pieces[0], list(paths), 1)
        counts = tuple(len(piece.places) for piece in pieces)
        return {
            cut: FeatureFile(path, made[cut].shape[1:], str(made[cut].dtype), counts) for cut, path in paths.items()
        }

    @staticmethod
    def _absent(
        files: dict[Cut, FeatureFile], pieces: Sequence[_Piece]
    ) -> Generator[Progress, None, dict[Cut, set[int]]]:
        """Yield progress while files are read, and return the pieces of each that are not there."""
        missing: dict[Cut, set[int]] = {cut: set() for cut in files}
        throttle = Throttle(at_once=False)
        for number in range(len(pieces)):
            if throttle.is_due:
                with throttle.reporting():
                    yield Progress(number, len(pieces), "checking the features on disk")
            for cut, file in files.items():
                if not file.is_there(number):
                    missing[cut].add(number)
        return missing

    def _compute(
        self, files: dict[Cut, FeatureFile], pieces: Sequence[_Piece], missing: dict[Cut, set[int]]
    ) -> Iterator[Progress]:
        todo = sorted(set[int]().union(*missing.values()))
        of = sum(len(piece.places) for piece in pieces)
        found = done = of - sum(len(pieces[number].places) for number in todo)
        began, throttle = perf_counter(), Throttle(NOTE_EVERY, 0, at_once=False)
        try:
            for place, number in enumerate(todo):
                left = seconds_left(done - found, of - found, perf_counter() - began)
                text = f"{frozen.COMPUTING}, {done:,} of {of:,} {'views' if self._views > 1 else 'images'}"
                yield Progress(done, of, text + (f", about {duration(left)} left" if left is not None else ""))
                for coming in todo[place : place + 2]:
                    self._expect(pieces[coming].part, pieces[coming].places)
                wanted = [cut for cut in files if number in missing[cut]]
                for cut, rows in self._outputs(pieces[number], wanted).items():
                    files[cut].put(number, rows)
                done += len(pieces[number].places)
                if throttle.is_due:
                    with throttle.reporting():
                        self._note(files)
        finally:
            self._note(files)

    @staticmethod
    def _note(files: dict[Cut, FeatureFile]) -> None:
        for file in files.values():
            file.save()

    def _outputs(self, piece: _Piece, cuts: Sequence[Cut], count: int | None = None) -> dict[Cut, Any]:
        """Return the features of a piece at each cut as arrays, or those of its first images alone.

        The last piece of the training images is filled up to the size of a batch, as no batch is smaller.
        """
        indices = getattr(self.images, piece.part)
        places = piece.places[:count] if count else piece.places
        filled = places
        if piece.part == "train" and not count:
            filled = torch.cat((places, torch.arange(self.size - len(places))))
        x, _ = self._take(piece.part, indices, filled)
        x = self._viewed(x, filled, piece.view) if piece.part == "train" else x
        x = x.contiguous(memory_format=self._layout)
        made, names = {}, _names(self._model)
        ends = {len(cut.names): cut for cut in cuts}
        with torch.no_grad(), restored(self._model, training=False), autocast(self._plan):
            for number, name in enumerate(names[: max(ends)], 1):
                x = run(self._model, (name,), x)
                if number in ends:
                    made[ends[number]] = self._array(x[: len(places)])
        return made

    def _array(self, x: Tensor) -> Any:
        """Return features as they lie on disk: in the order of the layout, bfloat16 as integers."""
        x = x.permute(0, 2, 3, 1) if self._is_channels_last and x.ndim == 4 else x
        x = x.contiguous().cpu()
        return (x.view(torch.int16) if x.dtype is torch.bfloat16 else x).numpy()

    def _key(self, cut: Cut) -> str:
        """Return the name of a cut's features: a hash of all that their bits depend on."""
        plan, view = self._groups.plan, self._plan
        digest = hashlib.blake2b(digest_size=16)
        network, names = plan.network, set(cut.names)
        forms = [block.form for block in network.blocks if block.path in names]
        recipe = view.recipe
        draws = (plan.seed, recipe.pad, recipe.flip, plan.views) if frozen.is_augmented(plan) else ()
        where = (__version__, str(torch.__version__), view.device, view.threads, str(self._layout), recipe.mixed)
        preparation = (plan.image, plan.channels, plan.grey, plan.preprocess, plan.white, plan.data.kind)
        layers = frozen.modules(plan)[: len(cut.names)]
        for value in (where, preparation, draws, self.size, layers, forms):
            digest.update(f"{value!r}\n".encode())
        for indices in (self.images.train, self.images.val):
            for index in indices.tolist():
                digest.update(f"{_identity(self.images.items[index].where)}\n".encode())
            digest.update(b"\n")
        for name, tensor in self._model.state_dict().items():
            if any(name.startswith(f"{module}.") for module in cut.names) and not name.endswith("batches_tracked"):
                digest.update(name.encode())
                digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()


def _identity(where: Path | int) -> str:
    """Return what tells an image from others, and from itself after a change."""
    if isinstance(where, int):
        return str(where)
    try:
        file = where.stat()
    except OSError:
        return str(where)
    return f"{where} {file.st_size} {file.st_mtime_ns}"


def _names(model: ResNet) -> tuple[str, ...]:
    """Return the modules of a network in the order in which they run, block by block."""
    blocks = (f"{stage}.{name}" for stage in model.stages for name, _ in model.get_submodule(stage).named_children())
    return (*model.stem, *blocks, *model.head)
