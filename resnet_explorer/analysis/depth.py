"""Weight layers counted the paper's way: why ResNet-18 is called 18."""

from dataclasses import dataclass

from resnet_explorer.blueprint import Form, Network, Part, flat
from resnet_explorer.blueprint.kinds import Role
from resnet_explorer.blueprint.tree import Chain


@dataclass(frozen=True, slots=True)
class Depth:
    """The weight layers of a network: convolutions of stem and branches, and the fully connected layer.

    Projections on shortcuts are not counted (He et al. 2015, figure 3 and table 1), nor are the small layers of gates:
    those of attention, and those that weigh a shortcut. ``projections`` and ``gates`` say how many there are.
    """

    stem: int
    stages: tuple[int, ...]
    head: int
    projections: int
    gates: int = 0

    @property
    def weight_layers(self) -> int:
        """Return the number that names the network."""
        return self.stem + sum(self.stages) + self.head

    @property
    def words(self) -> str:
        """Return the sum as a sentence, such as ``1 stem + (4 + 4 + 4 + 4) in the stages + 1 fc = 18``."""
        inner = " + ".join(str(count) for count in self.stages)
        inner = f"({inner})" if len(self.stages) > 1 else inner
        parts = [f"{self.stem} in the stem", f"{inner} in the branches", *(["1 fc"] if self.head else [])]
        return f"{' + '.join(parts)} = {self.weight_layers}{self._uncounted}."

    @property
    def _uncounted(self) -> str:
        kinds = ((self.projections, "projection"), (self.gates, "gate layer"))
        found = [f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in kinds if count]
        verb = "is" if self.projections + self.gates == 1 else "are"
        return f"; {' and '.join(found)} {verb} not counted" if found else ""


def _weights(chain: Chain) -> int:
    """Count the weight layers of a chain; those of a gate (attention) weigh channels and are not counted."""
    return sum(isinstance(step, Part) and step.layer.role in (Role.CONVOLUTION, Role.LINEAR) for step in chain)


def _gates(form: Form) -> int:
    """Count the weight layers of a block's gates."""
    inner = [part for gate in form.gates for part in gate.parts]
    return sum(part.layer.role is Role.CONVOLUTION for part in (*inner, *flat(form.gate)))


def depth(network: Network) -> Depth:
    """Return how many weight layers each part of the network has."""
    blocks = [block for stage in network.stages for block in stage.blocks]
    return Depth(
        _weights(network.stem.form.branch),
        tuple(sum(_weights(block.form.branch) for block in stage.blocks) for stage in network.stages),
        _weights(network.head.form.branch) if network.head else 0,
        sum(_weights(block.form.shortcut or ()) for block in blocks),
        sum(_gates(block.form) for block in blocks),
    )
