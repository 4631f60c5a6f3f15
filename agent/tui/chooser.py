"""A small chooser of simulated machines, before there is a sitting."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from agent.text import _
from agent.tui.glyphs import prose, screen_text
from agent.tui.theme import SLATE, dress
from agent.tui.widgets import Action, KeyLine
from agent.tui.words import ACT_STYLE


class MachineChooser(App[str]):
    """Ends with the name of the machine, or with nothing."""

    CSS_PATH = "ardoise.tcss"
    ENABLE_COMMAND_PALETTE = False
    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012 - typed by App
    BINDINGS: ClassVar = [Binding("escape,f10,ctrl+q,ctrl+c", "leave", show=False, priority=True)]

    def __init__(self, machines: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self._machines = tuple(machines)

    def compose(self) -> ComposeResult:
        """Title, machines, keys."""
        name = Content.styled(" ardoise ", "bold $strong on $lit-strong")
        yield Static(
            Content.assemble(name, "  ", Content.styled(f" SPECIMEN · {_('simulated machines')} ", ACT_STYLE)),
            id="top",
        )
        yield Static(Content.styled(_("Which machine is to be opened?"), "bold $strong"), id="machine")
        with Container(id="left", classes="framed"):
            yield OptionList(*[self._option(*m) for m in self._machines], id="rows", markup=False)
        yield KeyLine([Action("Enter", _("open"), "choose", primary=True), Action("Esc", _("quit"), "app.leave")])

    def on_mount(self) -> None:
        """Dress; focus the list."""
        dress(self)
        self.query_one("#rows").focus()

    def _option(self, name: str, title: str, description: str) -> Option:
        text = Content.assemble(
            Content.styled(screen_text(title, 70), "bold $strong"),
            "\n",
            Content.styled(prose(description, 300), "$quiet"),
            "\n",
        )
        return Option(text, id=name)

    @on(OptionList.OptionSelected)
    def _chosen(self, message: OptionList.OptionSelected) -> None:
        self.exit(message.option.id)

    def action_choose(self) -> None:
        """Choose the highlighted machine."""
        self.query_one("#rows", OptionList).action_select()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours that the style sheet names and Textual does not know."""
        return dict(SLATE.variables)

    def action_leave(self) -> None:
        """Choose none."""
        self.exit(None)
