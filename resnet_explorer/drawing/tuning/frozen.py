"""What of a network stands still at an epoch of a fine-tuning: unit by unit, block by block, layer by layer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from resnet_explorer.analysis.tuning.groups import Weight
from resnet_explorer.analysis.tuning.strategies import Grouping
from resnet_explorer.blueprint import Network


@dataclass(frozen=True, slots=True)
class Cold:
    """How much of a part stands still: so many tensors of all; ``opens`` is the epoch at which the last one starts.

    It counts from 0; None where some never train.
    """

    tensors: int
    of: int
    opens: int | None

    @property
    def is_whole(self) -> bool:
        """Return whether nothing of it trains."""
        return self.tensors == self.of

    @property
    def for_good(self) -> bool:
        """Return whether some of it never trains."""
        return self.opens is None

    @property
    def words(self) -> str:
        """Return it in words."""
        how = "frozen" if self.is_whole else f"partly frozen, {self.tensors:,} of {self.of:,} tensors"
        return f"{how}: never trains" if self.opens is None else f"{how} until epoch {self.opens + 1:,}"


@dataclass(frozen=True, slots=True, eq=False)
class Frozen:
    """What stands still at an epoch, by the address of each part, and how much trains, in a sentence.

    Parts that train whole are left out.
    """

    parts: Mapping[str, Cold]
    words: str


def frozen_at(grouping: Grouping, epoch: int) -> Frozen:
    """Return what stands still at an epoch, counted from 0."""
    opens = {name: group.opens for group in grouping.groups for name in group.tensors}
    network, last = grouping.plan.network, grouping.plan.epochs
    held: dict[str, list[int | None]] = {}
    for one in grouping.plan.tensors:
        at = opens.get(one.name)
        for path in _around(one, network):
            held.setdefault(path, []).append(at if at is not None and at < last else None)
    parts = {path: cold for path, found in held.items() if (cold := _cold(found, epoch)).tensors}
    counts = grouping.counts(epoch)
    words = (
        f"In epoch {epoch + 1:,}: {counts.tensors:,} of {counts.of_tensors:,} tensors train, "
        f"{counts.parameters:,} of {counts.of_parameters:,} parameters"
    )
    return Frozen(parts, words)


def _around(weight: Weight, network: Network) -> Iterator[str]:
    """Yield the addresses of everything that a tensor lies in: its layer, its block, its unit."""
    layer = weight.name.rpartition(".")[0]
    yield layer
    yield from (path for path in dict.fromkeys((*network.ancestors(layer), weight.unit)) if path and path != layer)


def _cold(found: list[int | None], epoch: int) -> Cold:
    still = [at for at in found if at is None or at > epoch]
    known = [at for at in still if at is not None]
    return Cold(len(still), len(found), max(known) if len(known) == len(still) and known else None)
