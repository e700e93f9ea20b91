"""Decoded images: kept within a budget, and decoded by threads before they are wanted."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice

import psutil
import torch
from PIL import Image
from torch import Tensor

MOST = 2 * 2**30
"""Bytes of decoded images that are kept at most."""
NOWHERE = -1
"""The place of an image that is not kept."""
PILLOW = r"(.*[/\\])?PIL[./\\]"
"""Pillow's modules, by name or by file."""


def cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def usual_decoders() -> int:
    """Return how many threads decode images beside a training: 2, or 1 on two cores."""
    return max(1, min(2, cores() - 1))


def room() -> int:
    """Return how many bytes of decoded images a run keeps: as many runs as cores have half of the free memory."""
    return min(MOST, int(psutil.virtual_memory().available) // (2 * cores()))


@contextmanager
def decoders(count: int | None) -> Iterator[ThreadPoolExecutor | None]:
    """Context manager that returns so many threads, by default the usual number; they have ended when it is left.

    With 0 there are none. Pillow's warnings, on odd EXIF data or a large image, are ignored from here on: to ignore
    them for a while does not work in threads.
    """
    count = usual_decoders() if count is None else count
    if count < 1:
        yield None
        return
    Image.init()  # two threads that import Pillow's plugins at once may each miss some
    warnings.filterwarnings("ignore", module=PILLOW)
    torch.get_num_threads()  # what the first call finds is what this thread has: one for each decoder is not for it
    pool = ThreadPoolExecutor(count, "decoder", initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(torch.get_num_threads())  # also for threads to come


def quietly(read: Callable[[int], Tensor], index: int) -> Tensor:
    """Return an image that is read in this thread, without warnings of Pillow."""
    with warnings.catch_warnings(action="ignore"):
        return read(index)


def in_order(
    read: Callable[[int], Tensor], count: int, pool: ThreadPoolExecutor | None, ahead: int = 16
) -> Iterator[Callable[[], Tensor]]:
    """Yield for each of ``count`` images what returns it, or raises why not; threads read a few ahead."""
    if pool is None:
        for index in range(count):
            yield partial(quietly, read, index)
        return
    numbers = iter(range(count))
    waiting = [pool.submit(read, index) for index in islice(numbers, ahead)]
    while waiting:
        yield waiting.pop(0).result
        waiting += [pool.submit(read, index) for index in islice(numbers, 1)]


class Decoded:
    """The bytes (C, H, W) of ``count`` images of one shape: ``take`` returns some, and keeps those that have room.

    ``read`` returns one. In ``decoding`` threads do so, from when an image is expected: ``read`` must then be free of
    side effects.
    """

    def __init__(self, read: Callable[[int], Tensor], count: int, shape: tuple[int, ...]) -> None:
        self._read, self._shape = read, shape
        self._slots = [NOWHERE] * count
        self._pixels: Tensor | None = None
        self._used = 0
        self._pool: ThreadPoolExecutor | None = None
        self._coming: dict[int, Future[Tensor]] = {}

    @contextmanager
    def decoding(self, count: int | None) -> Iterator[None]:
        """Context manager in which so many threads decode what is expected, as ``decoders`` has them."""
        with decoders(count) as pool:
            self._pool = pool
            try:
                yield
            finally:
                self._pool, self._coming = None, {}

    def expect(self, indices: Iterable[int]) -> None:
        """Have images decoded that are wanted soon, in this order; nothing is done where no threads are."""
        if self._pool is None:
            return
        for index in indices:
            if self._slots[index] == NOWHERE and index not in self._coming:
                self._coming[index] = self._pool.submit(self._read, index)

    def take(self, indices: Tensor) -> Tensor:
        """Return images as bytes (N, C, H, W); raises what ``read`` raises."""
        numbers = indices.tolist()
        slots = [self._slots[index] for index in numbers]
        if self._pixels is not None and NOWHERE not in slots:
            return self._pixels[slots]
        self.expect(numbers)
        taken = torch.empty((len(numbers), *self._shape), dtype=torch.uint8)
        for place, index in enumerate(numbers):
            slot = self._slots[index]
            taken[place] = self._made(index) if self._pixels is None or slot == NOWHERE else self._pixels[slot]
        return taken

    def _made(self, index: int) -> Tensor:
        coming = self._coming.pop(index, None)
        image = coming.result() if coming else quietly(self._read, index)
        self.keep(index, image)
        return image

    def keep(self, index: int, image: Tensor) -> None:
        """Keep an image that was read, where it has room."""
        if self._pixels is None:
            count = min(len(self._slots), room() // image.nbytes)
            self._pixels = torch.empty((count, *self._shape), dtype=torch.uint8)
        if self._used < len(self._pixels) and self._slots[index] == NOWHERE:
            self._pixels[self._used] = image
            self._slots[index] = self._used
            self._used += 1
