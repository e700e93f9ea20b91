"""The closed form, PyTorch and fvcore say the same; and where they would not, the rows are named."""

from dataclasses import replace

from resnet_explorer.network import compile_spec
from resnet_explorer.readings import Analysis, analyse
from resnet_explorer.readings.progress import Progress
from resnet_explorer.spec import InputShape
from resnet_explorer.spec.catalogue import CATALOGUE, find
from resnet_explorer.spec.families import FAMILIES
from resnet_explorer.verify.against_pytorch import verify
from resnet_explorer.verify.values import Verdict
from tests.cases import each
from tests.specs import fitting

FIRST = [next(name for name, entry in CATALOGUE.items() if entry.family.key == key) for key in FAMILIES]


def analysis_of(name: str, side: int = 64, batch: int = 2) -> Analysis:
    return analyse(compile_spec(find(name)), fitting(find(name), InputShape(batch, side, side)))


def verdict(analysis: Analysis, fvcore: bool = False) -> Verdict:
    *steps, last = verify(analysis, fvcore=fvcore)
    assert all(isinstance(step, Progress) for step in steps)
    assert isinstance(last, Verdict)
    return last


@each("name", FIRST)
def test_one_of_each_family_agrees_row_by_row_with_pytorch_and_fvcore(name: str) -> None:
    found = verdict(analysis_of(name, 33), fvcore=True)
    assert found.agrees, found.differences[:5]
    assert found.text.startswith("Agrees with PyTorch and fvcore")
    told = {(check.library, check.what) for check in found.checks}
    assert told == {("PyTorch", "kept for backward")} | {
        (library, what) for library in ("PyTorch", "fvcore") for what in ("parameters", "MACs")
    }


@each("name", CATALOGUE)
def test_every_network_of_the_catalogue_agrees_with_pytorch(name: str) -> None:
    """Parameters and MACs of the whole, and every row, at the size of its papers: nothing is computed on meta."""
    assert verdict(analysis_of(name, CATALOGUE[name].size, batch=1)).agrees


def test_what_fvcore_counts_besides_is_told() -> None:
    """ResNet-50 at 224: fvcore says 4,111,512,576 with batch norm and pooling."""
    check = verdict(analysis_of("resnet50", 224, 1), fvcore=True).checks[-1]
    assert check.ours == check.theirs == 4_089_184_256
    assert "batch_norm 22,2" in check.note and "adaptive_avg_pool2d 100,352" in check.note


def test_a_row_that_differs_is_named() -> None:
    analysis = analysis_of("resnet18")
    row = analysis.rows[4]
    wrong = row._replace(reading=row.reading._replace(macs=1, params=2))
    broken = replace(analysis, rows=(*analysis.rows[:4], wrong, *analysis.rows[5:]))
    found = verdict(broken)
    assert not found.agrees
    assert [(one.path, one.what) for one in found.differences] == [(row.path, "parameters"), (row.path, "MACs")]
    assert found.text == "Differs from PyTorch in 2 places."
