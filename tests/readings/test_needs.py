"""What an input allows, proven by running it in torch."""

import pytest
import torch
import torchvision
from hypothesis import given, settings

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import analyse
from resnet_explorer.readings.needs import Needs, needs
from resnet_explorer.spec import InputShape, ResNetSpec, Stride
from resnet_explorer.spec.catalogue import CATALOGUE
from resnet_explorer.spec.change import assign, change
from tests.specs import images, paper_specs
from tests.torch_reference import build, image, starving_layer


def of(spec: ResNetSpec, shape: InputShape) -> Needs:
    return needs(analyse(compile_spec(spec), shape))


def trains(spec: ResNetSpec, batch: int, side: int) -> bool:
    return starving_layer(build(spec), image(spec, InputShape(batch, side, side))) is None


@settings(deadline=None, max_examples=60)
@given(paper_specs(), images(40))
def test_training_fails_in_the_layer_that_torch_names(spec: ResNetSpec, shape: InputShape) -> None:
    assert of(spec, shape).failing == starving_layer(build(spec), image(spec, shape))


@settings(deadline=None, max_examples=60)
@given(paper_specs())
def test_the_smallest_training_size_trains_and_the_next_smaller_does_not(spec: ResNetSpec) -> None:
    smallest = of(spec, InputShape(1, 8, 8)).smallest_training
    assert smallest is not None
    assert trains(spec, 1, smallest)
    assert smallest == 1 or not trains(spec, 1, smallest - 1)


@settings(deadline=None, max_examples=30)
@given(paper_specs())
def test_inference_runs_down_to_one_pixel(spec: ResNetSpec) -> None:
    assert of(spec, InputShape(1, 8, 8)).smallest_inference == 1
    with torch.no_grad():
        build(spec)(image(spec, InputShape(1, 1, 1)))


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_torchvisions_network_trains_on_33_pixels_and_fails_on_32(name: str) -> None:
    with torch.device("meta"):
        model = getattr(torchvision.models, name)()
    assert starving_layer(model, torch.empty(1, 3, 33, 33, device="meta")) is None
    failing = starving_layer(model, torch.empty(1, 3, 32, 32, device="meta"))
    found = of(CATALOGUE[name].spec, InputShape(1, 32, 32))
    assert found.failing == failing
    assert (found.smallest_inference, found.smallest_training) == (1, 33)


def test_torchvisions_resnet18_fails_on_real_numbers_too() -> None:
    model = torchvision.models.resnet18(num_classes=2).train()
    with pytest.raises(ValueError, match="Expected more than 1 value per channel when training"):
        model(torch.zeros(1, 3, 32, 32))
    assert model(torch.zeros(1, 3, 33, 33)).shape == (1, 2)
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 2)


def test_two_images_train_at_any_size() -> None:
    found = of(CATALOGUE["resnet18"].spec, InputShape(2, 32, 32))
    assert (found.failing, found.smallest_training) == (None, 1)


def test_the_papers_stride_starves_an_earlier_layer() -> None:
    v1 = change(CATALOGUE["resnet50"].spec, "stride", Stride.CONV1X1)
    assert of(v1, InputShape(1, 32, 32)).failing == "layer4.0.bn1"
    assert of(CATALOGUE["resnet50"].spec, InputShape(1, 32, 32)).failing == "layer4.0.bn2"


def test_a_narrow_image_trains_while_its_map_is_longer_than_one() -> None:
    assert of(CATALOGUE["resnet18"].spec, InputShape(1, 1, 33)).failing is None
    assert of(CATALOGUE["resnet18"].spec, InputShape(1, 32, 32)).failing == "layer4.0.bn1"


def test_words_say_what_fails_and_what_to_do() -> None:
    text = of(CATALOGUE["resnet18"].spec, InputShape(1, 32, 32)).text
    assert text.startswith("Inference only: in training, layer4.0.bn1 would see one value per channel.")
    assert text.endswith("Use a batch of 2 or more, or at least 33×33 pixels.")
    assert of(CATALOGUE["resnet18"].spec, InputShape()).text == (
        "Inference runs from 1×1 pixels, training with batch 1 from 33×33."
    )


@pytest.mark.parametrize("name", ["skresnet18", "resnest14d"])
def test_one_image_never_trains_where_a_norm_follows_its_mean(name: str) -> None:
    """The attention over paths normalises the mean of the map: one value a channel, whatever the image's size."""
    needed = of(CATALOGUE[name].spec, InputShape(1, 224, 224))
    assert needed.smallest_training is None and needed.text.endswith("Use a batch of 2 or more.")
    assert of(CATALOGUE[name].spec, InputShape(2, 64, 64)).failing is None


def test_the_largest_network_is_judged_in_a_moment() -> None:
    spec = assign(ResNetSpec("deep"), "blocks=" + "400," * 8)
    assert of(spec, InputShape()).smallest_training == 4 * 2**7 + 1


def test_words_where_no_size_will_do() -> None:
    assert Needs(1, None, None, None).text == "Inference runs on no square image of up to 512 pixels."
    text = Needs(1, None, None, None, every_larger=False).text
    assert text.startswith("Odd sizes can fail") and text.endswith("no square image of up to 512 pixels.")


def test_signals_and_videos_have_sizes_of_their_own() -> None:
    assert Needs(1, "bn1", 1, 33, dims=1).text.endswith("or at least 33 samples.")
    assert Needs(1, "bn1", 1, 33, dims=3, frames=1).text.endswith("or at least 33×33 pixels at 1 frame.")
    assert Needs(2, None, 5, 33, dims=3, frames=16).text == (
        "Inference runs from 5×5 pixels at 16 frames, training with batch 2 from 33×33."
    )


def test_a_video_of_many_frames_trains_at_any_size() -> None:
    """Sixteen frames are two in R3D-18's last map; eight are one, and then height and width have to be more."""
    video = CATALOGUE["r3d_18"].spec
    sides = [of(video, InputShape(1, 112, 112, frames)).smallest_training for frames in (1, 8, 16)]
    assert sides == [17, 17, 1]
