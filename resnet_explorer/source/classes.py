"""The small classes that torch.nn lacks, as they stand in a file whose network needs them."""

import re

from resnet_explorer.network.kinds import KINDS, Role

_GATES = '''\
class SE(nn.Module):
    """x times a gate for each channel, which sees the means of all channels."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1)
        self.fc2 = nn.Conv2d(hidden, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(dim=(2, 3), keepdim=True)
        return x * torch.sigmoid(self.fc2(functional.relu(self.fc1(means))))


class ECA(nn.Module):
    """x times a gate for each channel, which sees the means of a few neighbours."""

    def __init__(self, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean(dim=(2, 3)).unsqueeze(1)
        return x * torch.sigmoid(self.conv(means)).view(len(x), -1, 1, 1)


class ChannelAttention(nn.Module):
    """x times a gate for each channel, which sees all means and largest values."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, hidden, 1, bias=False)
        self.fc2 = nn.Conv2d(hidden, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        mean, most = x.mean(dim=(2, 3), keepdim=True), x.amax(dim=(2, 3), keepdim=True)
        both = self.fc2(functional.relu(self.fc1(torch.cat((mean, most), dim=3))))
        return x * torch.sigmoid(both.sum(dim=3, keepdim=True))


class SpatialAttention(nn.Module):
    """x times a gate for each position, which sees its neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)
        self.bn = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        mean, most = x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)
        return x * torch.sigmoid(self.bn(self.conv(torch.cat((mean, most), dim=1))))
'''
_GATE = '''\
class Gate(nn.Module):
    """The sigmoid of a 1×1 convolution whose bias starts at {gate_bias}."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, 1, stride)
        nn.init.constant_(self.conv.bias, {gate_bias})

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.conv(x))
'''
_LAST = (Role.FACTOR, Role.SHIFT, Role.DROP)
"""The roles of the layers at the end of a branch."""


def used_by(code: str, gate_bias: float) -> list[str]:
    """Return the text of each class that a piece of code makes, in a fixed order."""
    first = [kind.definition for kind in KINDS if kind.definition and kind.role not in _LAST]
    last = [kind.definition for kind in KINDS if kind.definition and kind.role in _LAST]
    gate = _GATE.strip().replace("{gate_bias}", repr(gate_bias))
    bodies = [*first, *_GATES.strip().split("\n\n\n"), *last, gate]
    return [body for body in bodies if re.search(rf"\b{_name(body)}\(", code)]


def _name(body: str) -> str:
    return body.removeprefix("class ").partition("(")[0]
