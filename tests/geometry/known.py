"""What is known to be wrong with how the window is laid out; a line that is right by now has to go."""

from fnmatch import fnmatchcase
from typing import NamedTuple

from tests.geometry.table import Row


class Known(NamedTuple):
    """Failures of a page, by patterns; ``where`` are the themes and text sizes in which they are seen."""

    page: str
    what: str
    where: tuple[str, ...]

    def matches(self, row: Row) -> bool:
        """Tell whether a row is such a failure."""
        return fnmatchcase(row.page, self.page) and fnmatchcase(row.what, self.what)

    def is_seen(self, theme: str, text: int) -> bool:
        """Tell whether it is seen in a theme at a text size."""
        return f"{theme} {text}" in self.where


LARGER = ("light 150", "dark 150", "projector 100", "projector 150")
EVERYWHERE = ("light 100", "dark 100", *LARGER)
KNOWN: tuple[Known, ...] = (
    Known("diagram", "* texts in DiagramView 'Block diagram' are under 9 px: *", EVERYWHERE),
    Known("export", "QLabel* cuts ?&Format*", ("projector 150",)),
    Known("export", "QLabel* cuts ?&Scale*", ("projector 150",)),
    Known("export", "QLabel* cuts ?&Theme*", ("projector 150",)),
    Known("export", "QLabel* cuts ??,??? × ??? px. Vectors *", ("projector 150",)),
    Known("gradients", "ChartView * and DescentBar overlap", ("projector 150",)),
    Known("gradients", "GradientText 'Reading this plot' has to be scrolled sideways by *", ("projector 150",)),
    Known("gradients", "QComboBox* cuts ?Gradient at the block's *", LARGER),
    Known("gradients", "QLabel* cuts ?Step ??? of ??? · traini*", ("projector 150",)),
    Known("gradients", "QPushButton* cuts ?Colour the diagram*", LARGER),
    Known(
        "gradients",
        "QScrollArea has to be scrolled sideways by *",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known("gradients", "QToolButton* cuts ?Blocks*", ("projector 150",)),
    Known("gradients", "QToolButton* cuts ?Heat map*", ("projector 150",)),
    Known("gradients", "QToolButton* cuts ?Losses*", ("projector 150",)),
    Known("gradients", "the plot of *", EVERYWHERE),
    Known("graph", "* texts in GraphCanvas 'Autograd graph' are under 9 px: *", LARGER),
    Known("graph", "QLineEdit* cuts ?Find an operation or a l*", LARGER),
    Known("inspect", "* texts in MarksView 'Confusion matrix of plain-20, t…' are under 9 px: *", EVERYWHERE),
    Known(
        "inspect",
        "CamView * is not inside InsideStack",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known("inspect", "CheckField* cuts ?batch statistics*", LARGER),
    Known(
        "inspect",
        "ChoiceField* cuts ?all maps on one scale*",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known(
        "inspect",
        "ChoiceField* cuts ?nothing*",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known("inspect", "ChoiceField* cuts ?the predicted class*", LARGER),
    Known("inspect", "NumberField* cuts ??*", ("projector 150",)),
    Known("inspect", "NumberField* cuts ???*", LARGER),
    Known("inspect", "NumberField* cuts ????*", LARGER),
    Known("inspect", "Problem * and QSplitter overlap", ("projector 150",)),
    Known("inspect", "QLabel* cuts ?A row for each true clas*", ("projector 150",)),
    Known("inspect", "QLabel* cuts ?Compare with*", LARGER),
    Known("inspect", "QLabel* cuts ?Evidence for*", ("projector 150",)),
    Known("inspect", "QLabel* cuts ?Images*", ("projector 150",)),
    Known("inspect", "QLabel* cuts ?Plain-??, edited: ?.? % *", ("projector 150",)),
    Known("inspect", "QLabel* cuts ?The misclassified test i*", ("projector 150",)),
    Known("inspect", "QLabel* cuts ?The output of each chann*", ("projector 150",)),
    Known(
        "inspect",
        "QLabel* cuts ?The test error when one *",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known("inspect", "QLabel* cuts ?The training loss in a p*", ("projector 150",)),
    Known("inspect", "QLabel* cuts ?The weights that are app*", ("projector 150",)),
    Known("inspect", "QLabel* cuts ?Where in the image the e*", ("projector 150",)),
    Known("inspect", "QPushButton* cuts ?Measure*", ("projector 150",)),
    Known("inspect", "QTabBar* cuts ?Confusion*", EVERYWHERE),
    Known(
        "inspect",
        "QTabBar* cuts ?Feature maps*",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known("inspect", "QTabBar* cuts ?Filters*", ("projector 150",)),
    Known(
        "inspect",
        "QTabBar* cuts ?Lesions*",
        (
            "light 100",
            "dark 100",
            "light 150",
            "dark 150",
        ),
    ),
    Known(
        "inspect",
        "QTabBar* cuts ?Loss surface*",
        (
            "projector 100",
            "projector 150",
        ),
    ),
    Known("inspect", "TrainingSetup has to be scrolled sideways by *", LARGER),
    Known("inspect", "the plot of *", EVERYWHERE),
    Known("learning rate", "the plot of *", LARGER),
    Known("module, read", "QLabel* cuts ???,???,??? parameters.\n*", ("projector 150",)),
    Known("paths", "the plot of *", LARGER),
    Known(
        "run a module?",
        "QLabel* cuts ?To read the module, the *",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known("timeline", "QLabel* cuts ?Published: ??-crop error*", ("projector 150",)),
    Known("timeline", "TimelineDialog 'Timeline of residual networks' is *", EVERYWHERE),
    Known(
        "timing",
        "the plot of *",
        (
            "projector 100",
            "projector 150",
        ),
    ),
    Known("training", "CheckField* cuts ?log*", EVERYWHERE),
    Known("training", "ChoiceField * and CurveOptions overlap", EVERYWHERE),
    Known("training", "ChoiceField* cuts ?by steps*", EVERYWHERE),
    Known(
        "training",
        "QLabel * is not inside CurveOptions",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known("training", "QLabel* cuts ?Smoothing*", EVERYWHERE),
    Known("training", "QLabel* cuts ?● replayed*", ("projector 150",)),
    Known("training", "QPushButton* cuts ?Leave replay*", ("projector 150",)),
    Known("training", "QPushButton* cuts ?Start again*", ("projector 150",)),
    Known("training", "QSlider * and QLabel * overlap", EVERYWHERE),
    Known("training", "QTabBar* cuts ?Saved runs*", ("projector 150",)),
    Known("training", "TrainingSetup has to be scrolled sideways by *", LARGER),
    Known("training", "TrainingWords 'Description' has to be scrolled sideways by *", LARGER),
    Known("training", "the plot of *", EVERYWHERE),
    Known("tuning", "* texts in FreezeView 'Network to fine-tune' are under 9 px: *", EVERYWHERE),
    Known("tuning", "ChoiceField* cuts ?by steps*", ("projector 150",)),
    Known("tuning", "ChoiceField* cuts ?running where frozen*", LARGER),
    Known("tuning", "QLabel* cuts ?Smoothing*", ("projector 150",)),
    Known("tuning", "QPushButton* cuts ?Compare strategies*", LARGER),
    Known("tuning", "QPushButton* cuts ?Model card, .md…*", ("projector 150",)),
    Known("tuning", "QPushButton* cuts ?Model, .safetensors…*", ("projector 150",)),
    Known("tuning", "QPushButton* cuts ?Start again*", ("projector 150",)),
    Known("tuning", "QPushButton* cuts ?Training script, .py…*", ("projector 150",)),
    Known("tuning", "QTabBar* cuts ?Before and after*", ("projector 150",)),
    Known("tuning", "QTabBar* cuts ?Export*", ("projector 100",)),
    Known(
        "tuning",
        "QTabBar* cuts ?Feature maps*",
        (
            "light 150",
            "dark 150",
        ),
    ),
    Known("tuning", "QTabBar* cuts ?Filters*", ("projector 150",)),
    Known(
        "tuning",
        "QTabBar* cuts ?Inspect*",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known(
        "tuning",
        "QTabBar* cuts ?Lesions*",
        (
            "light 100",
            "dark 100",
            "light 150",
            "dark 150",
        ),
    ),
    Known(
        "tuning",
        "QTabBar* cuts ?Loss surface*",
        (
            "projector 100",
            "projector 150",
        ),
    ),
    Known("tuning", "QTabBar* cuts ?Network*", LARGER),
    Known(
        "tuning",
        "TextTable* cuts ?Probability*",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known(
        "tuning",
        "TuningSetup has to be scrolled sideways by *",
        (
            "light 150",
            "dark 150",
            "projector 150",
        ),
    ),
    Known("tuning", "WaysTable* cuts ?Way*", ("projector 100",)),
    Known("tuning", "the plot of *", EVERYWHERE),
    Known("weights", "QTabBar* cuts ?Names (??)*", ("projector 150",)),
)
