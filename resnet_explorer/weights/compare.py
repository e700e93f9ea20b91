"""A network's tensors beside those of a file: what is missing, what is too many, what has another shape.

Also whether a file's weights can start a network's fine-tuning, and what of the file's head becomes of it, in words.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from operator import attrgetter, eq

from resnet_explorer.errors import SpecError
from resnet_explorer.network import compile_spec
from resnet_explorer.network.kinds import Shape
from resnet_explorer.network.tree import Network, tensors
from resnet_explorer.spec import ResNetSpec, Stem
from resnet_explorer.spec.catalogue import CATALOGUE, changes, entry_of, named, origin, title
from resnet_explorer.spec.change import differences
from resnet_explorer.weights.values import Identified, strange_text

OPTIONAL = re.compile(r".*\.num_batches_tracked")
"""Counters that older files lack, and that nothing needs."""


def _own_names(
    names: Mapping[str, str], shapes: Mapping[str, Shape], expected: Mapping[str, Shape]
) -> Mapping[str, str]:
    """Return the tensors by the names that they have where these are ours under one prefix, in whatever order."""
    prefix = next((name.removesuffix(ours) for name, ours in names.items() if name.endswith(ours)), "")
    own = {f"{prefix}{name}": name for name in expected if f"{prefix}{name}" in shapes}
    whole = all(f"{prefix}{name}" in own or OPTIONAL.fullmatch(name) for name in expected)
    fits = whole and all(_squeezed(shapes[name]) == _squeezed(expected[ours]) for name, ours in own.items())
    return own if fits else names


def compared(
    spec: ResNetSpec, names: Mapping[str, str], shapes: Mapping[str, Shape], strangers: Iterable[str] = ()
) -> Identified:
    """Return how the tensors of ``shapes``, by our ``names``, fit a network; lengths of 1 do not count.

    ``strangers`` are names of tensors that stand inside the network, but are not its.
    """
    expected = _tensors(spec)
    names = _own_names(names, shapes, expected)
    theirs = {our_name: name for name, our_name in names.items()}
    given = {our_name: shapes[name] for our_name, name in theirs.items()}
    missing = [name for name in expected if name not in given and not OPTIONAL.fullmatch(name)]
    unexpected = [name for our_name, name in theirs.items() if our_name not in expected]
    misshapen = [
        name
        for name, shape in expected.items()
        if name in given and given[name] != shape and _squeezed(given[name]) != _squeezed(shape)
    ]
    return Identified(
        spec,
        names,
        tuple(f"{name} is missing." for name in missing),
        tuple(f"{name} has no place in this network." for name in (*unexpected, *strangers)),
        tuple(
            f"{theirs[name]} is {_shape_text(given[name])} where {_shape_text(expected[name])} is needed."
            for name in misshapen
        ),
        tuple(misshapen),
        len(given) - len(unexpected) - len(misshapen),
    )


@lru_cache(maxsize=256)
def _tensors(spec: ResNetSpec) -> Mapping[str, Shape]:
    return tensors(compile_spec(spec))


def _squeezed(shape: Shape) -> Shape:
    """Return a shape without its lengths of 1: timm classifies by a 1×1 convolution, with the numbers of a matrix."""
    return tuple(length for length in shape if length != 1)


def _shape_text(shape: Shape) -> str:
    return "×".join(str(length) for length in shape) or "a single number"


HEAD_AND_INPUT = ("classes", "in_channels", "dropout", "pool", "map_side", "head", "head_norm", "head_hidden")
"""Axes that are edited in every second file: they make no other network."""
MOST_EDITS = 6
_TELLING = (
    *("dims", "blocks", "block", "outputs", "attention", "attention_at", "stage_end", "reduce_first", "kernel"),
    *("scales", "radix", "selective", "branches"),
)
"""What must be equal for tensors to be, beside the groups: cheap to compare."""


def _telling(spec: ResNetSpec) -> tuple[object, ...]:
    pairs = zip(spec.by_stages, spec.widths, strict=True)
    groups = tuple((stage.inner_width(width), stage.groups(width)) for stage, width in pairs)
    stem = Stem.CIFAR if spec.stem is Stem.CONV3X3 else spec.stem  # they differ in their stride alone
    return (*attrgetter(*_TELLING)(spec), stem, groups)


def in_catalogue(spec: ResNetSpec) -> bool:
    """Return whether a network is one of the catalogue, apart from its classes and input channels."""
    usual = _usual(spec)
    return entry_of(usual) is not None or any(entry_of(replace(usual, classes=classes)) for classes in (10, 400))


def _usual(spec: ResNetSpec) -> ResNetSpec:
    return replace(spec, name="", classes=1000, in_channels=1 if spec.dims == 1 else 3)


def alternatives(spec: ResNetSpec) -> tuple[ResNetSpec, ...]:
    """Return the networks of the catalogue with the same tensors, up to classes and input channels."""
    near = _catalogue_by_telling().get(_telling(spec))
    if not near:
        return ()
    wanted = _signature(_usual(spec))
    return tuple(other for other, usual in near if _signature(usual) == wanted)


@cache
def _catalogue_by_telling() -> Mapping[tuple[object, ...], list[tuple[ResNetSpec, ResNetSpec]]]:
    """Return the networks of the catalogue by what tells them apart, each as it is and with the usual classes."""
    found = defaultdict[tuple[object, ...], list[tuple[ResNetSpec, ResNetSpec]]](list)
    for entry in CATALOGUE.values():
        found[_telling(entry.spec)].append((entry.spec, _usual(entry.spec)))
    return found


def _signature(spec: ResNetSpec) -> Mapping[Shape, int]:
    return Counter(_tensors(spec).values())


def base_name(spec: ResNetSpec) -> str:
    """Return the name of the network of the catalogue that a spec is an edit of; ``custom-resnet`` for none."""
    name, edits = "custom-resnet", MOST_EDITS + 1
    for entry in CATALOGUE.values():
        if entry.spec.blocks == spec.blocks and entry.spec.block == spec.block:
            count = len(set(differences(entry.spec, spec)) - set(HEAD_AND_INPUT))
            if count < edits:
                name, edits = entry.name, count
    return name


def same_network(spec: ResNetSpec, other: ResNetSpec) -> bool:
    """Return whether two networks have tensors of the same shapes, whatever their heads."""
    try:
        first, second = (_signature(replace(network, name="", classes=None)) for network in (spec, other))
    except SpecError:
        return False
    return first == second


FREE = ("classes", "dropout", "init", "zero_init", "stochastic_depth", "block_dropout", "shortcut_dropout")
"""Axes that may differ between a file's network and the one tuned: the head, initial weights, what is random."""
USUAL_CLASSES = 1000


def refusal(file: str, result: Identified, spec: ResNetSpec, strange: int = 0, values: int = 0) -> str:
    """Return why a file's weights cannot start a network's fine-tuning; empty where they can.

    ``strange`` of the file's ``values`` are not finite.
    """
    if not result.fits:
        count = len(result.problems)
        more = f" ({count - 1:,} more)" if count > 1 else ""
        return f"{file} does not fit {title(result.spec)}: {result.problems[0]}{more}"
    if strange:
        return f"{file} cannot be trained further: {strange_text(strange, values)}"
    if not same_network(result.spec, spec):
        return f"{file} holds {described(result.spec)}, not {title(_with_usual_head(spec))}."
    if not result.assumed:  # the file tells its network, also what tensors do not
        axes = [key for key in differences(result.spec, spec) if key not in FREE]
        return f"{file} holds a {title(result.spec)} of other {', '.join(axes)}." if axes else ""
    return ""


def described(spec: ResNetSpec) -> str:
    """Return a network's title with what was edited in it, the head apart."""
    plain = _with_usual_head(spec)
    base = origin(plain) if plain.name.endswith("-edited") else None
    edits = [line for line in changes(base.spec, plain) if not line.startswith("Classes:")] if base else []
    return f"{title(plain)} ({'; '.join(edits[:3])})" if edits else title(plain)


def with_head(spec: ResNetSpec) -> ResNetSpec:
    """Return a network that can be tuned: a backbone alone gets a head to be replaced."""
    return spec if spec.classes is not None else _with_usual_head(spec)


def _with_usual_head(spec: ResNetSpec) -> ResNetSpec:
    base = CATALOGUE.get(spec.name.removesuffix("-plain").removesuffix("-edited"))
    return named(replace(spec, classes=base.spec.classes if base else USUAL_CLASSES))


def describe_head(file: str, result: Identified, classes: int) -> tuple[str, ...]:
    """Return what becomes of a file's head, and of what else is in it, in a tuning to that many classes."""
    had = result.spec.classes
    if had == classes:
        texts = ["The head has as many classes as the file's, and starts from it too."]
    elif had is not None:
        texts = [f"The head of {had:,} classes was not loaded: there are {classes:,}; it is new."]
    elif result.leftovers:
        texts = ["The head is new."]
    else:
        texts = [f"{file} has no head: the head is new."]
    return (*texts, *(f"{file}, {leftover.text}." for leftover in result.leftovers))


_RULES: tuple[tuple[str, str], ...] = (
    (r"^stem\.conv(\d)\.conv\.", r"stem.conv\1."),
    (r"^stem\.conv(\d)\.bn\.", r"stem.norm\1."),
    (r"^stem\.norm3\.", "bn1."),
    (r"\.conv(\d)_(?:1x1|kxk)\.conv\.", r".conv\1."),
    (r"\.conv(\d)_(?:1x1|kxk)\.bn\.", r".bn\1."),
    (r"\.shortcut\.(?:conv\.)?(conv|bn)\.", r".downsample.\1."),
    (r"\.downsample\.bn\.", ".downsample.1."),
    (r"^head\.pos_embed$", "attnpool.positions"),
    (r"^head\.([qkv])\.", r"attnpool.\1_"),
    (r"^head\.proj\.", "fc."),
    (r"^head\.pre_logits\.fc\.", "hidden."),
    (r"^stem\.conv\.", "conv1."),
    (r"^stem\.conv1\.", "conv1.0."),
    (r"^stem\.norm1\.", "conv1.1."),
    (r"^stem\.conv2\.", "conv1.3."),
    (r"^stem\.norm2\.", "conv1.4."),
    (r"^stem\.conv3\.", "conv1.6."),
    (r"^norm\.", "bn."),
    (r"^head\.norm\.", "norm."),
    (r"^head\.fc\.", "fc."),
    (r"\.norm(\d)\.", r".bn\1."),
    (r"\.downsample\.conv\.", ".downsample.0."),
    (r"\.downsample\.norm\.", ".downsample.1."),
    (r"\.attn_last\.", ".se."),
    (r"\.skipinit_gain$", ".gain.weight"),
    (r"\.se\.channel\.", ".cbam_channel."),
    (r"\.se\.spatial\.conv\.conv\.", ".cbam_spatial.conv."),
    (r"\.se\.spatial\.conv\.bn\.", ".cbam_spatial.bn."),
    (r"\.se\.conv\.", ".eca.conv."),
    (r"\.se\.mlp_scale\.", ".gc."),
    (r"\.se\.mlp_add\.", ".gca."),
    (r"\.se\.([tpgz]|norm)\.", r".nl.\1."),
    (r"\.convs\.(\d+)\.", r".conv2.paths.\1.conv."),
    (r"\.bns\.(\d+)\.", r".conv2.paths.\1.bn."),
    (r"\.conv(\d)\.conv\.", r".conv\1."),
    (r"\.conv(\d)\.bn\.", r".bn\1."),
    (r"\.conv2\.bn0\.", ".bn2."),
    (r"\.conv2\.(fc1|bn1|fc2)\.", r".splat.\1."),
)


@lru_cache(maxsize=16_384)
def ours(name: str) -> str:
    """Return what we call a tensor that torchvision or timm names, apart from the layers of projections."""
    stage = re.match(r"stages\.(\d+)\.(?:blocks\.)?(\d+)\.", name)
    if stage:
        name = f"layer{int(stage[1]) + 1}.{stage[2]}.{name[stage.end() :]}"
    for pattern, replacement in _RULES:
        name = re.sub(pattern, replacement, name)
    return name


def renamed(names: Iterable[str], network: Network) -> Mapping[str, str]:
    """Return our name for each of another library's names of a network.

    The layers of a projection are numbered anew in their order: timm counts an empty one where nothing is pooled.
    """
    targets = {name: ours(name) for name in names}
    counted: dict[str, list[int]] = {}
    for name in targets.values():
        if match := re.fullmatch(r"(.+\.downsample)\.(\d+)\.\w+", name):
            counted.setdefault(match[1], []).append(int(match[2]))
    places = {
        f"{path}.{old}": f"{path}.{new}"
        for path, old_numbers in counted.items()
        for old, new in zip(sorted(set(old_numbers)), _numbers(network, path), strict=False)
    }
    split = {name: target.rpartition(".") for name, target in targets.items()}
    return {name: f"{places.get(layer, layer)}{dot}{tensor}" for name, (layer, dot, tensor) in split.items()}


def _numbers(network: Network, path: str) -> list[int]:
    block = network.block_at(path.rpartition(".")[0])
    parts = block.form.parts if block else ()
    return [int(part.name[11:]) for part in parts if part.name.startswith("downsample.") and part.layer.params]


_PREFIX = re.compile(r"(.*?)(?:conv1|bn1|layer\d+\.\d+|stages\.\d+\.blocks\.\d+|stem)\.")


def by_name(shapes: Mapping[str, Shape], known: ResNetSpec | None = None) -> Identified | None:
    """Return how some tensors fit a network by torchvision's, timm's and our names: ``known``, or the nearest one.

    None where the names are not known, or too few of them fit.
    """
    prefixes = Counter(match[1] for name in shapes if (match := _PREFIX.match(name)))
    prefix = prefixes.most_common(1)[0][0] if prefixes else ""
    short = {name: name.removeprefix(prefix) for name in shapes}
    own = {ours(name): shapes[full] for full, name in short.items()}
    spec = known or max(_near(own), key=lambda spec: _shared(own, _tensors(spec)), default=None)
    if spec is None:
        return None
    names = renamed(short.values(), compile_spec(spec))
    result = compared(spec, {full: names[name] for full, name in short.items()}, shapes)
    return result if known or result.likely else None


def _shared(own: Mapping[str, Shape], other: Mapping[str, Shape]) -> int:
    return sum(map(eq, map(own.get, other), other.values()))


def _near(own: Mapping[str, Shape]) -> tuple[ResNetSpec, ...]:
    """Return the networks of the catalogue with as many blocks, and the file's classes and input channels."""
    last: dict[int, int] = {}
    for name in own:
        if match := re.match(r"layer(\d+)\.(\d+)\.", name):
            last[int(match[1])] = max(last.get(int(match[1]), 0), int(match[2]) + 1)
    blocks = tuple(count for _, count in sorted(last.items()))
    classes = next(iter(own.get("fc.weight") or own.get("fc.bias") or ()), None)
    first = own.get("conv1.weight") or own.get("conv1.0.weight") or ()
    return _with_blocks(blocks, classes, first[1] if len(first) == 4 and 0 < first[1] <= 64 else None)


@lru_cache(maxsize=64)
def _with_blocks(blocks: tuple[int, ...], classes: int | None, channels: int | None) -> tuple[ResNetSpec, ...]:
    rows = [entry.spec for entry in CATALOGUE.values() if entry.spec.blocks == blocks]
    adapted = (replace(spec, classes=classes, in_channels=channels or spec.in_channels) for spec in rows)
    return tuple(map(named, adapted))
