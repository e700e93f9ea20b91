"""The command ``gradients``: gradient norms block by block, in numbers or as a picture."""

import argparse
import os
from dataclasses import replace
from typing import cast

from resnet_explorer import files
from resnet_explorer.engine.jobs import row_of
from resnet_explorer.engine.pytorch import importing
from resnet_explorer.errors import ExplorerError
from resnet_explorer.gradients import tables
from resnet_explorer.gradients.charts import axis_of, gradient_plot, gradient_strips
from resnet_explorer.gradients.values import GradientRequest, GradientResult, first_seeds
from resnet_explorer.images.choice import parse_data
from resnet_explorer.picture.chart import block_strip, draw, stack
from resnet_explorer.picture.marks import Picture
from resnet_explorer.picture.theme import THEMES
from resnet_explorer.readings.quantities import Loss, Mode, Precision, Quantity
from resnet_explorer.runs import kept_results
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import twin
from resnet_explorer.spec.input_shape import parse_input
from resnet_explorer.spec.search import default_input, find_network
from resnet_explorer.terminal.output import complain, painter, say
from resnet_explorer.ui.preferences import load, results_folder

WIDTH, HEIGHT = 960.0, 520.0
BATCH = 32


def gradients(options: argparse.Namespace) -> int:
    """Measure gradients; print them, or draw them into a file."""
    paint = painter(options.output, options.text, options.scale) if options.output else None
    request, quantity = request_of(options), Quantity(options.quantity)
    kept = kept_results.load(request, row_of(request).keeps, results_folder()) if options.kept else None
    if kept:
        complain(f"This was {kept_results.describe_kept(kept.made)}; without --kept it is measured again.")
    result: GradientResult = kept.result if kept else _measured(request)
    if paint:
        picture = picture_of(result, quantity)
        files.write(options.output, paint(picture, THEMES[options.theme]))
        say(f"{options.output}: {picture.width:,.0f} × {picture.height:,.0f} px\n")
    elif options.csv:
        say(tables.to_csv(result))
    else:
        say(tables.gradients_to_json(result) if options.json else tables.to_text(result, quantity))
    return 0


def _measured(request: GradientRequest) -> GradientResult:
    """Return what is measured now, and keep it."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads leave the cores to others
    with importing():
        import torch

        from resnet_explorer.gradients.lab import measure
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
    begun = kept_results.conditions(request)
    *_, last = measure(request)
    result = cast(GradientResult, last)
    kept_results.save(request, result, begun, results_folder(), load().kept_megabytes * kept_results.MEGABYTE)
    return result


def request_of(options: argparse.Namespace) -> GradientRequest:
    """Return the request of the options."""
    spec = find_network(options.net, options.settings)
    others = (name for name in options.against or ("plain",) if name != "none")
    against = [twin(spec) if name == "plain" else find_network(name, options.settings) for name in others]
    return GradientRequest(
        (spec, *against),
        _image(options.input, options.batch, spec),
        parse_data(options.data),
        first_seeds(options.seeds),
        Mode(options.mode),
        Precision(options.precision),
        Loss(options.loss),
        options.rate,
    )


def _image(text: str | None, batch: int | None, spec: ResNetSpec) -> InputShape:
    """Return the input; without a batch in it or in the option, the batch is 32."""
    image = default_input(spec) if text is None else parse_input(text, spec.in_channels, spec.dims)
    if batch is None:
        names_batch = text is not None and text.lower().replace("×", "x").count("x") == spec.dims + 1
        batch = image.batch if names_batch else BATCH
    return replace(image, batch=batch)


def picture_of(result: GradientResult, quantity: Quantity) -> Picture:
    """Return the curves of a quantity, and below them the networks' blocks coloured by it.

    Networks without the quantity are left out; raises ExplorerError where none has it.
    """
    result = replace(result, networks=tuple(network for network in result.networks if network.has(quantity)))
    if not result.networks:
        raise ExplorerError("quantity", "A plain network has no two terms.", "Choose another quantity.")
    drawn = draw(gradient_plot(result, quantity), WIDTH, HEIGHT)
    strips = gradient_strips(result, quantity)
    strip = block_strip(strips, axis_of(quantity), WIDTH, "Each block coloured by its value", under=drawn.scale)
    return stack(drawn.picture, strip)
