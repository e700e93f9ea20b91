"""The functions of the training script that the fine-tuning lab exports; `finetuning/script.py` fills them in.

See `assets.template` for how a branch is chosen and a name replaced. What stands above "The script begins here" is an
example of the imports and constants of a script, so that ruff can check the functions.
"""

import argparse
import gzip
import json
import math
import os
import struct
import sys
from pathlib import Path

import torch
from torch import distributed as dist
from torch import nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset
from torchvision.models import get_model_weights, resnet18
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as pictures

from resnet_explorer.images.find import few, in_folder, with_parts
from resnet_explorer.images.read import read_image, with_channels

# An example of the script's own constants; the exporter writes those of a plan.
DATA, WEIGHTS, NETWORK, CLASSES = "images", "DEFAULT", "resnet18", ("ants", "bees")
SIZE, RESIZE, CROP, MEAN, STD = (224, 224), 256, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SUFFIXES, WHITE, CHANNELS_LAST = (".png",), (), ("cuda",)
SEED, EPOCHS, BATCH, RATE, DECAY, SPARES, PATIENCE, PAD = 0, 10, 32, 0.01, 1e-4, True, 5, 4
UNITS, OPENS, SHARES = {"head": ("fc",)}, {"head": 0}, {"head": ((0, 1.0),)}
FROZEN, NORMS = (), ("BatchNorm2d",)
# An example of what the exporter puts in place of a name.
PUBLISHED = WEIGHTS_FILE = STARTS = PORTED = ADAPTED = EMBEDDED = AUGMENTED = WARM = CONSTANT = STEPS = COSINE = False
ONE_CYCLE = BN_TRAIN = BN_FROZEN = MIXED = DETERMINISTIC = NESTEROV = ADAM = ADAMW = STOPS_EARLY = False
MODEL, TESTED, CONV, KERNELS_MIX, ADAPTER_MIX, FROM, INTO = resnet18, nn.Identity(), "conv1.weight", [[1]], [[1]], 1, 3
SET, TOP, TRAIN_IMAGES, FIND, SHARE, FEW, CHANNELS = "digits", 16, 1500, in_folder, 0.2, 10, 3
FLIP_CHANCE, WARM_STEPS, WARM_FROM, WARM_RISE, GAMMA, MILESTONES = 0.5, 5, 0.01, 0.99, 0.1, (10,)
CYCLE_UP, CYCLE_START, CYCLE_END, MOMENTUM, SMOOTHING, CLIP, EMA = 0.3, 0.04, 1e-4, 0.9, 0.1, 1.0, 0.99

# The script begins here.


# NETWORK_CLASSES


if PUBLISHED:

    def first_weights(name):
        """Return torchvision's published weights, fetched once; the head is new unless the classes are theirs."""
        weights = get_model_weights(NETWORK)[name]
        state = weights.get_state_dict(progress=True, check_hash=True)
        if tuple(weights.meta["categories"]) != CLASSES:
            state = {name: value for name, value in state.items() if not name.startswith("fc.")}
        return state


if WEIGHTS_FILE:

    def first_weights(file):
        """Return the tensors of a file with torchvision's names; a head of other classes is left out."""
        if str(file).endswith(".safetensors"):
            state = safetensors(Path(file))
        else:
            state = torch.load(file, map_location="cpu", weights_only=True)
            state = state.get("state_dict", state)
        if "fc.weight" in state and state["fc.weight"].shape[0] != len(CLASSES):
            state = {name: value for name, value in state.items() if not name.startswith("fc.")}
        return state


if WEIGHTS_FILE:

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
        return state


def network(weights):
    """Return the network; what no file gives is drawn from the seed."""
    torch.manual_seed(SEED)
    net = MODEL()
    if STARTS:
        state = first_weights(weights)
        if PORTED:
            # The first kernels, mixed for the channels of the images: PORTED.
            mix = torch.tensor(KERNELS_MIX, dtype=torch.float64)
            state[CONV] = torch.einsum(
                "okhw,kc->ochw", state[CONV].double(), mix
            ).float()  # fmt: skip
        net.load_state_dict({**net.state_dict(), **state})
    if ADAPTED:
        # A learnt 1x1 convolution before the network; it starts by repeating the channels.
        net.adapter = nn.Conv2d(FROM, INTO, 1, bias=False)
        mix = torch.tensor(ADAPTER_MIX)
        net.adapter.weight.data.copy_(mix[:, :, None, None])
        net.register_forward_pre_hook(lambda net, inputs: (net.adapter(inputs[0]),))
    return net


if EMBEDDED:

    def listing(folder):
        """Return all images as (pixels, class, part), from the IDX files in a folder."""
        images, labels = (idx(Path(folder) / f"SET-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1"))
        images = (images.float() / TOP * 255).round().to(torch.uint8)
        parts = ["train"] * TRAIN_IMAGES + ["test"] * (len(images) - TRAIN_IMAGES)
        items = [(image, str(label), part) for image, label, part in zip(images, labels.tolist(), parts, strict=True)]
        if FEW:
            return few(items, FEW, SEED)
        else:
            return items


if EMBEDDED:

    def idx(file):
        """Return the array of a compressed IDX file: two zeros, the type, the rank, the sizes, the values."""
        content = gzip.decompress(file.read_bytes())
        rank = content[3]
        shape = struct.unpack_from(f">{rank}I", content, 4)
        return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=4 + 4 * rank).reshape(shape)

else:

    def listing(where):
        """Return all images as (file, class, part)."""
        found = FIND(Path(where), SUFFIXES)
        for note in found.notes:
            print(note, file=sys.stderr)
        items = with_parts(found.items, SHARE, SEED)
        if FEW:
            return few(items, FEW, SEED)
        else:
            return items


# FINDERS


def opened(where):
    """Return an image as bytes (channels, height, width)."""
    if EMBEDDED:
        return torch.from_numpy(with_channels(where.numpy()[..., None], CHANNELS)).permute(2, 0, 1).contiguous()
    else:
        return torch.from_numpy(with_channels(read_image(where, WHITE), CHANNELS)).permute(2, 0, 1).contiguous()


# READERS


def prepared(where):
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
        except Exception as error:  # damaged files break Pillow and NumPy in many ways
            print(f"skipped: {item[0]} ({error})", file=sys.stderr)
    return kept


def normed(images, device):
    """Return images from 0 to 1, less the mean and over the deviation of each channel."""
    x = images.to(device).float() / 255
    mean, std = (torch.tensor(values, device=device).view(-1, 1, 1) for values in (MEAN, STD))
    return (x.expand(-1, len(MEAN), -1, -1) - mean) / std


def batches(count, size, rank, world):
    """Yield the images of each step, this process' share of them: an order for each epoch, from the seed."""
    drawn = torch.Generator().manual_seed(SEED)
    for _ in range(EPOCHS):
        order = torch.randperm(count, generator=drawn)
        for step in range(count // size):
            yield order[step * size : (step + 1) * size][rank::world].tolist()


if AUGMENTED:

    def augmented(x, step, size, rank, world):
        """Return images with PAD zeros around, cut AT_RANDOM; drawn from the seed and the step."""
        draw = torch.Generator().manual_seed(SEED * 1_000_003 + step + 7_919)
        rows, columns = torch.randint(2 * PAD + 1, (2, size, 1), generator=draw)[:, rank::world]
        mirrored = torch.rand((size, 1), generator=draw)[rank::world] < FLIP_CHANCE
        count, channels, height, width = x.shape
        down, right = rows + torch.arange(height), torch.arange(width).expand(count, width)
        right = columns + torch.where(mirrored, right.flip(1), right)
        padded = functional.pad(x, (PAD, PAD, PAD, PAD))
        image, plane = torch.arange(count).view(-1, 1, 1, 1), torch.arange(channels).view(1, -1, 1, 1)
        return padded[image, plane, down.view(count, 1, height, 1), right.view(count, 1, 1, width)]


def rate_at(step, steps):
    """Return the learning rate of a step of so many, counted from 0."""
    if WARM:
        if step < WARM_STEPS:
            return RATE * (WARM_FROM + WARM_RISE * step / WARM_STEPS)
    if CONSTANT:
        return RATE
    if STEPS:
        return RATE * GAMMA ** sum(step >= mark for mark in MILESTONES)
    if COSINE:
        if WARM:
            share = min(1.0, (step - WARM_STEPS) / max(1, steps - WARM_STEPS))
        else:
            share = min(1.0, (step) / max(1, steps))
        return RATE * (1 + math.cos(math.pi * share)) / 2
    if ONE_CYCLE:
        top = CYCLE_UP * steps - 1
        if step <= top:
            start, end, share = CYCLE_START, 1.0, step / top if top > 0 else 1.0
        else:
            start, end = 1.0, CYCLE_END
            share = min(1.0, (step - top) / max(1.0, steps - 1 - top))
        return RATE * (end + (start - end) * (1 + math.cos(math.pi * share)) / 2)


def unit(name):
    """Return the unit that a tensor lies in: units open one after the other."""
    return next(unit for unit, modules in UNITS.items() if name.partition(".")[0] in modules)


def never(name):
    """Return whether a tensor is frozen for good."""
    frozen = any(name == path or name.startswith(f"{path}.") for path in FROZEN)
    return frozen or OPENS[unit(name)] is None


def spared(net):
    """Return the names of biases, and of the weights of norms: by type, since names do not tell.

    The norm of a projection is called downsample.1.
    """
    return {
        f"{path}.{name}"
        for path, module in net.named_modules()
        for name, _ in module.named_parameters(recurse=False)
        if name == "bias" or type(module).__name__ in NORMS
    }


def groups(net):
    """Return the optimiser's groups, those that open later too: one for each unit, without decay apart."""
    found, light = {}, spared(net) if SPARES else set()
    for name, tensor in net.named_parameters():
        if not never(name):
            found.setdefault((unit(name), name in light), []).append(tensor)
    return [
        {"params": tensors, "weight_decay": 0.0 if is_light else DECAY, "unit": of}
        for (of, is_light), tensors in found.items()
    ]


def share(of, epoch):
    """Return the share of the learning rate that a unit gets at an epoch."""
    return next((share for start, share in reversed(SHARES[of]) if start <= epoch), 0.0)


def opens(epoch):
    """Return whether other tensors begin to train at an epoch."""
    return epoch == 0 or epoch in OPENS.values()


def freeze(net, epoch):
    """Let train what is open, and check it: a misspelt attribute would be silent."""
    for name, tensor in net.named_parameters():
        tensor.requires_grad_(not never(name) and OPENS[unit(name)] <= epoch)
        if not tensor.requires_grad:
            tensor.grad = None
    open_ = [tensor for tensor in net.parameters() if tensor.requires_grad]
    if not open_:
        raise SystemExit("Nothing would train.")
    return sum(tensor.numel() for tensor in open_)


if BN_TRAIN:

    def train_mode(net):
        """Put the network in training mode, batch norms too."""
        net.train()

elif BN_FROZEN:

    def train_mode(net):
        """Put the network in training mode; frozen batch norms keep and use their running statistics."""
        net.train()  # each time, since this is what undoes eval()
        for module in net.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.train(any(tensor.requires_grad for tensor in module.parameters()))

else:

    def train_mode(net):
        """Put the network in training mode; batch norms keep and use their running statistics."""
        net.train()  # each time, since this is what undoes eval()
        for module in net.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()


def step_once(model, optimiser, images, labels, step, device, size, rank, world):
    """Make a step; return the loss before it, of all processes together."""
    if AUGMENTED:
        x = augmented(normed(images, device).cpu(), step, size, rank, world).to(device)
    else:
        x = normed(images, device)
    optimiser.zero_grad(set_to_none=True)
    torch.manual_seed(SEED * 1_000_003 + step)
    if MIXED:
        with torch.autocast(device.type, torch.bfloat16):
            scores = model(x)
    else:
        scores = model(x)
    if SMOOTHING:
        loss = functional.cross_entropy(scores.float(), labels.to(device), label_smoothing=SMOOTHING)
    else:
        loss = functional.cross_entropy(scores.float(), labels.to(device))
    loss.backward()
    if CLIP:
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
    optimiser.step()
    loss = loss.detach()
    if world > 1:
        dist.all_reduce(loss)
    return loss.item() / world


@torch.no_grad()
def judge(net, items, device, workers):
    """Return the mean loss of images and the share named right."""
    net.eval()
    loss = right = count = 0
    for images, labels in DataLoader(Images(items), 512, num_workers=workers):
        scores, labels = net(normed(images, device)).float(), labels.to(device)
        loss += functional.cross_entropy(scores, labels, reduction="sum").item()
        right += (scores.argmax(dim=1) == labels).sum().item()
        count += len(labels)
    return (loss / count, right / count) if count else (math.nan, math.nan)


def save(net, file):
    """Write the weights whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    torch.save({"state_dict": net.state_dict(), "classes": CLASSES}, part)
    os.replace(part, file)


ENVIRONMENT = (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0))
"""What torchrun tells each of its processes."""


def arguments():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--data", default=DATA, help="the images (default: %(default)s)")
    if STARTS:
        words.add_argument("--weights", default=WEIGHTS, help="the first weights (default: %(default)s)")
    words.add_argument("--out", type=Path, default=Path("run"), help="the folder for weights and metrics")
    words.add_argument("--device", default="", help="cpu or cuda (default: a GPU where there is one)")
    words.add_argument("--workers", type=int, default=2, help="processes that read images")
    args = words.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    return args


def chosen(items):
    """Return the images of the classes that the head has."""
    return [item for item in items if item[1] in CLASSES]


def tell(out, part, loss, right, **more):
    """Print how the images of a part are named, and add it to the metrics as a line of JSON."""
    print(f"{part} loss {loss:.4f}, {part} accuracy {right:.2%}", flush=True)
    line = {**more, f"{part}_loss": loss, f"{part}_accuracy": right}
    with (out / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def main():
    args = arguments()
    rank, world, local = (int(os.environ.get(key, or_)) for key, or_ in ENVIRONMENT)
    device = torch.device(args.device or (f"cuda:{local}" if torch.cuda.is_available() else "cpu"))
    if world > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    if DETERMINISTIC:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS repeats itself
        torch.use_deterministic_algorithms(True, warn_only=True)
    items = readable(chosen(listing(args.data)))
    train, val, test = ([item for item in items if item[2] == part] for part in ("train", "val", "test"))
    if not (val and test):  # the one that is there chooses the best epoch and judges it
        val, test = val or test, []
    size = min(BATCH, len(train))
    if not train or size % world:
        raise SystemExit(f"{len(train)} images, {size} a batch, cannot be shared by {world} processes.")
    layout = torch.channels_last if device.type in CHANNELS_LAST else torch.contiguous_format
    if STARTS:
        net = network(args.weights).to(device=device, memory_format=layout)
    else:
        net = network(None).to(device=device, memory_format=layout)
    if world > 1 and device.type == "cuda":
        torch.cuda.set_device(device)
        net = nn.SyncBatchNorm.convert_sync_batchnorm(net)  # one batch, whatever the number of GPUs
    run(net, train, val, test, size, device, rank, world, args)
    if world > 1:
        dist.destroy_process_group()


def run(net, train, val, test, size, device, rank, world, args):
    """Make all steps; at the end of each epoch judge, tell and save, and at the very end test the best weights."""
    fused = device.type in ("cpu", "cuda")
    if ADAMW:
        optimiser = torch.optim.AdamW(groups(net), RATE, betas=(MOMENTUM, 0.999), fused=fused)
    elif ADAM:
        optimiser = torch.optim.Adam(groups(net), RATE, betas=(MOMENTUM, 0.999), fused=fused)
    elif NESTEROV:
        optimiser = torch.optim.SGD(groups(net), RATE, momentum=MOMENTUM, nesterov=True, fused=fused)
    else:
        optimiser = torch.optim.SGD(groups(net), RATE, momentum=MOMENTUM, fused=fused)
    if EMA:
        follower = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(EMA), use_buffers=True)
    order = batches(len(train), size, rank, world)
    loader = DataLoader(Images(train), batch_sampler=order, num_workers=args.workers)
    per_epoch, best, waited, losses, model = len(train) // size, math.inf, 0, [], net
    for step, (images, labels) in enumerate(loader):
        epoch = step // per_epoch
        if step % per_epoch == 0:
            if opens(epoch):
                count = freeze(net, epoch)
                model = DistributedDataParallel(net) if world > 1 else net  # anew: it notes what trains
                if rank == 0:
                    print(f"epoch {epoch + 1}: {count:,} parameters train")
            train_mode(net)
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, EPOCHS * per_epoch) * share(group["unit"], epoch)
        losses.append(step_once(model, optimiser, images, labels, step, device, size, rank, world))
        if EMA:
            follower.update_parameters(net)
        if (step + 1) % per_epoch == 0:
            found = torch.zeros(2, device=device)
            if rank == 0:
                found = torch.tensor(judge(TESTED, val, device, args.workers), device=device)
            if world > 1:
                dist.broadcast(found, 0)
            loss, right = found.tolist()
            better = not loss >= best
            best, waited = (loss, 0) if better else (best, waited + 1)
            if rank == 0:
                mean, part = sum(losses[-per_epoch:]) / per_epoch, "val" if test else "test"
                print(f"epoch {epoch + 1}: loss {mean:.4f}, ", end="")
                tell(args.out, part, loss, right, epoch=epoch, losses=losses[-per_epoch:])
                save(TESTED, args.out / "last.pth")
                if better:
                    save(TESTED, args.out / "best.pth")
            if STOPS_EARLY:
                if waited >= PATIENCE:
                    break
    if rank == 0 and test:
        TESTED.load_state_dict(torch.load(args.out / "best.pth", weights_only=True)["state_dict"])
        tell(args.out, "test", *judge(TESTED, test, device, args.workers))


if __name__ == "__main__":
    main()
