"""What parallel paths do not go together with is refused with changes that mend it, stage by stage."""

import pytest

from resnet_explorer.errors import SpecError
from resnet_explorer.spec.catalogue import find
from resnet_explorer.spec.change import assign
from tests.cases import each

REFUSED = [
    ("scales=4 dims=1", "dims"),
    ("radix=2 dims=3", "dims"),
    ("selective=sk dims=1", "images"),
    ("branches=shake-shake dims=3", "images"),
    ("downsample=shifted dims=1", "images"),
    ("average_down=after dims=3", "images"),
    ("scales=4 order=norm-first", "normalised and activated"),
    ("scales=4 kernel=5", "3×3"),
    ("radix=2 group_width=8", "cardinality"),
    ("selective=sk attention=se attention_at=middle", "no place"),
    ("branches=shake-shake attention=se attention_at=middle", "no place"),
    ("average_down=after stride=last", "another convolution"),
    ("branches=shake-shake order=norm-first", "norm comes before"),
    ("branches=shake-shake norm=none order=v2 track_variance=true", "single branch"),
    ("scales=1,1,1,4 kernel=3,3,3,5", "3×3"),
    ("selective=none,sk-split,none,none widths=64,65,128,256", "halves"),
]


@each("words,says", REFUSED)
def test_a_refusal_says_why_and_its_changes_mend_it(words: str, says: str) -> None:
    spec = find("resnet50")
    with pytest.raises(SpecError) as caught:
        assign(spec, *words.split())
    error = caught.value
    assert says in f"{error.what} {error.remedy}" and error.fixes
    for fix in error.fixes:
        kept = [
            word for word in words.split() if word.partition("=")[0] not in {each.partition("=")[0] for each in fix}
        ]
        assign(spec, *kept, *fix)


@each(
    "words",
    [
        "scales=1,1,1,4 kernel=5,5,5,3",
        "selective=sk,none,none,none dims=2 kernel=3,5,5,5",
        "scales=4 group_width=8",
        "radix=0,2,2,0 group_width=8,none,none,8",
        "branches=shake-shake,one,one,one order=relu-only,v1,v1,v1",
    ],
)
def test_what_other_stages_have_forbids_nothing(words: str) -> None:
    assign(find("resnet50"), *words.split())
