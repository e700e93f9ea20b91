"""What came of comparing the closed form with PyTorch and fvcore."""

import ast

from resnet_explorer.dataclass import dataclass
from resnet_explorer.network import compile_spec
from resnet_explorer.readings.read import depth
from resnet_explorer.spec import InputShape, ResNetSpec
from resnet_explorer.spec.catalogue import entry_of, origin, title
from resnet_explorer.weights.values import Identified


@dataclass(frozen=True, slots=True)
class Check:
    """A sum as the closed form has it and as a library counts it; ``note`` says what the library counts besides."""

    library: str
    what: str
    ours: int
    theirs: int
    note: str = ""

    @property
    def agrees(self) -> bool:
        """Return whether both are the same number."""
        return self.ours == self.theirs


@dataclass(frozen=True, slots=True)
class Difference:
    """A row in which the closed form and a library differ."""

    path: str
    what: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All sums and the rows that differ; ``rows`` is how many were compared.

    ``torch`` is PyTorch's version, ``instruction_set`` what it computes with on this CPU.
    """

    rows: int
    checks: tuple[Check, ...]
    differences: tuple[Difference, ...]
    torch: str
    instruction_set: str = ""

    @property
    def agrees(self) -> bool:
        """Return whether everything agrees."""
        return not self.differences and all(check.agrees for check in self.checks)

    @property
    def text(self) -> str:
        """Return the verdict as a sentence."""
        libraries = " and ".join(dict.fromkeys(check.library for check in self.checks))
        if self.agrees:
            return f"Agrees with {libraries}: {self.rows:,} rows."
        count = len(self.differences) or sum(not check.agrees for check in self.checks)
        return f"Differs from {libraries} in {count:,} place{'' if count == 1 else 's'}."

    @property
    def where(self) -> str:
        """Return what it was compared with, as a sentence."""
        return f"PyTorch {self.torch}" + (f", CPU ({self.instruction_set})." if self.instruction_set else ".")


TOLERANCE = 1e-4
"""Outputs are the same where they differ by at most this share of the largest value: rounding in float32."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Both outputs at one input: their greatest difference as a share of the largest value, or why there is none."""

    image: InputShape
    error: float | None = None
    problem: str = ""
    dims: int = 2

    @property
    def sides(self) -> str:
        """Return the sizes of the input in words."""
        return self.image.text(self.dims)

    @property
    def agrees(self) -> bool:
        """Return whether the outputs are the same but for rounding."""
        return self.error is not None and self.error <= TOLERANCE

    @property
    def text(self) -> str:
        """Return what came out at this input."""
        if self.error is None:
            return f"{self.sides}: {self.problem}"
        return f"{self.sides}: {'same' if self.agrees else 'different'} outputs (relative error {self.error:.1e})"


@dataclass(frozen=True, slots=True)
class OwnModule:
    """What is known of a module of the user's: its network, the map of names, and whether it computes the same.

    ``found.spec`` is the network that agrees best. ``settled`` says what tensors do not tell and running it did;
    ``difference`` names the first layer whose output differs, and is empty where all outputs agree. ``contained``: all
    layers agree, and something of the module's own follows them. ``drawn``: the weights were drawn for the comparison,
    since the module's own are fresh.
    """

    source: str
    found: Identified
    parameters: int
    drawn: bool = False
    proofs: tuple[Proof, ...] = ()
    settled: tuple[str, ...] = ()
    difference: str = ""
    contained: bool = False

    @property
    def spec(self) -> ResNetSpec:
        """Return the network."""
        return self.found.spec

    @property
    def layers(self) -> dict[str, str]:
        """Return the module's path for each layer of ours."""
        pairs = {ours.rpartition(".")[0]: theirs.rpartition(".")[0] for theirs, ours in self.found.names.items()}
        return {ours: theirs for ours, theirs in pairs.items() if ours}

    @property
    def agrees(self) -> bool:
        """Return whether the module computes what the network does, at every input that was tried."""
        return bool(self.proofs) and all(proof.agrees for proof in self.proofs)

    @property
    def verdict(self) -> str:
        """Return one sentence on what it is, and on whether that was shown."""
        called = _called(self.spec)
        if not self.found.fits:
            return f"{self.source} is most like {called}, but not all of its tensors fit."
        if self.agrees:
            return f"{self.source} is {called}: same outputs from the same weights."
        if same := [proof.sides for proof in self.proofs if proof.agrees]:
            other = [proof.sides for proof in self.proofs if not proof.agrees]
            return f"{self.source} is {called} at {', '.join(same)}, but not at {', '.join(other)}."
        if self.contained:
            return f"{self.source} contains {called}: all of its layers give the same outputs from the same weights."
        return f"{self.source} has the tensors of {called}, but it does not compute the same."


def _called(spec: ResNetSpec) -> str:
    if entry_of(spec) or origin(spec):
        return title(spec)
    return f"a residual network of {depth(compile_spec(spec)).weight_layers} layers"


def names_in(text: str) -> tuple[str, ...]:
    """Return what a Python file defines at its top: classes, functions and variables, without running it."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    names: list[str] = []
    for line in body:
        if isinstance(line, ast.ClassDef | ast.FunctionDef):
            names.append(line.name)
        elif isinstance(line, ast.Assign | ast.AnnAssign):
            targets = line.targets if isinstance(line, ast.Assign) else [line.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    return tuple(name for name in dict.fromkeys(names) if not name.startswith("_"))
