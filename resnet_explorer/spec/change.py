"""One spec made from another: an axis changed, and what has to follow it."""

from dataclasses import replace

from resnet_explorer.errors import SpecError
from resnet_explorer.spec.axes import AXES, axis
from resnet_explorer.spec.choices import AverageDown, Block, Stem, StemPool
from resnet_explorer.spec.readers import MAX_BLOCKS, MAX_STAGES, MAX_WIDTH, USUAL_BASE_WIDTH, Growth, quoted
from resnet_explorer.spec.resnet_spec import BY_STAGE, ResNetSpec


def change(spec: ResNetSpec, key: str, value: object) -> ResNetSpec:
    """Return ``spec`` with one axis changed, and what belongs to it kept in step.

    A new number of stages lengthens or shortens the other rows of the stages; one width scales them all, and the stem
    with them; the CIFAR stem has no pool. Raises SpecError where the axis is unknown or the value describes no
    network.
    """
    return change_all(spec, {axis(key).key: value})


def assign(spec: ResNetSpec, *assignments: str) -> ResNetSpec:
    """Return ``spec`` with axes set as in ``--set blocks=3,4,6,3``; raises SpecError as ``change`` does.

    All are set at once: their order does not matter, and only the network that results must be valid.
    """
    changes: dict[str, object] = {}
    for assignment in assignments:
        key, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals:
            raise SpecError("set", f"{quoted(assignment)} sets nothing.", "Write key=value, as in classes=10.")
        row = axis(key)
        changes[row.key] = row.read(text)
    return change_all(spec, changes)


def nearest(spec: ResNetSpec, key: str, value: object) -> tuple[ResNetSpec, tuple[str, ...]] | None:
    """Return ``spec`` with an axis changed and with what else must change for it, and those other settings.

    None where the value alone describes no network, whatever else is chosen.
    """
    key = axis(key).key
    others: dict[str, str] = {}
    while True:  # each time round, an axis more is in ``others``
        try:
            settings = {name: axis(name).read(text) for name, text in others.items()}
            return change_all(spec, {**settings, key: value}), tuple(f"{name}={text}" for name, text in others.items())
        except SpecError as error:
            fixes = [dict(_pair(text) for text in fix) for fix in error.fixes]
            possible = [fix for fix in fixes if key not in fix and not set(fix) & set(others)]
            if not possible:
                return None
            others |= possible[0]


def _pair(setting: str) -> tuple[str, str]:
    key, _, text = setting.partition("=")
    return axis(key).key, text


def differences(old: ResNetSpec, new: ResNetSpec) -> tuple[str, ...]:
    """Return the keys of the axes on which two specs differ, in the order of the axes."""
    return tuple(key for key in AXES if old.value(key) != new.value(key))


def change_all(spec: ResNetSpec, changes: dict[str, object]) -> ResNetSpec:
    """Return ``spec`` with several axes changed at once; raises SpecError as ``change`` does."""
    changes = dict(changes)
    blocks = changes.get("blocks", spec.blocks)
    count = len(blocks) if isinstance(blocks, tuple) else 0
    if isinstance(blocks, tuple) and 1 <= count <= MAX_STAGES:
        given = changes.get("widths")
        if isinstance(given, Growth):
            changes["widths"] = given.widths(blocks)
        _keep_in_step(spec, changes, count)
        _share_out(spec, changes, blocks, by_block=given is None)
        _set_by_stage(spec, changes, count)
    if "stem" in changes and spec.stem is not changes["stem"]:
        if changes["stem"] is Stem.CIFAR:
            changes.setdefault("stem_pool", StemPool.NONE)
        elif spec.stem is Stem.CIFAR:
            changes.setdefault("stem_pool", StemPool.MAX)
    return replace(spec, **changes)  # type: ignore[arg-type]  # the axes are data; the spec checks them


_PLAIN = {
    "cardinality": 1,
    "base_width": USUAL_BASE_WIDTH,
    "group_width": None,
    "scales": 1,
    "radix": 0,
    "average_down": AverageDown.NONE,
}
"""What only bottlenecks have, as basic blocks have it."""


def _keep_in_step(spec: ResNetSpec, changes: dict[str, object], count: int) -> None:
    """Give each stage one value of each kind: new stages double the width and halve the map, as in the paper."""
    kinds = changes.get("block", spec.block)
    if isinstance(kinds, tuple) and (len(kinds) == 1 or "block" not in changes):
        kept = (kinds + kinds[-1:] * MAX_STAGES)[:count]
        if "block" not in changes and spec.has_bottlenecks and Block.BOTTLENECK not in kept:
            for axis_of_bottlenecks, value in _PLAIN.items():
                changes.setdefault(axis_of_bottlenecks, value)
        changes["block"] = kept
    widths = changes.get("widths")
    if widths is None or (isinstance(widths, tuple) and len(widths) == 1 and count > 1 and isinstance(widths[0], int)):
        changes["widths"] = _widths(spec, count, widths[0] if widths else spec.widths[0])
    if (
        isinstance(widths, tuple)
        and len(widths) == 1
        and isinstance(widths[0], int)
        and spec.stem_channels == spec.widths[0]
    ):
        changes.setdefault("stem_channels", widths[0])
    if "strides" not in changes:
        changes["strides"] = (spec.strides + (2,) * MAX_STAGES)[:count]


def _share_out(spec: ResNetSpec, changes: dict[str, object], blocks: tuple[int, ...], *, by_block: bool) -> None:
    """Give each stage one width, and each block its own where they differ; ``by_block`` keeps those of before."""
    widths = changes["widths"]
    if not isinstance(widths, tuple) or len(widths) != len(blocks):
        return
    counts = [most if type(most) is int and 1 <= most <= MAX_BLOCKS else 1 for most in blocks]
    rows = [row if isinstance(row, tuple) else (row,) * most for row, most in zip(widths, counts, strict=True)]
    if by_block and spec.block_widths:
        for number, row in enumerate(spec.block_widths[: len(blocks)]):
            rows[number] = (row + row[-1:] * MAX_BLOCKS)[: counts[number]]
    for number, (row, count) in enumerate(zip(rows, counts, strict=True), start=1):
        if len(row) != count:
            what = f"Stage {number} has {count} blocks, but {len(row)} widths."
            raise SpecError("widths", what, "Give one for each block, or one for all.")
    changes["widths"] = tuple(row[-1] for row in rows)
    changes["block_widths"] = tuple(rows) if any(len(set(row)) > 1 for row in rows) else ()


def _set_by_stage(spec: ResNetSpec, changes: dict[str, object], count: int) -> None:
    """Give each axis of a block one value, and a row of them where stages differ."""
    rows = {key: (row + row[-1:] * MAX_STAGES)[:count] for key, row in spec.by_stage}
    for key in changes.keys() & set(BY_STAGE):
        rows.pop(key, None)
        value = changes[key]
        if isinstance(value, tuple):
            if len(value) != count and len(value) != 1:
                what = f"{count} stages need {count} values of {key}, not {len(value)}."
                raise SpecError(key, what, "Give one for each stage, or one for all.")
            rows[key] = value
    for key, row in rows.items():
        rows[key] = row = tuple(_whole(value) for value in row)
        changes[key] = row[0]
    differing = {key: row for key, row in rows.items() if len(set(row)) > 1}
    changes["by_stage"] = tuple((key, differing[key]) for key in BY_STAGE if key in differing)


def _whole(value: object) -> object:
    """Return a number as a whole one where it is, so that equal rows are written alike."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _widths(spec: ResNetSpec, count: int, first: int) -> tuple[int, ...]:
    """Return the widths of that many stages, scaled so that the first has ``first`` channels."""
    widths = list(spec.widths[:count])
    while len(widths) < count:
        widths.append(min(2 * widths[-1], MAX_WIDTH))
    base = spec.widths[0]
    return tuple(widths) if first == base else tuple(width * first // base for width in widths)
