"""The part of a training script that makes the network: its source, its first weights, its way in."""

import ast

from resnet_explorer.analysis.read import analyse
from resnet_explorer.analysis.tuning.channels import PORTS, adapts, first_convolution, mixing
from resnet_explorer.analysis.tuning.choices import GreyWay, WeightsKind
from resnet_explorer.analysis.tuning.plan import TunePlan
from resnet_explorer.export.source import to_source
from resnet_explorer.export.source.network import class_name


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
