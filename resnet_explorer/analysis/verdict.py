"""What came of comparing the closed form with PyTorch and fvcore."""

from dataclasses import dataclass


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
    def words(self) -> str:
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
