"""Step 3: images of other channels than the network takes: which way they go."""

from resnet_explorer.analysis.tuning.channels import adapts
from resnet_explorer.analysis.tuning.results import GreyReport
from resnet_explorer.analysis.tuning.way_words import WAYS
from resnet_explorer.engine.messages import CompareGrey
from resnet_explorer.gui.jobs import Jobs
from resnet_explorer.gui.views.fields import NumberField
from resnet_explorer.gui.views.tuning_state import TuningState
from resnet_explorer.gui.views.tuning_step import Question, Step, Words, button, show_number
from resnet_explorer.gui.views.tuning_ways import SHORT, WaysTable
from resnet_explorer.spec.limits import MAX_IN_CHANNELS


class ChannelsStep(Step):
    """How many channels, the ways with what they cost, and the measure that compares them."""

    def __init__(self, state: TuningState, jobs: Jobs) -> None:
        super().__init__("channels", "3 Channels", "How images of other channels reach the network", state, False)
        self.channels, self.needs = NumberField(1, MAX_IN_CHANNELS), Words()
        self.ways, self.words = WaysTable(SHORT), Words()
        self.measure = button("Measure on these images", "Run every way on some of the images, and compare the answers")
        self.asking = Question(jobs)
        self.add("Channels", self.channels, "Channels of an image: 1 for grey, 3 for colours, more for several bands")
        for part in (self.needs, self.ways, self.words, self.measure, self.asking):
            self.wide(part)
        self.watch(self.channels, lambda value: state.propose("channels", channels=value))
        self.ways.chosen.connect(lambda way: state.propose("channels", grey=way))
        self.measure.clicked.connect(self._on_measure)
        self.asking.ended.connect(self.show_plan)
        self.finish()

    def show_plan(self) -> None:
        plan = self.state.plan
        show_number(self.channels, plan.channels)
        needed = adapts(plan.spec, plan.channels)
        have = f"Images have {plan.channels:,}, the network takes {plan.spec.in_channels:,}"
        self.needs.show_words(f"{have}: choose a way." if needed else f"{have}: nothing to adapt.")
        self.ways.show_ways(self.state)
        words = WAYS[plan.grey]
        self.words.show_words(f"{words.title}. {words.does} {words.keeps}\nWhen: {words.choose}" if needed else "")
        self.measure.setVisible(needed and plan.channels == 1 and not self.asking.is_open)
        self.summarise(f"{plan.channels:,} by {plan.grey}" if needed else f"{plan.channels:,}")

    def show_theme(self) -> None:
        self.ways.fit()

    def _on_measure(self) -> None:
        plan = self.state.plan

        def found(result: object) -> None:
            now = self.state.plan
            if isinstance(result, GreyReport) and (plan.spec, plan.data) == (now.spec, now.data):
                self.state.take_grey(result)

        self.asking.ask(CompareGrey(plan), "Ways of grey images into the network", found)
        self.show_plan()
