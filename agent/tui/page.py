"""What the main screens have in common: top line, body, keys; `pull` is called twice a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from agent.tui.widgets import Action, KeyLine, TopLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.tui.app import ArdoiseApp
    from agent.workflow.sitting import Sitting


W = TypeVar("W", bound=Widget)


class Parts:
    """Finds widgets once and keeps them: timers outlive the widgets of a screen that goes."""

    def part(self, selector: str, kind: type[W]) -> W:
        """The widget of this screen; raises NoMatches where it was never there."""
        kept = self.__dict__.setdefault("_kept", {})
        if selector not in kept:
            kept[selector] = cast("DOMNode", self).query_one(selector, kind)
        return cast("W", kept[selector])


class Page(Parts, Screen[None]):
    """One step of the work."""

    STEP: ClassVar[int] = -1
    stage_is_ready: ClassVar[bool] = False
    """Whether this screen belongs to the stage READY."""

    def __init__(self) -> None:
        super().__init__()
        self._composed = False

    async def show_actions(self) -> None:
        """Show the keys that make sense now."""
        line = self.part("#keys", KeyLine)
        if line.is_attached:
            await line.show(self.actions())

    @property
    def ardoise(self) -> ArdoiseApp:
        """The running application."""
        return cast("ArdoiseApp", self.app)

    @property
    def sitting(self) -> Sitting:
        """The only thing that a screen asks or tells anything."""
        return self.ardoise.sitting

    def compose(self) -> ComposeResult:
        """Top line, body, keys."""
        yield TopLine(self.STEP, self.sitting.station_view())
        yield from self.body()
        yield KeyLine(self.actions())

    def body(self) -> ComposeResult:
        """The widgets between top line and keys."""
        raise NotImplementedError

    def actions(self) -> Sequence[Action]:
        """The keys to show at the foot."""
        raise NotImplementedError

    def pull(self) -> None:
        """Show what the sitting says now; called twice a second while this is the base screen."""
        # A timer or a resize may come before the widgets are there.
        if self._composed:
            self.draw()

    def on_mount(self) -> None:
        """Draw at once."""
        self.call_after_refresh(self._first_draw)

    def _first_draw(self) -> None:
        self._composed = True
        self.draw()

    def draw(self) -> None:
        """Draw all widgets anew."""

    def action_proceed(self) -> None:
        """Enter: go on, where there is something to go on to."""
