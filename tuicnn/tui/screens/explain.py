"""The Explain view: one number, what it is made of, and the way down to pixels and weights; and back from the loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import ScreenResume, ScreenSuspend

from tuicnn.errors import UserError
from tuicnn.specimen.address import Address, AddressError, parse
from tuicnn.training.events import Overview, State
from tuicnn.tui import walks
from tuicnn.tui.context import ViewContext
from tuicnn.tui.microscope import Microscope, Sight, Stop
from tuicnn.tui.moment import Moment, Moments
from tuicnn.tui.screens.explain_words import WORDS
from tuicnn.tui.screens.view import View
from tuicnn.tui.sight_loader import SightLoader
from tuicnn.tui.walks import Walk
from tuicnn.tui.widgets.address_line import AddressLine
from tuicnn.tui.widgets.explanation.pane import ExplanationPane, Scene
from tuicnn.tui.widgets.view_bar import Tab
from tuicnn.worker.snapshot import Snapshot

__all__ = ["ExplainScreen"]


class ExplainScreen(View, inherit_bindings=False):
    """A specimen of one moment, under a microscope. All that it computes is in this process, beside the event loop."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "down", "open", tooltip="Open the chosen part: what is it made of?"),
        Binding("escape", "rise", "back", tooltip="Back to the number that one came from."),
        Binding("b", "turn", "backward", tooltip="The other side: the gradient, and of a weight its next step."),
        Binding("x", "factor", "factor", tooltip="Open the factor of the chosen part, such as its weight."),
        Binding("tab,j", "part(1)", "next part", show=False, tooltip="Choose the next part."),
        Binding("shift+tab,k", "part(-1)", "part before", show=False, tooltip="Choose the part before."),
        Binding("up", "move(-1, 0)", "up", show=False, tooltip="Move the pixel up; in a list, the part above."),
        Binding("down", "move(1, 0)", "down", show=False, tooltip="Move the pixel down; in a list, the part below."),
        Binding("left", "move(0, -1)", "left", show=False, tooltip="Move the pixel left; the number before."),
        Binding("right", "move(0, 1)", "right", show=False, tooltip="Move the pixel right; the number after."),
        Binding("pagedown", "page(1)", "channel", show=False, tooltip="The next input channel; a page down."),
        Binding("pageup", "page(-1)", "channel", show=False, tooltip="The input channel before; a page up."),
        Binding("c", "sibling(1)", "channel", show=False, tooltip="The same place in the next channel or class."),
        Binding("C", "sibling(-1)", "channel", show=False, tooltip="The same place in the channel before."),
        Binding("s", "step", "one step", tooltip="Train one step and compare: before, after."),
        Binding("n", "image(1)", "next image", show=False, tooltip="Take the next validation image."),
        Binding("p", "image(-1)", "image before", show=False, tooltip="Take the image before."),
        Binding("[", "epoch(-1)", "epoch before", show=False, tooltip="The weights after the epoch before."),
        Binding("]", "epoch(1)", "epoch after", show=False, tooltip="The weights after the next epoch, or the newest."),
        Binding("f", "freeze", "newest", show=False, tooltip="Take the weights of this moment."),
        # with priority: what is typed after it would else come here, before the line is open
        Binding(
            ":,/", "type", "address", show=False, priority=True, tooltip="Type an address, such as conv1[2,10,14]."
        ),
        Binding("home", "begin", "prediction", show=False, tooltip="Begin again at the prediction."),
    ]

    WORDS = WORDS

    DEFAULT_CSS = """
    ExplainScreen {
        #explanation { height: 1fr; padding: 0 1; }
        &.-too-small #explanation { display: none; }
    }
    """

    def __init__(self, context: ViewContext, mode: str, tabs: Sequence[Tab]) -> None:
        super().__init__(context, mode, tabs)
        self._moments = Moments(context)
        self._moment: Moment | None = None
        self._former: Moment | None = None  # before the last step, for comparison
        self._trail: list[Stop] = []  # that of the moment before
        self._note = ""
        self._asking = False
        self._looker = SightLoader(partial(self.run_worker, group="look"), self._show, self.notice)

    def compose_body(self) -> ComposeResult:
        """See `View`."""
        yield ExplanationPane(self.terminal, id="explanation")
        yield AddressLine(self.terminal, id="address")

    @property
    def footer(self) -> Sequence[str]:
        """The actions that matter most."""
        return ("down", "rise", "turn", "step")

    def draw(self, overview: Overview, drawn: Snapshot) -> None:
        """See `View`; nothing here follows the run. The moment is taken when the run has begun."""
        if self._moment is None and not self._asking and not self._note and (self.snapshot.begun or self.snapshot.gone):
            self.action_freeze()
        if drawn.overview is None:
            self._show()

    def on_screen_suspend(self, event: ScreenSuspend) -> None:
        """Let the moment go where another view comes to the front; under a dialog it stays."""
        super().on_screen_suspend(event)
        if self.app.current_mode != self.mode:
            self._moment = self._former = None
            self._keep_trail()
            self._looker.forget()
            self._note = ""
            self.query_one("#address", AddressLine).close()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Take this moment, for the image, the epoch and the address that were chosen elsewhere."""
        super().on_screen_resume(event)
        if self._moment is None:
            self._note = ""

    # -- the moment

    def action_freeze(self) -> None:
        """Take the weights of this moment."""
        self._former = None
        self._take(self._moments.now)

    def _take(self, taking: Callable[[], object]) -> None:
        if not self._asking:
            self._asking = True
            self.run_worker(self._taken(taking), group="moment")

    async def _taken(self, taking: Callable[[], object]) -> None:
        """Have a moment, and open in it what was open."""
        try:
            self._note = "" if self._looker.scope else "asking the run for its weights"
            self._show()
            moment: Moment = await taking()  # type: ignore[misc]
            self._note = ""
            self._use(moment)
        except UserError as error:
            self._refuse(str(error))
        finally:
            self._asking = False

    def _use(self, moment: Moment) -> None:
        """Look at another moment; the trail stays where the network has its addresses."""
        if self.app.current_mode != self.mode:  # a person went to another view meanwhile
            return
        self._keep_trail()
        self._moment, scope = moment, Microscope(moment.specimen)
        overview = self.snapshot.overview
        names = () if overview is None else overview.class_names
        self._looker.use(scope, None if self._former is None else self._former.specimen, names)
        self.refresh_bindings()
        address = self.selection.address
        if self._trail and address == str(self._trail[-1].address):  # "" asks for the prediction
            scope.trail = self._trail
        else:
            try:
                scope.begin(address)
            except AddressError as error:
                self.notice(str(error))
                scope.begin()
        self._look()

    def _keep_trail(self) -> None:
        """Keep the way for the moment that comes next."""
        if self._looker.scope is not None:
            self._trail = self._looker.scope.trail

    def _refuse(self, sentence: str) -> None:
        """Say why there is nothing; what is seen stays."""
        self._looker.drop_waiting()
        if self._looker.sight is None:
            self._note = sentence
            self._show()
        else:
            self.notice(sentence)

    # -- looking

    def _look(self) -> None:
        """Open the address where the microscope stands."""
        self._choose()
        self._looker.load()

    def _choose(self) -> None:
        """Tell the other views what is open."""
        scope = self._looker.scope
        if scope is not None and scope.trail:
            self.selection.address = str(scope.address)
            if (layer := scope.specimen.names.numbers.get(scope.address.name)) is not None:
                self.selection.layer = layer

    def _show(self) -> None:
        if not self.stands:
            return
        self._choose()
        scope, sight, moment = self._looker.scope, self._looker.sight, self._moment
        chosen = scope.chosen(sight) if scope is not None and sight is not None else -1
        scene = Scene(
            trail=tuple(scope.trail) if scope is not None else (),
            sight=sight,
            chosen=chosen,
            moment=moment.said(self.snapshot.overview) if moment is not None else "",
            note=self._note,
            before=self._looker.before,
            step=moment.state.step if moment is not None else 0,
            image=moment.state.image if moment is not None else None,
            stored=moment.stored(sight.explanation.address) if moment is not None and sight is not None else None,
        )
        self.query_one("#explanation", ExplanationPane).show(scene)

    def _walk(self, go: Walk) -> None:
        """Do something once the open number is in sight."""
        self._looker.when_settled(partial(self._walked, go))

    def _walked(self, go: Walk, scope: Microscope, sight: Sight) -> None:
        before = scope.address
        try:
            go(scope, sight)
        except UserError as error:
            self.notice(str(error))
            return
        if scope.address != before:
            self._look()
        else:
            self._show()

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While an address is typed, its slash is one of its letters; a step is for a run that trains."""
        if action == "type":
            return not self.query_one("#address", AddressLine).display
        if action == "step":
            return self.selection.epoch is None and not (self.watcher.latest.state.final or self.snapshot.gone)
        return True

    def action_down(self) -> None:
        """Open the chosen part."""
        self._walk(walks.down)

    def action_factor(self) -> None:
        """Open the factor of the chosen part."""
        self._walk(walks.factor)

    def action_rise(self) -> None:
        """Back to the number that one came from, and from the first one to the view before."""
        self._looker.drop_waiting()
        if self._looker.scope is not None and self._looker.scope.up():
            self._look()
        else:
            self.app.action_up()  # type: ignore[attr-defined]

    def action_turn(self) -> None:
        """The other side of the number."""
        self._walk(walks.turn)

    def action_part(self, by: int) -> None:
        """Choose another part."""
        self._walk(walks.choose(by))

    def action_move(self, down: int, right: int) -> None:
        """Move the pixel; where there is none, choose another part or go to the number beside."""
        self._walk(walks.move(down, right))

    def action_sibling(self, by: int) -> None:
        """The same place in another channel."""
        self._walk(walks.sibling(by))

    def action_page(self, by: int) -> None:
        """Another input channel of a window, or a page of a list."""
        self._walk(walks.page(by, self.query_one("#explanation", ExplanationPane).rows))

    def action_begin(self) -> None:
        """Begin again at the prediction."""
        self._walk(lambda scope, sight: scope.begin())

    def action_type(self) -> None:
        """Type an address."""
        self.query_one("#address", AddressLine).open()

    @on(AddressLine.Typed)
    def _on_typed(self, message: AddressLine.Typed) -> None:
        line = self.query_one("#address", AddressLine)
        scope = self._looker.scope
        if not message.text.strip() or scope is None:
            line.close()
            return
        try:
            scope.open(parse(message.text))
        except UserError as error:
            self.notice(str(error))
            return
        line.close()
        self._look()

    @on(ExplanationPane.Clicked)
    def _on_clicked(self, message: ExplanationPane.Clicked) -> None:
        does, what = message.target

        def go(scope: Microscope, sight: Sight) -> None:
            if isinstance(what, Address):
                scope.open(what) if does == "open" else scope.go(what)
            elif does == "up":
                scope.up(what)
            else:
                again = scope.chosen(sight) == what
                scope.choose(what)
                if again:
                    self.call_later(self.action_down)

        self._walk(go)

    # -- other images, epochs and steps

    def action_image(self, by: int) -> None:
        """Take another validation image, of the same moment."""
        if self._moment is not None and not self._asking:
            self.selection.walk(by)
            self._take(partial(self._moments.other_image, self._moment, self.selection.image))

    def action_epoch(self, by: int) -> None:
        """Take the weights of another epoch."""
        epochs = self._moments.epochs()
        if not epochs:
            self.notice("there are no weights of past epochs yet")
            return
        places: list[int | None] = [*epochs, None]
        now = places.index(self.selection.epoch) if self.selection.epoch in places else len(places) - 1
        self.selection.epoch = places[max(0, min(now + by, len(places) - 1))]
        self._former = None
        self._take(self._moments.now)

    def action_step(self) -> None:
        """Train one step, and compare."""
        progress = self.watcher.latest
        if progress.state is State.TESTING or 0 < progress.steps <= progress.step:
            self.notice("no step follows: training is over, and the test images are next")
        elif not self._asking:
            self.notice("training one step")
            self._take(self._stepped)

    async def _stepped(self) -> Moment:
        before, after = await self._moments.step()
        self._former = before
        return after
