"""The catalogue: every published network is a row of data.

Sources: He et al. 2015, "Deep Residual Learning for Image Recognition" (arXiv 1512.03385), tables 1, 2, 4 and 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from resnet_explorer.errors import SpecError
from resnet_explorer.spec.axes import differences
from resnet_explorer.spec.resnet_spec import Block, ResNetSpec, Shortcut, Stem, plain_name

IMAGENET = "ImageNet (He et al. 2015, table 1)"
CIFAR = "CIFAR-10 (He et al. 2015, section 4.2)"
RESNEXT = "ResNeXt (Xie et al. 2017)"
WIDE = "Wide ResNet (Zagoruyko and Komodakis 2016)"
PLAIN_IMAGENET = "Plain, ImageNet (He et al. 2015, figure 3)"
PLAIN_CIFAR = "Plain, CIFAR-10 (He et al. 2015, figure 6)"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the catalogue: the name it is asked for by, the title it is shown by, its family, its spec.

    ``size`` is the side in pixels of the images that the paper trained it on.
    """

    title: str
    family: str
    size: int
    spec: ResNetSpec

    @property
    def name(self) -> str:
        """Return the name by which the network is asked for, such as ``resnet18``."""
        return self.spec.name


def _imagenet(name: str, block: Block, blocks: tuple[int, ...]) -> Entry:
    return Entry(f"ResNet-{name.removeprefix('resnet')}", IMAGENET, 224, ResNetSpec(name, block, blocks))


def _resnext(name: str, title: str, blocks: tuple[int, ...], cardinality: int, base_width: int) -> Entry:
    spec = ResNetSpec(name, Block.BOTTLENECK, blocks, cardinality=cardinality, base_width=base_width)
    return Entry(title, RESNEXT, 224, spec)


def _wide(name: str, title: str, blocks: tuple[int, ...]) -> Entry:
    return Entry(title, WIDE, 224, ResNetSpec(name, Block.BOTTLENECK, blocks, base_width=128))


def _cifar(name: str, blocks: int) -> Entry:
    spec = ResNetSpec(
        name,
        Block.BASIC,
        (blocks,) * 3,
        width=16,
        doubling=(True, True),
        stem=Stem.CIFAR,
        shortcut=Shortcut.PADDING,
        classes=10,
    )
    return Entry(f"ResNet-{name.removeprefix('resnet')}", CIFAR, 32, spec)


def _plain(entry: Entry, family: str) -> Entry:
    depth = entry.name.removeprefix("resnet")
    return replace(
        entry,
        title=f"Plain-{depth}",
        family=family,
        spec=replace(entry.spec, name=f"plain{depth}", residual=False),
    )


_RESNETS = (
    _imagenet("resnet18", Block.BASIC, (2, 2, 2, 2)),
    _imagenet("resnet34", Block.BASIC, (3, 4, 6, 3)),
    _imagenet("resnet50", Block.BOTTLENECK, (3, 4, 6, 3)),
    _imagenet("resnet101", Block.BOTTLENECK, (3, 4, 23, 3)),
    _imagenet("resnet152", Block.BOTTLENECK, (3, 8, 36, 3)),
    _cifar("resnet20", 3),
    _cifar("resnet32", 5),
    _cifar("resnet44", 7),
    _cifar("resnet56", 9),
    _cifar("resnet110", 18),
    _cifar("resnet1202", 200),
)
_PLAIN = (
    *(_plain(entry, PLAIN_IMAGENET) for entry in _RESNETS[:2]),
    *(_plain(entry, PLAIN_CIFAR) for entry in _RESNETS[5:9]),
)

_GROUPED_AND_WIDE = (
    _resnext("resnext50_32x4d", "ResNeXt-50 32×4d", (3, 4, 6, 3), 32, 4),
    _resnext("resnext101_32x8d", "ResNeXt-101 32×8d", (3, 4, 23, 3), 32, 8),
    _resnext("resnext101_64x4d", "ResNeXt-101 64×4d", (3, 4, 23, 3), 64, 4),
    _wide("wide_resnet50_2", "Wide ResNet-50-2", (3, 4, 6, 3)),
    _wide("wide_resnet101_2", "Wide ResNet-101-2", (3, 4, 23, 3)),
)

CATALOGUE: Mapping[str, Entry] = {entry.name: entry for entry in (*_RESNETS, *_GROUPED_AND_WIDE, *_PLAIN)}


def _plainly(name: str) -> str:
    return name.lower().replace("×", "x").translate({ord(mark): None for mark in "-_ "})


_NAMES: Mapping[str, str] = {_plainly(name): name for name in CATALOGUE}


def find(name: str) -> ResNetSpec:
    """Return the spec of a catalogue name, or of its plain twin for a name that ends in ``-plain``.

    Case, hyphens and underscores do not matter: ``ResNet-18`` is ``resnet18``. Raises SpecError where no row fits.
    """
    key = _plainly(name)
    if key in _NAMES:
        return CATALOGUE[_NAMES[key]].spec
    if key.removesuffix("plain") in _NAMES:
        return CATALOGUE[_NAMES[key.removesuffix("plain")]].spec.plain()
    near = get_close_matches(key, CATALOGUE, n=1)
    raise SpecError(
        "net",
        f"There is no network {name!r} in the catalogue.",
        f"Did you mean {near[0]!r}?" if near else "'resnet-explorer list' shows the names.",
    )


def entry_of(spec: ResNetSpec) -> Entry | None:
    """Return the row whose network this spec is, whatever its name; None where it is nobody's."""
    named = CATALOGUE.get(spec.name)
    if named and not differences(named.spec, spec):
        return named
    return next((entry for entry in CATALOGUE.values() if not differences(entry.spec, spec)), None)


def named(spec: ResNetSpec) -> ResNetSpec:
    """Return the spec under its catalogue name, or marked as edited where it is no longer that network."""
    entry = entry_of(spec)
    if entry:
        return replace(spec, name=entry.name)
    if not spec.residual and (twin := entry_of(replace(spec, residual=True))):
        return replace(spec, name=plain_name(twin.name))
    base = spec.name.removesuffix("-plain").removesuffix("-edited")
    edited = f"{base}-edited" if base in CATALOGUE else base
    return replace(spec, name=edited if spec.residual or base.startswith("plain") else plain_name(edited))


def title(spec: ResNetSpec) -> str:
    """Return the words by which a network is shown: ``ResNet-18``, ``ResNet-18, edited``, ``ResNet-50, plain twin``."""
    entry = CATALOGUE.get(spec.name)
    if entry:
        return entry.title
    base = spec.name.removesuffix("-plain").removesuffix("-edited")
    words = [CATALOGUE[base].title if base in CATALOGUE else base]
    if "-edited" in spec.name:
        words.append("edited")
    if spec.name.endswith("-plain"):
        words.append("plain twin")
    return ", ".join(words)
