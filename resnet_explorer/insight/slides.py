"""Each view of a trained network as a slide: its picture without words around it, and a sentence below."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from resnet_explorer.diagram.lesions import lesion_chart
from resnet_explorer.insight import pictures
from resnet_explorer.insight.charts import class_name, confusion_picture, filters_picture
from resnet_explorer.insight.controls import DESCRIPTIONS
from resnet_explorer.insight.part import Inside
from resnet_explorer.insight.pictures import Shown
from resnet_explorer.insight.stack import InsideStack, cam_captions, describe_cam, describe_mistakes
from resnet_explorer.insight.surface_chart import surface_picture
from resnet_explorer.insight.values import Cam, Confusion, Features, Filters, Surface
from resnet_explorer.picture.chart.model import number
from resnet_explorer.picture.marks import Picture
from resnet_explorer.readings.lesions import LesionStudy
from resnet_explorer.ui.slide import Slide, chart_picture, first_sentence, join
from resnet_explorer.ui.slide_images import GAP, caption_width, image_key, image_rows

ROWS, COLUMNS, NARROW = 3, 8, 500.0
"""The largest number of rows and columns of misclassified images, and the least width of a slide's room in px."""
MOST_MAPS = 96
"""The largest number of feature maps on a slide."""
CAM_SIDE = 640
"""In px, the sides of the images of Grad-CAM: large enough for a screen of 4K."""


def images_slide(title: str, shown: Sequence[Shown], facts: str, sentence: str, note: str) -> Slide:
    """Return a slide of images, each as large as fits, with its caption."""
    captions = [image.caption for image in shown]
    images = {image_key(place): image.image for place, image in enumerate(shown)}

    def draw(wide: float, high: float) -> Picture:
        return image_rows(captions, wide, high, title)

    return Slide(title, draw, facts, sentence, note, images)


def slide_of(view: Inside, result: object, stack: InsideStack, note: str) -> Slide:
    """Return the slide of a result; ``note`` says where it comes from."""
    return _SLIDES[view](result, stack, note)


def _confusion(shown: Confusion, stack: InsideStack, note: str) -> Slide:
    right = round(shown.accuracy * shown.tested)
    said = f"{right:,} of {shown.tested:,} test images are classified correctly, {100 * shown.accuracy:.1f} %."
    if shown.mistakes:
        wrong = shown.counts.copy()
        wrong[range(len(wrong)), range(len(wrong))] = 0
        truth, given = divmod(int(wrong.argmax()), len(wrong))
        often = f"{class_name(stack.names, truth)} is predicted as {class_name(stack.names, given)}"
        said += f" Most often {often}: {int(wrong[truth, given]):,} of {int(shown.counts[truth].sum()):,} images."
    heading = f"Confusion matrix of {shown.request.plan.name}"
    return Slide(heading, partial(_matrix, shown, stack.names), "evaluation mode", said, note)


def _matrix(shown: Confusion, names: Sequence[str], wide: float, high: float) -> Picture:
    return confusion_picture(shown, names, wide, high, is_bare=True)


def _mistakes(shown: Confusion, stack: InsideStack, note: str) -> Slide:
    chosen = pictures.mistakes_of(shown, stack.pair)
    captions = [image.caption for image in pictures.mistake_images(chosen[: ROWS * COLUMNS], stack.names)]
    columns = min(COLUMNS, int(NARROW / (caption_width(captions) + GAP)))
    chosen = chosen[: ROWS * max(1, columns)]
    text = describe_mistakes(shown, stack.pair, stack.names)
    more = f"the most confident {len(chosen):,} first" if len(chosen) < len(shown.mistakes) else "all are shown"
    heading = f"Mistakes of {shown.request.plan.name}"
    images = pictures.mistake_images(chosen, stack.names)
    return images_slide(heading, images, "true class → predicted class, its probability", f"{text}; {more}.", note)


def _cam(shown: Cam, stack: InsideStack, note: str) -> Slide:
    images = pictures.cam_images(shown, stack.theme, CAM_SIDE)
    captioned = [Shown(*pair) for pair in zip(images, cam_captions(shown, stack.names), strict=True)]
    said = describe_cam(shown, stack.names)
    place = f"test image {shown.request.image:,}"
    heading = f"Where {shown.request.plan.name} sees the evidence"
    return images_slide(heading, captioned, join("Grad-CAM", place), f"{said[:1].upper()}{said[1:]}.", note)


def _filters(shown: Filters, stack: InsideStack, note: str) -> Slide:
    count, channels, high, wide = shown.weights.shape
    heading, facts = f"Filters of {shown.request.plan.name}", f"{shown.path}: {count} of {channels} × {high}×{wide}"
    said = _shows(Inside.FILTERS)
    if channels == 3:
        images = pictures.filter_images(shown)[:MOST_MAPS]
        return images_slide(heading, images, join(facts, "grey is 0"), said, note)

    def draw(wide: float, high: float) -> Picture:
        return filters_picture(shown, wide, high, is_bare=True)

    return Slide(heading, draw, facts, said, note)


def _features(shown: Features, stack: InsideStack, note: str) -> Slide:
    channels, high, wide = shown.maps.shape
    images = pictures.map_images(shown, stack.theme, stack.together, MOST_MAPS)
    low, most = (number(float(f"{value:.3g}")) for value in (shown.maps.min(), shown.maps.max()))
    seen = f", {len(images)} of them shown" if len(images) < channels else ""
    facts = f"test image {shown.request.image:,} · {channels} maps of {high}×{wide}{seen} · {low} to {most}"
    heading = f"What {shown.request.path} of {shown.request.plan.name} responds to"
    first = Shown(pictures.seen(shown.pixels), "image")
    return images_slide(heading, [first, *images], facts, _shows(Inside.FEATURES), note)


def _surface(shown: Surface, stack: InsideStack, note: str) -> Slide:
    def draw(wide: float, high: float) -> Picture:
        return surface_picture(shown, wide, high, is_bare=True)

    facts = f"{shown.used:,} training images · + marks the weights"
    return Slide("The loss around the trained weights", draw, facts, _shows(Inside.SURFACE), note)


def _lesions(shown: LesionStudy, stack: InsideStack, note: str) -> Slide:
    text = "; ".join(network.text.partition(" (")[0] for network in shown.networks)
    return Slide("The test error without each block", chart_picture(lesion_chart(shown)), "", f"{text}.", note)


def _shows(view: Inside) -> str:
    return first_sentence(DESCRIPTIONS[view].shows)


_SLIDES: Mapping[Inside, Callable[[Any, InsideStack, str], Slide]] = {
    Inside.CONFUSION: _confusion,
    Inside.MISTAKES: _mistakes,
    Inside.CAM: _cam,
    Inside.FILTERS: _filters,
    Inside.FEATURES: _features,
    Inside.SURFACE: _surface,
    Inside.LESIONS: _lesions,
}
