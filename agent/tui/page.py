"""What the main screens have in common: top line, body, keys; `pull` is called twice a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.screen import Screen

from agent.tui.widgets import Action, KeyLine, TopLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.tui.app import ArdoiseApp
    from agent.workflow.sitting import Sitting


class Page(Screen[None]):
    """One step of the work."""

    STEP: ClassVar[int] = -1
    stage_is_ready: ClassVar[bool] = False
    """Whether this screen belongs to the stage READY."""

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
        # A timer or a resize may come before the widgets are there, or after they are gone.
        if self in self.app.screen_stack and self.query_one_optional(KeyLine) is not None:
            self.draw()

    def draw(self) -> None:
        """Draw all widgets anew."""

    def action_proceed(self) -> None:
        """Enter: go on, where there is something to go on to."""
