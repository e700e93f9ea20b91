"""The part of a training script that finds, prepares and orders the images.

What finds and reads files is the app's own code, so that the script sees the same images with the same pixels.
"""

import ast
import inspect
import json
from collections.abc import Callable

from resnet_explorer.finetuning.choices import EMBEDDED, PORTS, GreyWay, TuneKind, WeightsKind, adapts, mixing
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.images import find, read
from resnet_explorer.network.tree import first_convolution
from resnet_explorer.readings.read import analyse
from resnet_explorer.source import to_source
from resnet_explorer.source.network import class_name


def source(plan: TunePlan) -> tuple[list[str], str]:
    """Return the imports that a network's classes need from ``math``, and the text of the classes."""
    text = to_source(analyse(plan.network, plan.image))
    tree, lines = ast.parse(text), text.splitlines()
    first = next(node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef))
    last = next(node for node in tree.body if isinstance(node, ast.If))
    maths = [line for line in lines[: first.lineno - 1] if line.startswith("from math ")]
    return maths, "\n".join(lines[first.lineno - 1 : last.lineno - 1]).rstrip()


def network(plan: TunePlan) -> str:
    """Return the function that makes the network with its first weights."""
    name = class_name(analyse(plan.network, plan.image))
    lines = [
        "def network(weights):",
        '    """Return the network; what no file gives is drawn from the seed."""',
        "    torch.manual_seed(SEED)",
        f"    net = {name}()",
    ]
    if plan.weights.kind is not WeightsKind.NONE:
        lines += [
            "    state = first_weights(weights)",
            *_port(plan),
            "    net.load_state_dict({**net.state_dict(), **state})",
        ]
    return "\n".join([*lines, *_adapter(plan), "    return net"])


def _port(plan: TunePlan) -> list[str]:
    if plan.grey not in PORTS or not adapts(plan.spec, plan.channels):
        return []
    conv = f"{first_convolution(plan.network)[0]}.weight"
    return [
        f"    # The first kernels, mixed for the channels of the images: {plan.grey}.",
        f"    mix = torch.tensor({_matrix(plan.grey, plan)}, dtype=torch.float64)",
        f'    state["{conv}"] = torch.einsum(',
        f'        "okhw,kc->ochw", state["{conv}"].double(), mix',
        "    ).float()",
    ]


def _adapter(plan: TunePlan) -> list[str]:
    if plan.adapter is None:
        return []
    channels, into = plan.adapter
    return [
        "    # A learnt 1x1 convolution before the network; it starts by repeating the channels.",
        f"    net.adapter = nn.Conv2d({channels}, {into}, 1, bias=False)",
        f"    mix = torch.tensor({_matrix(GreyWay.ADAPTER, plan)})",
        "    net.adapter.weight.data.copy_(mix[:, :, None, None])",
        "    net.register_forward_pre_hook(lambda net, inputs: (net.adapter(inputs[0]),))",
    ]


def _matrix(way: GreyWay, plan: TunePlan) -> str:
    return str([list(row) for row in mixing(way, plan.channels, plan.spec.in_channels)])


def first_weights(plan: TunePlan) -> str:
    """Return the function that reads the first weights; empty where there are none to read."""
    if plan.weights.kind is WeightsKind.PUBLISHED:
        return _PUBLISHED
    return _FILE if plan.weights.kind is WeightsKind.FILE else ""


_PUBLISHED = '''def first_weights(name):
    """Return torchvision's published weights, fetched once; the head is new unless the classes are theirs."""
    weights = get_model_weights(NETWORK)[name]
    state = weights.get_state_dict(progress=True, check_hash=True)
    if tuple(weights.meta["categories"]) != CLASSES:
        state = {name: value for name, value in state.items() if not name.startswith("fc.")}
    return state'''

_FILE = '''def first_weights(file):
    """Return the tensors of a file with torchvision's names; a head of other classes is left out."""
    if str(file).endswith(".safetensors"):
        state = safetensors(Path(file))
    else:
        state = torch.load(file, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state)
    if "fc.weight" in state and state["fc.weight"].shape[0] != len(CLASSES):
        state = {name: value for name, value in state.items() if not name.startswith("fc.")}
    return state


def safetensors(file):
    """Return the float32 tensors of a .safetensors file: a length, a header in JSON, the bytes."""
    content = bytearray(file.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")
    kinds = {"F32": torch.float32, "I64": torch.int64}
    state = {}
    for name, one in json.loads(content[8:start]).items():
        if name != "__metadata__":
            first, last = one["data_offsets"]
            values = torch.frombuffer(content[start + first : start + last], dtype=kinds[one["dtype"]])
            state[name] = values.reshape(one["shape"])
    return state'''
LINE = 110
"""Characters in a line of the script."""


def literal(value: object) -> str:
    """Return a text, a number or a tuple of them in Python, with double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    return repr(value)


def listed(name: str, values: tuple[str, ...]) -> list[str]:
    """Return the lines that give a name to some texts: one, or one for each text."""
    line = f"{name} = {literal(values)}"
    return [line] if len(line) <= LINE else [f"{name} = (", *(f"    {literal(one)}," for one in values), ")"]


_SHARED = (find.part_of, find.some, find.with_parts)
_FOLDER = (find.inside, find.is_shown, find.walk, find.in_folder, find.in_classes, find.loose, find.one_case)
_TABLE = (find.in_table, find.text_of, find.columns_of, find.is_image, find.located, find.parts_in, find.label_column)
_READ = (
    read.read_image, read.numbers_in, read.decoded, read.order_of, read.exchanged, read.upright, read.plain,
    read.is_deep, read.as_bytes, read.top_in,
)  # fmt: skip
_CONVERT = (read.with_channels, read.on_white)


def listing(plan: TunePlan) -> str:
    """Return the functions that find the images, as (image, class, part)."""
    if plan.data.kind in EMBEDDED:
        top, train = {TuneKind.DIGITS: (16, 1500), TuneKind.MNIST: (255, 4000)}[plan.data.kind]
        return _IDX.format(name=plan.data.kind, top=top, train=train)
    is_table = plan.data.kind is TuneKind.CSV
    found = _LISTING.format(reads="in_table" if is_table else "in_folder", share=plan.data.share)
    return "\n\n\n".join((found, *_sources(find.Found, *(_TABLE if is_table else _FOLDER), *_SHARED)))


def opening(plan: TunePlan) -> str:
    """Return the functions that read one image as bytes (channels, height, width)."""
    held = 1 if plan.grey is GreyWay.REPEAT and adapts(plan.spec, plan.channels) else plan.channels
    embedded = plan.data.kind in EMBEDDED
    pixels = "where.numpy()[..., None]" if embedded else "read_image(where, WHITE)"
    parts = _sources(*(() if embedded else _READ), *_CONVERT)
    return "\n\n\n".join((_OPENED.format(pixels=pixels, channels=held), *parts))


def constants(plan: TunePlan) -> list[str]:
    """Return the lines of what these functions go by."""
    modes = f"MODES = {read.MODES!r}".replace("'", '"')
    if plan.data.kind in EMBEDDED:
        return [modes]
    table = [f"LABELS = {literal(find.LABELS)}", f"SAMPLE = {find.SAMPLE}"] if plan.data.kind is TuneKind.CSV else []
    parts = ", ".join(f"{literal(part)}: {literal(words)}" for part, words in find.PARTS.items())
    known = [*listed("SUFFIXES", (*find.SUFFIXES, ".npy")), f"PARTS = {{{parts}}}", *table]
    return [*known, modes, f"WHITE = {literal(plan.white)}"]


def _sources(*parts: Callable[..., object]) -> list[str]:
    return [inspect.getsource(part).rstrip() for part in parts]


_LISTING = '''def listing(where):
    """Return all images as (file, class, part)."""
    found = {reads}(Path(where), SUFFIXES)
    for note in found.notes:
        print(note, file=sys.stderr)
    return with_parts(found.items, {share!r}, SEED)'''

_OPENED = '''def opened(where):
    """Return an image as bytes (channels, height, width)."""
    return torch.from_numpy(with_channels({pixels}, {channels})).permute(2, 0, 1).contiguous()'''

_IDX = '''def listing(folder):
    """Return all images as (pixels, class, part), from the IDX files in a folder."""
    images, labels = (idx(Path(folder) / f"{name}-{{part}}-ubyte.gz") for part in ("images-idx3", "labels-idx1"))
    images = (images.float() / {top} * 255).round().to(torch.uint8)
    parts = ["train"] * {train} + ["test"] * (len(images) - {train})
    return [(image, str(label), part) for image, label, part in zip(images, labels.tolist(), parts, strict=True)]


def idx(file):
    """Return the array of a compressed IDX file: two zeros, the type, the rank, the sizes, the values."""
    content = gzip.decompress(file.read_bytes())
    rank = content[3]
    shape = struct.unpack_from(f">{{rank}}I", content, 4)
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * rank).reshape(shape)'''

PREPARED = '''def prepared(where):
    """Return an image resized as the weights were tested, and cut to SIZE from its centre."""
    image = opened(where)
    scale = max(RESIZE / CROP * want / have for want, have in zip(SIZE, image.shape[1:], strict=True))
    sides = [max(want, int(have * scale + 1e-6)) for want, have in zip(SIZE, image.shape[1:], strict=True)]
    image = pictures.resize(image, sides, InterpolationMode.BILINEAR, antialias=True)
    return pictures.center_crop(image, SIZE)


class Images(Dataset):
    """Images as bytes, with the number of their class."""

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        where, label, _ = self.items[index]
        return prepared(where), CLASSES.index(label)


def readable(items):
    """Return the images that can be read; the others are named and left out."""
    kept = []
    for item in items:
        try:
            opened(item[0])
            kept.append(item)
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
            print(f"skipped: {item[0]} ({error})", file=sys.stderr)
    return kept


def normed(images, device):
    """Return images from 0 to 1, less the mean and over the deviation of each channel."""
    x = images.to(device).float() / 255
    mean, std = (torch.tensor(values, device=device).view(-1, 1, 1) for values in (MEAN, STD))
    return (x.expand(-1, len(MEAN), -1, -1) - mean) / std'''

ORDER = '''def batches(count, size, rank, world):
    """Yield the images of each step, this process' share of them: an order for each epoch, from the seed."""
    drawn = torch.Generator().manual_seed(SEED)
    for _ in range(EPOCHS):
        order = torch.randperm(count, generator=drawn)
        for step in range(count // size):
            yield order[step * size : (step + 1) * size][rank::world].tolist()'''

AUGMENTED = '''def augmented(x, step, size, rank, world):
    """Return images with PAD zeros around, cut at random{flip}; drawn from the seed and the step."""
    draw = torch.Generator().manual_seed(SEED * 1_000_003 + step + 7_919)
    rows, columns = torch.randint(2 * PAD + 1, (2, size, 1), generator=draw)[:, rank::world]
    mirrored = torch.rand((size, 1), generator=draw)[rank::world] < {chance}
    count, channels, height, width = x.shape
    down, right = rows + torch.arange(height), torch.arange(width).expand(count, width)
    right = columns + torch.where(mirrored, right.flip(1), right)
    padded = functional.pad(x, (PAD, PAD, PAD, PAD))
    image, plane = torch.arange(count).view(-1, 1, 1, 1), torch.arange(channels).view(1, -1, 1, 1)
    return padded[image, plane, down.view(count, 1, height, 1), right.view(count, 1, 1, width)]'''
