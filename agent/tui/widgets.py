"""Widgets that every screen shares; their borders and fills use only characters of the console font."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult, RenderResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from agent.text import N_, _
from agent.tui.glyphs import RUNNING
from agent.tui.words import ACT_STYLE, ENVIRONMENT_WORDS
from agent.workflow.view import StationView

STEPS = (N_("Drives"), N_("Plan"), N_("Sanitization"), N_("Result"))


class WholeCellScrollBar(ScrollBarRender):
    """A scroll bar without the eighths of a cell that the console font lacks."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


ScrollBar.renderer = WholeCellScrollBar


@dataclass(frozen=True)
class Action:
    """A key, what it does in one word, and the name of the screen's action."""

    key: str
    word: str
    name: str
    primary: bool = False


class Words(Static):
    """Text that is drawn again only where it differs: screens are pulled twice a second."""

    def __init__(self, content: Content = Content(""), *, id: str, classes: str = "") -> None:  # noqa: A002, B008 - textual's name; frozen
        super().__init__(content, id=id, classes=classes)
        self._shown = content

    def show(self, content: Content) -> None:
        """Show this text."""
        if content.is_same(self._shown):
            return
        self._shown = content
        self.update(content)


class TopLine(Static):
    """Program, step, and where the program runs."""

    def __init__(self, step: int, station: StationView) -> None:
        super().__init__(id="top")
        self._step = step
        self._station = station

    def render(self) -> RenderResult:
        """The line in the widget's width."""
        left = Content.assemble(Content.styled(" ardoise ", "bold $strong on $lit-strong"), "  ", self._steps())
        words = _(ENVIRONMENT_WORDS[self._station.environment])
        right = (
            Content.styled(f" SPECIMEN · {words} ", ACT_STYLE)
            if self._station.specimen
            else Content.styled(f" {words} ", "$quiet")
        )
        gap = self.size.width - left.cell_length - right.cell_length
        if gap < 1:
            right = Content.styled(" SPECIMEN " if self._station.specimen else "", ACT_STYLE)
            gap = self.size.width - left.cell_length - right.cell_length
        return Content.assemble(left, " " * max(0, gap), right)

    def _steps(self) -> Content:
        if self._step < 0:
            return Content("")
        parts: list[Content | str] = []
        for number, word in enumerate(STEPS):
            here = number == self._step
            shown = Content.styled(
                f"{RUNNING} {_(word)}" if here else _(word), "bold $primary" if here else "$quiet"
            )
            parts += [Content.styled(" ─ ", "$rule") if number else "", shown]
        return Content.assemble(*parts)


class KeyHint(Static):
    """One key and its word; a click or a tap does the same as the key."""

    def __init__(self, action: Action) -> None:
        self.action = action
        key = Content.styled(
            f" {action.key} ", "bold $background on $primary" if action.primary else "bold $strong on $lit-strong"
        )
        word = Content.styled(f" {action.word} ", "bold $primary" if action.primary else "")
        super().__init__(Content.assemble(key, word))

    async def on_click(self) -> None:
        """Do what the key does."""
        await self.screen.run_action(self.action.name)


class KeyLine(Horizontal):
    """The keys that matter on this screen, at its foot."""

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__(id="keys")
        self._actions = tuple(actions)

    def compose(self) -> ComposeResult:
        """One hint for each action."""
        for action in self._actions:
            yield KeyHint(action)

    async def show(self, actions: Sequence[Action]) -> None:
        """Replace the hints where they differ."""
        if tuple(actions) == self._actions:
            return
        self._actions = tuple(actions)
        await self.recompose()


class RowList(OptionList):
    """A list of one-line rows; Enter means "go on" for the whole screen, a click chooses the row."""

    BINDINGS: ClassVar = [
        Binding("enter", "screen.proceed", show=False),
        Binding("space", "select", show=False),
    ]

    def show_rows(self, rows: Sequence[tuple[str, Content]]) -> None:
        """Show these (id, line) rows; keeps the highlighted row and redraws only what changed."""
        if [o.id for o in self.options] == [key for key, _line in rows]:
            for index, (_key, line) in enumerate(rows):
                shown = self.get_option_at_index(index).prompt
                if not (isinstance(shown, Content) and shown.is_same(line)):
                    self.replace_option_prompt_at_index(index, line)
            return
        kept = self.highlighted_option.id if self.highlighted_option else None
        self.set_options([Option(line, id=key) for key, line in rows])
        keys = [key for key, _line in rows]
        self.highlighted = keys.index(kept) if kept in keys else (0 if keys else None)


class PushButton(Widget, can_focus=True):
    """A button with a plain frame; Enter, Space or a click press it."""

    BINDINGS: ClassVar = [Binding("enter,space", "press", show=False)]

    @dataclass
    class Pressed(Message):
        """The button was pressed."""

        button: "PushButton"

        @property
        def control(self) -> "PushButton":
            """The button, for selectors."""
            return self.button

    def __init__(self, label: str, *, id: str, classes: str = "") -> None:  # noqa: A002 - textual's own name
        super().__init__(id=id, classes=classes)
        self.label = label

    def render(self) -> RenderResult:
        """The label."""
        return Content(self.label)

    def get_content_width(self, container: object, viewport: object) -> int:  # noqa: ARG002 - textual's signature
        """Cells of the label."""
        return cell_len(self.label)

    def action_press(self) -> None:
        """Tell the screen."""
        self.post_message(self.Pressed(self))

    @on(events.Click)
    def _clicked(self, event: events.Click) -> None:
        event.stop()
        self.action_press()


class HoldButton(PushButton):
    """A button that counts only while it is held down; keys do nothing on it."""

    BINDINGS: ClassVar = []

    @dataclass
    class Held(Message):
        """The finger went down on the button, or came off it; `at` is when."""

        down: bool
        at: float

    def action_press(self) -> None:
        """A short click is not a hold."""

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Start."""
        self.capture_mouse()
        self.post_message(self.Held(down=True, at=event.time))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End."""
        self.release_mouse()
        self.post_message(self.Held(down=False, at=event.time))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Sliding off the button ends the hold as well."""
        if self.app.mouse_captured is self and not self.region.contains(event.screen_x, event.screen_y):
            self.release_mouse()
            self.post_message(self.Held(down=False, at=event.time))
