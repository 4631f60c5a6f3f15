"""All records of the evidence folder with their upload state."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import OptionList

from agent.text import _, ngettext
from agent.tui.glyphs import fit, screen_text
from agent.tui.page import Parts
from agent.tui.result_screen import evidence_content, media_content
from agent.tui.widgets import Action, KeyLine, RowList, TopLine, Words
from agent.tui.words import HEADLINE_SIGNS, UPLOAD_SIGNS
from agent.workflow.view import EvidenceView, UploadState

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from agent.tui.app import ArdoiseApp
    from agent.workflow.sitting import Sitting

_PULL_SECONDS = 0.5


class RecordsScreen(Parts, Screen[None]):
    """The records on this stick."""

    BINDINGS: ClassVar = [
        Binding("escape,r,R,f2", "back", show=False),
        Binding("u,U", "upload", show=False),
    ]

    @property
    def sitting(self) -> Sitting:
        """The only thing that a screen asks."""
        return cast("ArdoiseApp", self.app).sitting

    def compose(self) -> ComposeResult:
        """Top line, list, detail, keys."""
        yield TopLine(-1, self.sitting.station_view())
        yield Words(id="machine")
        with Container(id="split"):
            with Container(id="left", classes="framed"):
                yield RowList(id="rows", markup=False)
            with VerticalScroll(id="detail", classes="framed", can_focus=False):
                yield Words(id="detail-text")
        back = Action("Esc", _("back"), "back", primary=True)
        yield KeyLine(
            [back, Action("U", _("upload now"), "upload")] if self.sitting.station_view().registry else [back]
        )

    def on_mount(self) -> None:
        """Draw now and twice a second."""
        self.part("#rows", Widget).focus()
        self.pull()
        self.set_interval(_PULL_SECONDS, self.pull)

    def pull(self) -> None:
        """Draw all records as they are now."""
        records = self.sitting.uploads()
        waiting = sum(r.upload is UploadState.PENDING for r in records)
        station = self.sitting.station_view()
        count = ngettext("{n} record", "{n} records", len(records)).format(n=len(records))
        pending = ngettext("{n} waits for upload", "{n} wait for upload", waiting).format(n=waiting)
        where = screen_text(station.registry, 60) or _("no registry configured")
        self.part("#machine", Words).show(
            Content.assemble(
                Content.styled(f"{count} · {pending}", "bold $strong"), Content.styled(f"   {where}", "$quiet")
            )
        )
        rows = self.part("#rows", RowList)
        width = max(40, rows.scrollable_content_region.width - 2)
        rows.show_rows([(r.record_id, _row(r, width)) for r in records])
        left = self.part("#left", Widget)
        left.border_title = Content(_("Records"))
        self._draw_detail()

    @on(OptionList.OptionHighlighted)
    def _draw_detail(self) -> None:
        option = self.part("#rows", RowList).highlighted_option
        pane = self.part("#detail", Widget)
        pane.border_title = Content(_("Detail"))
        record = next((r for r in self.sitting.uploads() if option is not None and r.record_id == option.id), None)
        text = self.part("#detail-text", Words)
        if record is None:
            text.show(Content.styled(_("There is no record yet."), "$quiet"))
            return
        width = max(40, pane.size.width - 4)
        text.show(Content.assemble(evidence_content(record), "\n\n", media_content(record.media, width)))

    def action_upload(self) -> None:
        """Try to upload everything that waits."""
        if self.sitting.station_view().registry:
            self.sitting.upload_now()
            self.pull()

    def action_back(self) -> None:
        """Back to the work."""
        self.dismiss(None)

    action_proceed = action_back


def _row(record: EvidenceView, width: int) -> Content:
    headline = HEADLINE_SIGNS[record.headline].pill(19)
    upload = UPLOAD_SIGNS[record.upload].pill(18)
    first = record.media[0] if record.media else None
    name = f"{screen_text(first.model)} {screen_text(first.serial)}" if first else record.record_id
    room = max(8, width - 19 - 18 - 11)
    return Content.assemble(headline, f" {fit(record.record_id[-8:], 9)}", fit(name, room), " ", upload)
