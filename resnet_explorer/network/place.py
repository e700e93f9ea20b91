"""Where a layer stands: what is to be said of it besides what it is."""

from dataclasses import dataclass
from math import exp

from resnet_explorer.network.kinds import Layer, Role
from resnet_explorer.network.tree import Block, Form, Part, flat
from resnet_explorer.spec import Init, ResNetSpec


def gate_start(spec: ResNetSpec) -> str:
    """Return where the gate of a shortcut starts: ``Its bias starts at −6, so that g is about 0.0025 at first.``"""
    bias = f"{spec.gate_bias:g}".replace("-", "−")
    return f"Its bias starts at {bias}, so that g is about {1 / (1 + exp(-spec.gate_bias)):.2g} at first."


def starts_at_0(spec: ResNetSpec, form: Form) -> Part | None:
    """Return the layer of a block whose weights start at 0: the last of a branch with zero-init, or with Fixup.

    Goyal et al. 2017, section 5.1; Zhang et al. 2019, section 3.
    """
    fixup = spec.init is Init.FIXUP and not spec.zero_init
    roles = (Role.CONVOLUTION,) if fixup else (Role.CONVOLUTION, Role.NORM) if spec.zero_init else ()
    return next((step for step in reversed(form.branch) if isinstance(step, Part) and step.layer.role in roles), None)


@dataclass(frozen=True, slots=True)
class At:
    """Where a layer stands: what its story depends on besides the layer itself."""

    part: Part
    block: Block
    spec: ResNetSpec

    @property
    def name(self) -> str:
        """Return the layer's name in its block."""
        return self.part.name

    @property
    def number(self) -> int:
        """Return the number of the block in its stage; 0 for stem and head."""
        return self.block.number

    @property
    def skip(self) -> float:
        """Return the chance that stochastic depth skips the block's branch."""
        return self.block.skip

    @property
    def has_shortcut(self) -> bool:
        """Return whether the block has a shortcut."""
        return self.block.form.shortcut is not None

    @property
    def ends_chain(self) -> bool:
        """Return whether the layer is the last of its chain."""
        return self.part not in self.chain[:-1]

    @property
    def chain(self) -> tuple[Part, ...]:
        """Return the layers of the way that this one is on: the branch, the shortcut, ..."""
        form = self.block.form
        chains = (form.before, form.branch, form.shortcut or (), form.gate, form.after)
        return next(flat(chain) for chain in chains if self.part in flat(chain))

    @property
    def gate(self) -> str:
        """Return the name of the attention's gate that the layer is in; an empty one elsewhere."""
        names = [gate.name for gate in self.block.form.gates]
        return next((name for name in names if self.part.name.startswith(f"{name}.")), "")

    @property
    def weighs(self) -> str:
        """Return what the attention's gate weighs: ``channel`` or ``position``."""
        return "position" if self.part.name.startswith("cbam_spatial") else "channel"

    @property
    def start(self) -> str:
        """Return where the gate of a shortcut starts."""
        return gate_start(self.spec)

    @property
    def on_shortcut(self) -> bool:
        """Return whether the layer is on the shortcut."""
        return self.part in flat(self.block.form.shortcut or ())

    @property
    def next(self) -> Layer | None:
        """Return the layer that runs next in its chain; at the end of a chain, the norm after the addition."""
        chain = self.chain
        index = chain.index(self.part)
        if index + 1 < len(chain):
            return chain[index + 1].layer
        after = [part.layer for part in flat(self.block.form.after)]
        return next((layer for layer in after if layer.role is Role.NORM), None)

    @property
    def copies(self) -> str:
        """Return who still needs the input of a layer that does not overwrite it."""
        form = self.block.form
        keeps = form.shortcut is not None and not form.before and self.part == self.chain[0]
        return ", in a copy: the shortcut still needs x" if keeps else ", in a copy"

    @property
    def activates_sum(self) -> str:
        """Return what an activation after the addition does to the shortcut; nothing elsewhere."""
        form = self.block.form
        after = form.shortcut is not None and self.part in form.after
        return " It comes after the addition, so it acts on what the shortcut brings, too." if after else ""

    def zero(self, what: str) -> str:
        """Return that something starts at 0, where it does."""
        is_zero = self.block.number > 0 and starts_at_0(self.spec, self.block.form) == self.part
        return f" {what} at 0." if is_zero else ""
