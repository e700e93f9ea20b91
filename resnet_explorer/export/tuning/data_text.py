"""The part of a training script that finds, prepares and orders the images."""

from collections.abc import Mapping

from resnet_explorer.analysis.tuning.channels import adapts
from resnet_explorer.analysis.tuning.choices import EMBEDDED, GreyWay, TuneKind
from resnet_explorer.analysis.tuning.plan import TunePlan


def listing(plan: TunePlan) -> str:
    """Return the functions that find the images, as (image, class, is for the test)."""
    if plan.data.kind in EMBEDDED:
        top, train = {TuneKind.DIGITS: (16, 1500), TuneKind.MNIST: (255, 4000)}[plan.data.kind]
        return _IDX.format(name=plan.data.kind, top=top, train=train)
    found = _TABLE if plan.data.kind is TuneKind.CSV else _FOLDER
    return f"{found}\n\n\n{_SPLIT.format(share=plan.data.share)}"


def opening(plan: TunePlan) -> str:
    """Return the function that reads one image as bytes (channels, height, width)."""
    held = 1 if plan.grey is GreyWay.REPEAT and adapts(plan.spec, plan.channels) else plan.channels
    if plan.data.kind in EMBEDDED:
        convert = f'    image = Image.fromarray(where.numpy()).convert("{_MODES[held]}")' if held in _MODES else ""
        return f"{_PIXELS}{convert or _ARRAY}\n    return planes(image)\n\n\n{_PLANES}"
    if held not in _MODES:
        return _ARRAYS.format(channels=held)
    return _OPEN.format(mode=_MODES[held]) + "\n\n\n" + _PLANES


_MODES: Mapping[int, str] = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_PIXELS = '''def opened(where):
    """Return an image as bytes (channels, height, width)."""
'''
_ARRAY = '    raise SystemExit("The digits have one channel.")'

_IDX = '''def listing(folder):
    """Return all images as (pixels, class, is for the test), from the IDX files in a folder."""
    images, labels = (idx(Path(folder) / f"{name}-{{part}}-ubyte.gz") for part in ("images-idx3", "labels-idx1"))
    images = (images.float() / {top} * 255).round().to(torch.uint8)
    found = zip(images, labels.tolist(), (number >= {train} for number in range(len(images))), strict=True)
    return [(image, str(label), test) for image, label, test in found if str(label) in CLASSES]


def idx(file):
    """Return the array of a compressed IDX file: two zeros, the type, the rank, the sizes, the values."""
    content = gzip.decompress(file.read_bytes())
    rank = content[3]
    shape = struct.unpack_from(f">{{rank}}I", content, 4)
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * rank).reshape(shape)'''

_FOLDER = '''def listing(folder):
    """Return all images as (file, class, is for the test): a folder for each class, in parts or not."""
    root = Path(folder)
    test = next((root / name for name in TESTS if (root / name).is_dir()), None)
    if (root / "train").is_dir():
        items = classes(root / "train", False)
        return items + classes(test, True) if test else split(items)
    return split(classes(root, False))


def classes(root, test):
    """Return the images in the folder of each class, in the order of their names."""
    items = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] != "."):
        files = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
        files = sorted(files, key=lambda path: path.relative_to(folder).as_posix())
        items += [(file, folder.name, test) for file in files]
    return items'''

_TABLE = '''def listing(table):
    """Return all images as (file, class, is for the test): a row is path,label and, if given, the part."""
    table = Path(table)
    with table.open(newline="", encoding="utf-8-sig") as lines:
        comma = "\\t" if table.suffix == ".tsv" else ","
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=comma) if any(row)]
    if rows[0][0].lower() in ("path", "file", "filename", "image"):
        rows = rows[1:]
    items = [(table.parent / row[0], row[1], len(row) > 2 and row[2].lower() in TESTS) for row in rows]
    return items if any(test for _, _, test in items) else split(items)'''

_SPLIT = '''def split(items):
    """Keep a share of each class for the test, drawn from the seed."""
    chance, tested = random.Random(SEED), set()
    for label in sorted({{label for _, label, _ in items}}):
        mine = [file for file, of, _ in items if of == label]
        chance.shuffle(mine)
        tested |= set(mine[: max(1, round({share!r} * len(mine)))] if len(mine) > 1 else [])
    return [(file, label, file in tested) for file, label, _ in items]'''

_OPEN = '''def opened(file):
    """Return an image as bytes (channels, height, width)."""
    if file.suffix.lower() == ".npy":
        array = numpy.load(file, allow_pickle=False)
        image = Image.fromarray(array[:, :, 0] if array.ndim == 3 and array.shape[2] == 1 else array)
        return planes(image.convert("{mode}"))
    with Image.open(file) as image:
        image.load()
        if image.mode.startswith("I"):  # 16 bits: the upper 8
            values = (numpy.asarray(image).astype("int64") >> 8).clip(0, 255)
            image = Image.fromarray(values.astype("uint8"))
        elif image.mode == "P":
            image = image.convert("RGBA").convert("RGB")
        elif image.mode not in ("L", "LA", "RGB", "RGBA"):
            image = image.convert("L" if image.mode in ("1", "F") else "RGB")
        return planes(image.convert("{mode}"))'''

_PLANES = """def planes(image):
    return torch.from_numpy(numpy.atleast_3d(numpy.array(image))).permute(2, 0, 1).contiguous()"""

_ARRAYS = '''def opened(file):
    """Return an array of bytes (height, width, channels) as (channels, height, width)."""
    array = numpy.load(file, allow_pickle=False)
    if array.dtype != numpy.uint8 or array.ndim != 3 or array.shape[2] != {channels}:
        raise ValueError(f"{{file}} has other channels or values.")
    return torch.from_numpy(array).permute(2, 0, 1).contiguous()'''

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
