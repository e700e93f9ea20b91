"""Under which conditions runs were made, in few words: seeds, images, recipe, machine."""

from collections.abc import Sequence

from resnet_explorer.analysis.recipe import Optimiser, Recipe, Schedule
from resnet_explorer.analysis.training import Run

OPTIMISERS = {
    Optimiser.SGD: "SGD",
    Optimiser.NESTEROV: "SGD, Nesterov",
    Optimiser.ADAM: "Adam",
    Optimiser.ADAMW: "AdamW",
}


def condition_words(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return seeds, images, recipe and device of runs; what differs is said to differ."""
    if not runs:
        return ()
    recipes = {run.plan.recipe for run in runs}
    devices = sorted({run.plan.device for run in runs})
    data = sorted({data_words(run) for run in runs})
    return (
        seed_words(runs),
        data[0] if len(data) == 1 else "the images differ",
        recipe_words(recipes.pop()) if len(recipes) == 1 else "the recipes differ",
        " and ".join(devices),
    )


def seed_words(runs: Sequence[Run]) -> str:
    """Return the seeds of runs, and whether all see the same images in the same order."""
    seeds = sorted({run.plan.seed for run in runs})
    if len(seeds) > 1:
        return f"seeds {', '.join(map(str, seeds))}"
    same = len(runs) > 1 and len({(run.plan.data, run.plan.recipe.batch) for run in runs}) == 1
    return f"seed {seeds[0]}" + (", the same order for all" if same else "")


def data_words(run: Run) -> str:
    """Return the images of a run in words."""
    return run.setting.data if run.setting else run.plan.data.title


def recipe_words(recipe: Recipe) -> str:
    """Return a recipe in few words."""
    rate = f"{OPTIMISERS[recipe.optimiser]}, rate {recipe.rate:g}"
    one_cycle = recipe.schedule is Schedule.ONE_CYCLE
    schedule = f"{recipe.schedule}, momentum not cycled" if one_cycle else str(recipe.schedule)
    rate += "" if recipe.schedule is Schedule.CONSTANT else f" ({schedule})"
    words = [f"batch {recipe.batch}", rate]
    if recipe.warmup:
        words.append("warm-up not used" if one_cycle else f"{recipe.warmup:,} steps of warm-up")
    if recipe.optimiser in (Optimiser.SGD, Optimiser.NESTEROV):
        words.append(f"momentum {recipe.momentum:g}")
    words.append(f"decay {recipe.decay:g}" + (", norms and biases spared" if recipe.spares and recipe.decay else ""))
    words += [f"crops from a border of {recipe.pad} px"] if recipe.pad else []
    words += ["mirrored by chance"] if recipe.flip else []
    words += [f"labels smoothed {recipe.smoothing:g}"] if recipe.smoothing else []
    words += [f"gradient clipped at {recipe.clip:g}"] if recipe.clip else []
    words += [f"average of the weights {recipe.ema:g}"] if recipe.ema else []
    words += ["bfloat16"] if recipe.mixed else []
    return ", ".join(words)


def machine_words(runs: Sequence[Run]) -> str:
    """Return where runs were made, and with what; nothing where none has begun."""
    made = sorted({(run.setting.machine, run.setting.torch) for run in runs if run.setting})
    return "; ".join(f"{machine}, PyTorch {torch}" for machine, torch in made)
