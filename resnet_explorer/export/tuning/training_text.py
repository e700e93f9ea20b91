"""The part of a training script that says what trains when, at which rate, and makes a step."""

from collections.abc import Mapping

from resnet_explorer.analysis.recipe import ONE_CYCLE_END, ONE_CYCLE_START, ONE_CYCLE_UP, Recipe, Schedule
from resnet_explorer.analysis.tuning.choices import BnMode
from resnet_explorer.analysis.tuning.plan import TunePlan


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
