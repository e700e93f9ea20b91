"""A trained network on the stage: one view after the other, and within Grad-CAM and feature maps image by image."""

from collections.abc import Sequence

from resnet_explorer.errors import ExplorerError
from resnet_explorer.insight import values
from resnet_explorer.insight.page import IMAGE_VIEWS, RECORDED_VIEWS, InsideView
from resnet_explorer.insight.part import Inside
from resnet_explorer.insight.slides import slide_of
from resnet_explorer.ui.slide import Control, ControlKind, Presentation, Slide, join, text_picture
from resnet_explorer.ui.window import Window


class InsideShow(Presentation):
    """Shows the view that is open on the page, then the others; quick ones are computed when they are shown.

    Loss surface and lesions are shown where there is a result, recorded or measured.
    """

    keys = "← → image, view · ↑ ↓ view"

    def __init__(self, window: Window, inside: InsideView) -> None:
        super().__init__()
        self._inside, self._jobs = inside, window.jobs
        self.view, self.image = inside.view, inside.controls.image.value()
        self._key: tuple[object, ...] = ()
        self._slide = Slide("", text_picture(""))
        self._ask()
        inside.answers.arrived.connect(self._on_arrived)
        self._jobs.changed.connect(self._on_jobs)

    def leave(self) -> None:
        self._inside.answers.arrived.disconnect(self._on_arrived)
        self._jobs.changed.disconnect(self._on_jobs)

    @property
    def views(self) -> list[Inside]:
        """Return the views that have something to show."""
        return [view for view in Inside if view is self.view or self._is_offered(view)]

    def _is_offered(self, view: Inside) -> bool:
        if view in RECORDED_VIEWS:
            return self._result(view) is not None
        if view is Inside.MISTAKES:
            confusion = self._inside.answers.newest(values.Confusion)
            return confusion is not None and bool(confusion.mistakes)
        return not self._inside.is_recording and self._request(view) is not None

    def _request(self, view: Inside) -> values.InsideRequest | None:
        try:
            return self._inside.request_of(view, self.image)
        except ExplorerError:
            return None

    def _result(self, view: Inside) -> object | None:
        request = self._request(view)
        return self._inside.result_of(request) if request is not None else None

    @property
    def images(self) -> int:
        """Return the number of test images; 0 while it is unknown."""
        gallery = self._inside.answers.newest(values.Gallery)
        return gallery.total if gallery else 0

    def step(self, by: int) -> None:
        if self.view in IMAGE_VIEWS and 0 <= self.image + by < self.images:
            self.show_image(self.image + by)
            return
        views = self.views
        self._show(views[max(0, min(len(views) - 1, views.index(self.view) + by))])

    def turn(self, by: int) -> None:
        views = self.views
        self._show(views[(views.index(self.view) + by) % len(views)])

    def show_image(self, image: int) -> None:
        """Show the same view of another test image."""
        self.image = image
        self._ask()
        self.changed.emit()

    def _show(self, view: Inside) -> None:
        self.view = view
        self._ask()
        self.changed.emit()

    def _ask(self) -> None:
        """Compute what is shown, where it is not known and does not take long."""
        if self._inside.is_recording:
            return
        if self.view in IMAGE_VIEWS:
            self._inside.ask_gallery(self.image)
        request = self._request(self.view)
        if request is not None and not isinstance(request, values.Slow) and self._inside.result_of(request) is None:
            self._inside.answers.ask(request, str(self.view))

    def _on_arrived(self) -> None:
        self._ask()
        self.changed.emit()

    def _on_jobs(self) -> None:
        if self._result(self.view) is None:  # else nothing is seen of the progress
            self.changed.emit()

    @property
    def controls(self) -> Sequence[Control]:
        views = Control(ControlKind.CHOICE, str(self.view), lambda by: self.turn(int(by)))
        last = self.images - 1
        if self.view not in IMAGE_VIEWS or last < 1:
            return (views,)
        text, at = f"image {self.image:,} of {last + 1:,}", self.image / last
        return views, Control(ControlKind.SLIDER, text, lambda part: self.show_image(round(part * last)), at)

    def slide(self) -> Slide:
        result = self._result(self.view)
        if result is None:
            return Slide(f"Inspect: {self.view}", text_picture(self._waiting()))
        stack, note = self._inside.stack, self._note(result)
        key = self.view, result, note, stack.pair, stack.together, stack.theme.name
        if key != self._key:
            self._key, self._slide = key, slide_of(self.view, result, stack, note)
        return self._slide

    def _waiting(self) -> str:
        """Return why there is nothing to see yet."""
        state = self._inside.answers.state_of(self._request(self.view))
        if state is None or state.is_over:
            return (state.problem if state else "") or self._inside.problem.text() or self._inside.state.text()
        return f"Measuring: {state.done:,} of {state.of:,}" if state.of else "Measuring"

    def _note(self, result: object) -> str:
        """Return where a result comes from."""
        reference = self._inside.reference
        if reference is None:
            return ""
        plan = reference.plan
        request = self._request(self.view)
        is_recorded = request is not None and result is not self._inside.answers.to(request)
        is_open = isinstance(result, values.Surface) and not result.complete
        origin = "recorded" if is_recorded else "still measuring" if is_open else ""
        return join(origin, plan.device.upper(), f"seed {plan.seed}", plan.data.title)
