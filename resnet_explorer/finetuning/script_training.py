"""The part of a training script that says what trains when, at which rate, and makes a step."""

from collections.abc import Mapping

from resnet_explorer.finetuning.choices import BnMode
from resnet_explorer.finetuning.plan import TunePlan
from resnet_explorer.runs.recipe import ONE_CYCLE_END, ONE_CYCLE_START, ONE_CYCLE_UP, Optimiser, Recipe, Schedule


def schedule(recipe: Recipe) -> str:
    """Return the function of the learning rate, with the lines that this recipe needs."""
    warm = recipe.warmup and recipe.schedule is not Schedule.ONE_CYCLE
    lines = ["def rate_at(step, steps):", '    """Return the learning rate of a step of so many, counted from 0."""']
    if warm:
        start = recipe.warmup_from
        lines += [
            f"    if step < {recipe.warmup}:",
            f"        return RATE * ({start!r} + {1 - start!r} * step / {recipe.warmup})",
        ]
    return "\n".join([*lines, *_SCHEDULES[recipe.schedule](recipe)])


def _steps(recipe: Recipe) -> list[str]:
    marks = f"({', '.join(map(str, recipe.milestones))}{',' * (len(recipe.milestones) == 1)})"
    return [f"    return RATE * {recipe.gamma!r} ** sum(step >= mark for mark in {marks})"]


def _cosine(recipe: Recipe) -> list[str]:
    less = f" - {recipe.warmup}" if recipe.warmup else ""
    return [
        f"    share = min(1.0, (step{less}) / max(1, steps{less}))",
        "    return RATE * (1 + math.cos(math.pi * share)) / 2",
    ]


def _one_cycle(recipe: Recipe) -> list[str]:
    return [
        f"    top = {ONE_CYCLE_UP} * steps - 1",
        "    if step <= top:",
        f"        start, end, share = {ONE_CYCLE_START!r}, 1.0, step / top if top > 0 else 1.0",
        "    else:",
        f"        start, end = 1.0, {ONE_CYCLE_END!r}",
        "        share = min(1.0, (step - top) / max(1.0, steps - 1 - top))",
        "    return RATE * (end + (start - end) * (1 + math.cos(math.pi * share)) / 2)",
    ]


_SCHEDULES = {
    Schedule.CONSTANT: lambda recipe: ["    return RATE"],
    Schedule.STEPS: _steps,
    Schedule.COSINE: _cosine,
    Schedule.ONE_CYCLE: _one_cycle,
}

GROUPS = '''def unit(name):
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
    return sum(tensor.numel() for tensor in open_)'''

TRAIN_MODE: Mapping[BnMode, str] = {
    BnMode.TRAIN: '''def train_mode(net):
    """Put the network in training mode, batch norms too."""
    net.train()''',
    BnMode.FROZEN: '''def train_mode(net):
    """Put the network in training mode; frozen batch norms keep and use their running statistics."""
    net.train()  # each time, since this is what undoes eval()
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.train(any(tensor.requires_grad for tensor in module.parameters()))''',
    BnMode.EVAL: '''def train_mode(net):
    """Put the network in training mode; batch norms keep and use their running statistics."""
    net.train()  # each time, since this is what undoes eval()
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()''',
}


def step(plan: TunePlan) -> str:
    """Return the function that makes one step."""
    recipe = plan.recipe
    moved = recipe.pad or recipe.flip
    x = "augmented(normed(images, device).cpu(), step, size, rank, world).to(device)" if moved else _X
    smooth = f", label_smoothing={recipe.smoothing!r}" if recipe.smoothing else ""
    clip = [f"    nn.utils.clip_grad_norm_(model.parameters(), {recipe.clip!r})"] if recipe.clip else []
    lines = [
        "def step_once(model, optimiser, images, labels, step, device, size, rank, world):",
        '    """Make a step; return the loss before it, of all processes together."""',
        f"    x = {x}",
        "    optimiser.zero_grad(set_to_none=True)",
        "    torch.manual_seed(SEED * 1_000_003 + step)",
        *_forward(recipe),
        f"    loss = functional.cross_entropy(scores.float(), labels.to(device){smooth})",
        "    loss.backward()",
        *clip,
        _END,
    ]
    return "\n".join(lines)


_X = "normed(images, device)"
_END = """    optimiser.step()
    loss = loss.detach()
    if world > 1:
        dist.all_reduce(loss)
    return loss.item() / world"""


def _forward(recipe: Recipe) -> list[str]:
    if not recipe.mixed:
        return ["    scores = model(x)"]
    return ["    with torch.autocast(device.type, torch.bfloat16):", "        scores = model(x)"]


_KINDS = {
    Optimiser.SGD: "torch.optim.SGD({groups}, RATE, momentum={momentum!r}, fused=fused)",
    Optimiser.NESTEROV: "torch.optim.SGD({groups}, RATE, momentum={momentum!r}, nesterov=True, fused=fused)",
    Optimiser.ADAM: "torch.optim.Adam({groups}, RATE, betas=({momentum!r}, 0.999), fused=fused)",
    Optimiser.ADAMW: "torch.optim.AdamW({groups}, RATE, betas=({momentum!r}, 0.999), fused=fused)",
}

JUDGE = '''@torch.no_grad()
def judge(net, items, device, workers):
    """Return the mean loss of images and the share named right."""
    net.eval()
    loss = right = count = 0
    for images, labels in DataLoader(Images(items), 512, num_workers=workers):
        scores, labels = net(normed(images, device)).float(), labels.to(device)
        loss += functional.cross_entropy(scores, labels, reduction="sum").item()
        right += (scores.argmax(dim=1) == labels).sum().item()
        count += len(labels)
    return (loss / count, right / count) if count else (math.nan, math.nan)'''

SAVE = '''def save(net, file):
    """Write the weights whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    torch.save({"state_dict": net.state_dict(), "classes": CLASSES}, part)
    os.replace(part, file)'''


def main(plan: TunePlan) -> str:
    """Return the functions that begin, and that go through the steps."""
    ema, tested = plan.recipe.ema, "follower.module" if plan.recipe.ema else "net"
    lines = _MAIN.format(
        weights="args.weights" if plan.weights.name else "None",
        deterministic=_DETERMINISTIC if plan.recipe.deterministic else "",
        optimiser=_KINDS[plan.recipe.optimiser].format(groups="groups(net)", momentum=plan.recipe.momentum),
        follower=_FOLLOWER.format(decay=ema) if ema else "",
        follow="        follower.update_parameters(net)\n" if ema else "",
        tested=tested,
        patience=_PATIENCE if plan.patience else "",
    )
    return lines.rstrip()


_DETERMINISTIC = """    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS repeats itself
    torch.use_deterministic_algorithms(True, warn_only=True)
"""
_FOLLOWER = "    follower = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn({decay!r}), use_buffers=True)\n"
_PATIENCE = """            if waited >= PATIENCE:
                break
"""
_MAIN = '''def main():
    args = arguments()
    rank, world, local = (int(os.environ.get(key, or_)) for key, or_ in ENVIRONMENT)
    device = torch.device(args.device or (f"cuda:{{local}}" if torch.cuda.is_available() else "cpu"))
    if world > 1:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
{deterministic}    items = readable(chosen(listing(args.data)))
    train, val, test = ([item for item in items if item[2] == part] for part in ("train", "val", "test"))
    if not (val and test):  # the one that is there chooses the best epoch and judges it
        val, test = val or test, []
    size = min(BATCH, len(train))
    if not train or size % world:
        raise SystemExit(f"{{len(train)}} images, {{size}} a batch, cannot be shared by {{world}} processes.")
    layout = torch.channels_last if device.type in CHANNELS_LAST else torch.contiguous_format
    net = network({weights}).to(device=device, memory_format=layout)
    if world > 1 and device.type == "cuda":
        torch.cuda.set_device(device)
        net = nn.SyncBatchNorm.convert_sync_batchnorm(net)  # one batch, whatever the number of GPUs
    run(net, train, val, test, size, device, rank, world, args)
    if world > 1:
        dist.destroy_process_group()


def run(net, train, val, test, size, device, rank, world, args):
    """Make all steps; at the end of each epoch judge, tell and save, and at the very end test the best weights."""
    fused = device.type in ("cpu", "cuda")
    optimiser = {optimiser}
{follower}    order = batches(len(train), size, rank, world)
    loader = DataLoader(Images(train), batch_sampler=order, num_workers=args.workers)
    per_epoch, best, waited, losses, model = len(train) // size, math.inf, 0, [], net
    for step, (images, labels) in enumerate(loader):
        epoch = step // per_epoch
        if step % per_epoch == 0:
            if opens(epoch):
                count = freeze(net, epoch)
                model = DistributedDataParallel(net) if world > 1 else net  # anew: it notes what trains
                if rank == 0:
                    print(f"epoch {{epoch + 1}}: {{count:,}} parameters train")
            train_mode(net)
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, EPOCHS * per_epoch) * share(group["unit"], epoch)
        losses.append(step_once(model, optimiser, images, labels, step, device, size, rank, world))
{follow}        if (step + 1) % per_epoch == 0:
            found = torch.zeros(2, device=device)
            if rank == 0:
                found = torch.tensor(judge({tested}, val, device, args.workers), device=device)
            if world > 1:
                dist.broadcast(found, 0)
            loss, right = found.tolist()
            better = not loss >= best
            best, waited = (loss, 0) if better else (best, waited + 1)
            if rank == 0:
                mean, part = sum(losses[-per_epoch:]) / per_epoch, "val" if test else "test"
                print(f"epoch {{epoch + 1}}: loss {{mean:.4f}}, ", end="")
                tell(args.out, part, loss, right, epoch=epoch, losses=losses[-per_epoch:])
                save({tested}, args.out / "last.pth")
                if better:
                    save({tested}, args.out / "best.pth")
{patience}    if rank == 0 and test:
        {tested}.load_state_dict(torch.load(args.out / "best.pth", weights_only=True)["state_dict"])
        tell(args.out, "test", *judge({tested}, test, device, args.workers))'''


def rest(plan: TunePlan) -> str:
    """Return the small functions around the loop: what is asked for, and what is told."""
    return _REST.format(weights=_WEIGHTS if plan.weights.name else "")


_WEIGHTS = """    words.add_argument("--weights", default=WEIGHTS, help="the first weights (default: %(default)s)")
"""
_REST = '''ENVIRONMENT = (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0))
"""What torchrun tells each of its processes."""


def arguments():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--data", default=DATA, help="the images (default: %(default)s)")
{weights}    words.add_argument("--out", type=Path, default=Path("run"), help="the folder for weights and metrics")
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
    print(f"{{part}} loss {{loss:.4f}}, {{part}} accuracy {{right:.2%}}", flush=True)
    line = {{**more, f"{{part}}_loss": loss, f"{{part}}_accuracy": right}}
    with (out / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\\n")'''
