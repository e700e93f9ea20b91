"""Networks that people look for beside ResNets and that cannot be built here: how each is related, and what it lacks.

They are no rows of the catalogue: the search, the palette and the command line explain them instead of finding nothing.
"""

import re
from collections.abc import Mapping

from resnet_explorer.dataclass import dataclass
from resnet_explorer.spec.families import Family


@dataclass(frozen=True, slots=True)
class Relative(Family):
    """Networks of another kind: ``idea`` says how they are related to residual networks, ``why`` what stands between.

    ``begins`` is how their names begin, in lower case and without hyphens, underscores and spaces. ``nearest`` is the
    network of the catalogue that comes closest. ``kind`` is what a file of their weights is said to hold, empty where
    the names of its tensors do not tell.
    """

    why: str
    nearest: str
    begins: tuple[str, ...]
    kind: str

    @property
    def what(self) -> str:
        """Return its name, ``text``, and where it was published."""
        return f"{self.title}: {self.text} {self.source}."

    @property
    def text(self) -> str:
        """Return in two sentences how it is related, and why it cannot be built."""
        return f"{self.idea} It cannot be built here: {self.why}"

    @property
    def remedy(self) -> str:
        """Return what can be built instead."""
        return f"Nearest in the catalogue is {self.nearest!r}."


_INVERTED = "blocks that change the shape have no shortcut, and nothing is activated at the ends of the branches."

# fmt: off
_ROWS = (
    Relative("lenet", "LeNet, AlexNet", 1998, "LeCun et al.",
        "Gradient-Based Learning Applied to Document Recognition", "",
        "It is the convolutional network from which all others come: convolutions, pools, then linear layers.",
        "its layers stand one after the other, few enough that nothing has to pass by them.",
        "plain18", ("lenet", "alexnet"), ""),
    Relative("vgg", "VGG", 2014, "Simonyan and Zisserman",
        "Very Deep Convolutional Networks for Large-Scale Image Recognition", "1409.1556",
        "It is the plain stack of 3×3 convolutions that the plain twins of the first ResNets follow.",
        "it has no blocks that a shortcut could pass; max-pools end its stages, and three linear layers are its head.",
        "plain34", ("vgg",), "a plain stack of 3×3 convolutions, such as a VGG"),
    Relative("inception", "Inception (GoogLeNet)", 2014, "Szegedy et al.", "Going Deeper with Convolutions",
        "1409.4842",
        "Its blocks too send a map through branches, but concatenate what these compute.",
        "branches of 1×1, 3×3 and 5×5 convolutions and a pool lie side by side, and nothing is added to them.",
        "resnext50_32x4d", ("inception", "googlenet"), "an Inception network"),
    Relative("highway", "Highway network", 2015, "Srivastava et al.", "Highway Networks", "1505.00387",
        "It came months before ResNet: a learnt gate mixes what a layer computes with its input, and a ResNet is "
        "one whose gates stay open.",
        "each single layer has a gate, where a block here has two layers or more; that block with the same gate can be "
        "built (gating=exclusive).", "resnet110_exclusive_gate", ("highway",), ""),
    Relative("inception-resnet", "Inception-ResNet", 2016, "Szegedy et al.",
        "Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning", "1602.07261",
        "It adds Inception blocks to a shortcut, scaled down by a constant so that training stays stable.",
        "the branches of a block have different depths, kernels such as 1×7 and 7×1, and are concatenated first.",
        "resnet152", ("inceptionresnet",), "an Inception-ResNet"),
    Relative("fractalnet", "FractalNet", 2016, "Larsson et al.",
        "FractalNet: Ultra-Deep Neural Networks without Residuals", "1605.07648",
        "It was made to be deep without shortcuts: paths of 1, 2, 4 and 8 layers run side by side and are averaged.",
        "its blocks nest in each other and join by a mean; none of the paths is the identity.",
        "resnet110", ("fractalnet",), ""),
    Relative("densenet", "DenseNet", 2017, "Huang et al.", "Densely Connected Convolutional Networks", "1608.06993",
        "Like a ResNet it hands each layer the maps of those before it, but concatenates where a ResNet adds.",
        "the channels grow with every layer, and no layer's output is added to anything.",
        "preresnet110", ("densenet",), "a DenseNet"),
    Relative("dpn", "DPN (dual path network)", 2017, "Chen et al.", "Dual Path Networks", "1707.01629",
        "Each block's output is part ResNet and part DenseNet: some channels are added, the others concatenated.",
        "the concatenated channels grow with every block, and the tree here has additions alone.",
        "resnext101_32x4d", ("dpn",), "a DPN (dual path network)"),
    Relative("xception", "Xception", 2017, "Chollet",
        "Xception: Deep Learning with Depthwise Separable Convolutions", "1610.02357",
        "Shortcuts pass nearly all of its modules, whose convolutions are depthwise separable.",
        "a module has two or three separable convolutions and ends in a max-pool where it shrinks the map.",
        "resnext50_32x4d", ("xception", "alignedxception"), "an Xception"),
    Relative("revnet", "RevNet", 2017, "Gomez et al.",
        "The Reversible Residual Network: Backpropagation Without Storing Activations", "1707.04585",
        "It is a ResNet in two halves: each is added to a function of the other, so that a block's input can be "
        "computed back from its output.",
        "the channels go in two streams, and the backward pass computes the maps again instead of keeping them.",
        "preresnet110", ("revnet", "irevnet"), ""),
    Relative("mobilenet", "MobileNet", 2018, "Sandler et al.", "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        "1801.04381",
        "From its second version on its blocks are residual, and the other way round: the shortcut joins the narrow "
        "maps, and a depthwise 3×3 works on the wide ones.", _INVERTED,
        "resnext50_32x4d", ("mobilenet",), "a MobileNet or an EfficientNet"),
    Relative("node", "Neural ODE", 2018, "Chen et al.", "Neural Ordinary Differential Equations", "1806.07366",
        "It is a ResNet with infinitely many blocks: x + F(x) is one step of Euler's method for dx/dt = F(x).",
        "a solver decides how often F is computed, so there is no list of layers.",
        "preresnet110", ("neuralode", "odenet"), ""),
    Relative("efficientnet", "EfficientNet", 2019, "Tan and Le",
        "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", "1905.11946",
        "It stacks MobileNet's inverted residual blocks with SE, and scales depth, width and image together.",
        _INVERTED, "seresnext50_32x4d", ("efficientnet", "tfefficientnet"), ""),
    Relative("hrnet", "HRNet", 2019, "Sun et al.",
        "Deep High-Resolution Representation Learning for Human Pose Estimation", "1902.09212",
        "It is made of a ResNet's basic blocks and bottlenecks, in up to four streams of different resolutions.",
        "the streams run side by side and are added to each other again and again; a network here has one stream.",
        "resnet50", ("hrnet",), "an HRNet"),
    Relative("csp", "CSPNet (CSPResNet, CSPDarknet)", 2019, "Wang et al.",
        "CSPNet: A New Backbone that can Enhance Learning Capability of CNN", "1911.11929",
        "In each stage half of the channels go through residual blocks, and the other half past all of them.",
        "the two halves are concatenated at the stage's end, where a stage here is a chain of blocks.",
        "resnet50", ("cspresne", "cspdarknet", "cspnet"), "a CSPNet"),
    Relative("vit", "ViT (vision transformer)", 2021, "Dosovitskiy et al.",
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale", "2010.11929",
        "Its blocks are residual, with the norm first as in pre-activation, but attention between patches and a small "
        "network for each patch stand where a ResNet has convolutions.",
        "past the first layer it has no convolutions and no maps that shrink.",
        "preresnet110", ("vit", "deit", "visiontransformer"), "a vision transformer"),
    Relative("swin", "Swin transformer", 2021, "Liu et al.",
        "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", "2103.14030",
        "Its stages shrink the map as a ResNet's do, and its blocks are residual, with attention inside of windows.",
        "it has attention where a ResNet has convolutions.",
        "resnet50", ("swin",), "a Swin transformer"),
    Relative("repvgg", "RepVGG", 2021, "Ding et al.", "RepVGG: Making VGG-style ConvNets Great Again", "2101.03697",
        "It trains as a residual network, with a 3×3, a 1×1 and the identity added in each layer, and is then turned "
        "into a plain stack of 3×3.",
        "each layer is a block of one convolution, whose three branches merge into one after training.",
        "plain34", ("repvgg",), "a RepVGG"),
    Relative("botnet", "BoTNet", 2021, "Srinivas et al.", "Bottleneck Transformers for Visual Recognition",
        "2101.11605",
        "It is a ResNet-50 whose last bottlenecks have self-attention between all positions for the 3×3.",
        "this attention weighs every position by all others, and fits one size of image.",
        "resnet50", ("botnet", "sebotnet", "ecabotnext", "botnext"), "a BoTNet"),
    Relative("convnext", "ConvNeXt", 2022, "Liu et al.", "A ConvNet for the 2020s", "2201.03545",
        "It is ResNet-50 changed step by step towards a transformer: still x + F(x), with a depthwise 7×7 first and "
        "wide 1×1 after it.",
        "a block has one norm and one activation in all, and layers of their own shrink the map between stages.",
        "resnext50_32x4d", ("convnext",), "a ConvNeXt"),
)
# fmt: on
RELATIVES: Mapping[str, Relative] = {row.key: row for row in _ROWS}
LEAST = 3
"""Fewer letters may begin any name."""


def relative(name: str) -> Relative | None:
    """Return the relative whose name, or one of whose variants' (densenet121), this is; None where it is none's.

    ``name`` is as ``catalogue.plain_text`` returns it; what begins with the most letters of it counts.
    """
    fitting = [(len(start), row) for row in _ROWS for start in row.begins if name.startswith(start)]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def relatives(text: str) -> tuple[Relative, ...]:
    """Return the relatives that a text asks for: by the name, its first letters, or words of title and paper."""
    name = re.sub(r"[-_ ]", "", text.lower())
    if meant := relative(name):
        return (meant,)
    words = [word for word in text.lower().split() if len(word) >= LEAST]
    if not words:
        return ()
    begun = tuple(row for row in _ROWS if any(start.startswith(name) for start in row.begins))
    return begun or tuple(row for row in _ROWS if all(word in _words(row) for word in words))


def _words(row: Relative) -> str:
    return f"{row.title} {row.year} {row.authors} {row.paper}".lower()


def of_kind(kind: str) -> Relative | None:
    """Return the relative of what a file of weights is said to hold; None where it is another network."""
    return next((row for row in _ROWS if kind and row.kind == kind), None)
