"""Step 5: the headline, each medium's outcome, where the record is, and what to do next."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content

from agent.model.record import DocumentKind, Headline, Outcome
from agent.text import N_, _
from agent.tui.block_font import block_lines
from agent.tui.drive_detail import short_node
from agent.tui.glyphs import DASH, FAILED, fit, prose, screen_text
from agent.tui.page import Page
from agent.tui.told import told
from agent.tui.widgets import Action, Words
from agent.tui.words import ACT_STYLE, HEADLINE_SIGNS, OUTCOME_SIGNS, UPLOAD_SIGNS, stick_line
from agent.workflow.view import EvidenceView, MediumView, SittingView, Stage, StationView, UploadState

_OUTCOME_WIDTH = 16
_CAN_UPLOAD = frozenset({UploadState.PENDING, UploadState.QUARANTINED, UploadState.REJECTED})


class ResultScreen(Page):
    """What became of the machine; says "stable" only of a record that is."""

    STEP = 3
    stage_is_ready: ClassVar[bool] = False
    AUTO_FOCUS = "#media"
    BINDINGS: ClassVar = [
        Binding("u,U", "upload", show=False),
        Binding("n,N", "new_round", show=False),
        Binding("s,S", "save_again", show=False),
    ]

    def body(self) -> ComposeResult:
        """Huge headline, next action, media, record."""
        yield Words(id="huge")
        yield Words(id="next")
        with VerticalScroll(id="media", classes="framed"):
            yield Words(id="media-text")
        yield Words(id="record", classes="framed")

    def actions(self) -> Sequence[Action]:
        """Upload, go on, leave."""
        view = self.sitting.view()
        upload = (
            view.evidence is not None
            and view.evidence.upload in _CAN_UPLOAD
            and bool(self.sitting.station_view().registry)
        )
        shown = [Action("U", _("upload now"), "upload", primary=True)] if upload else []
        if view.stage is Stage.RECORD_FAILED:
            shown.append(Action("S", _("save again"), "save_again", primary=True))
        else:
            shown.append(Action("N", _("next round"), "new_round", primary=not upload))
        shown.append(Action("R", _("records"), "app.records"))
        shown.append(Action("F10", _("quit"), "app.request_quit"))
        return (*shown, Action("H", _("help"), "app.help"))

    def on_resize(self, _event: events.Resize) -> None:
        """Draw again in the new size."""
        self.call_after_refresh(self.pull)

    def draw(self) -> None:
        """Draw the present view."""
        view = self.sitting.view()
        self.set_class(view.stage is Stage.RECORD_FAILED, "-unrecorded")
        self._draw_huge(view)
        step = next_step(view)
        self.part("#next", Words).show(Content.assemble(stick_line(), "\n", step) if view.stick_missing else step)
        media = self.part("#media", VerticalScroll)
        media.border_title = Content(_("Media"))
        width = max(40, media.scrollable_content_region.width - 2)
        self.part("#media-text", Words).show(media_content(view.evidence.media if view.evidence else (), width))
        record = self.part("#record", Words)
        record.border_title = Content(_("Record"))
        record.show(Content.assemble(record_content(view), stick_content(view, self.sitting.station_view())))
        self.call_later(self.show_actions)

    def _draw_huge(self, view: SittingView) -> None:
        height = self.app.size.height
        headline = view.evidence.headline if view.evidence and view.stage is Stage.RECORDED else None
        word = _(HEADLINE_SIGNS[headline].word) if headline else _("NO RECORD")
        huge = self.part("#huge", Words)
        for each in Headline:
            huge.set_class(each is headline, f"-{each.name.lower()}")
        huge.set_class(headline is None, "-no-record")
        lines = block_lines(word, self.app.size.width - 4, max(5, height * 28 // 100), height)
        huge.show(Content("\n".join(lines)))

    def action_upload(self) -> None:
        """Try to upload now; the state shows how it went."""
        if self.sitting.station_view().registry:
            self.sitting.upload_now()
            self.pull()

    def action_save_again(self) -> None:
        """Try again to put the record on stable storage."""
        if self.sitting.view().stage is Stage.RECORD_FAILED:
            self.sitting.retry_record()
            self.ardoise.pull()

    def action_new_round(self) -> None:
        """Back to the drives of this machine, looked at anew."""
        if self.sitting.view().stage is not Stage.RECORDED:
            self.notify(_("The record is not saved yet."), severity="error", markup=False)
            return
        self.sitting.new_round()
        self.ardoise.inspection = None
        self.ardoise.inspect_error = None
        self.ardoise.selected.clear()
        self.ardoise.pull()


@dataclass(frozen=True)
class _Step:
    verb: str
    text: str


_HAND_OVER = _Step(N_("HAND OVER"), N_("Every medium of this machine is sanitized and verified."))
_CONNECT = _Step(
    N_("CONNECT"), N_("Sanitized and saved. Connect the network, so that the record reaches the registry.")
)
_SET_ASIDE = _Step(
    N_("SET ASIDE"), N_("Not every medium is sanitized. Keep this machine back and read the reasons below.")
)
_LOOK = _Step(N_("LOOK"), N_("No medium was found. Look whether a drive is hidden, was removed, or is defective."))
_REPORT = _Step(N_("REPORT"), N_("The registry did not accept the record. Tell whoever runs the registry."))
_PUT_BACK = _Step(N_("PUT BACK"), N_("The record is made by itself as soon as the stick is back."))
_FIX = _Step(N_("FIX"), N_("There is NO record of this run. Do not switch off, do not pull the stick."))


def choose_step(view: SittingView) -> _Step:
    """The one thing to do next."""
    evidence = view.evidence
    if view.stage is not Stage.RECORDED or evidence is None:
        return _PUT_BACK if view.stick_missing else _FIX
    if evidence.headline is Headline.INCOMPLETE:
        return _SET_ASIDE
    if evidence.headline is Headline.NO_MEDIUM_FOUND:
        return _LOOK
    if evidence.upload in {UploadState.REJECTED, UploadState.QUARANTINED}:
        return _REPORT
    return _CONNECT if evidence.upload is UploadState.PENDING else _HAND_OVER


def next_step(view: SittingView) -> Content:
    """The next action as a verb on yellow, and one sentence."""
    step = choose_step(view)
    return Content.assemble(Content.styled(f" → {_(step.verb)} ", ACT_STYLE), "  ", _(step.text))


def media_content(media: tuple[MediumView, ...], width: int) -> Content:
    """One line for each medium, a second one where it has a reason."""
    lines = []
    levels = [_("level {level}").format(level=m.level_reached) for m in media if m.outcome is Outcome.SANITIZED]
    room = width - _OUTCOME_WIDTH - 26 - max(map(len, levels), default=0)
    for medium in sorted(media, key=lambda m: m.outcome is Outcome.SANITIZED):
        sign = OUTCOME_SIGNS[medium.outcome]
        serial = screen_text(medium.serial, 80)
        tail = serial if len(serial) <= 12 else "…" + serial[-10:]
        level = _("level {level}").format(level=medium.level_reached) if medium.outcome is Outcome.SANITIZED else ""
        model = fit(screen_text(medium.model) or DASH, max(8, min(32, room)))
        lines.append(
            Content.assemble(
                sign.pill(_OUTCOME_WIDTH), f" {fit(short_node(medium.node), 9)} {model} {fit(tail, 12)} ", level
            )
        )
        lines += _reason_lines(medium, width)
    return Content("\n").join(lines) if lines else Content.styled(_("none"), "$quiet")


def _reason_lines(medium: MediumView, width: int) -> list[Content]:
    parts = []
    if medium.first_bad_lba is not None:
        parts.append(_("first bad LBA {lba}").format(lba=medium.first_bad_lba))
    if medium.reason:
        parts.append(prose(told(medium.reason), 300))
    indent = " " * (_OUTCOME_WIDTH + 1)
    lines = textwrap.wrap(" · ".join(parts), max(20, width - len(indent)))
    bad = medium.outcome is not Outcome.SANITIZED
    return [Content.styled(indent + line, "$failed" if bad else "$quiet") for line in lines]


def record_content(view: SittingView) -> Content:
    """Where the record is, only after it is there; or, loud, that there is none."""
    if view.stick_missing:
        return Content.styled(f" {FAILED} {_('The record could not be saved.')} ", "bold $failed")
    if view.stage is not Stage.RECORDED or view.evidence is None:
        problem = Content.styled(
            f" {FAILED} {prose(view.problem) or _('The record could not be saved.')} ", "bold $failed"
        )
        return Content.assemble(problem, "\n", Content.styled(" " + prose(view.remedy), "bold $strong"))
    return evidence_content(view.evidence)


def stick_content(view: SittingView, station: StationView) -> Content:
    """Whether the stick may be pulled: only where the system is in memory and the record on stable storage."""
    if station.from_memory is None or view.stick_missing:
        return Content("")
    if view.may_pull:
        return Content.styled("\n" + _("The stick may be pulled out now."), "$quiet")
    return Content.styled("\n" + _("Leave the stick in."), "$act")


def _document_words(evidence: EvidenceView) -> str:
    if evidence.document.name == DocumentKind.RECORD.file_name:
        return _("Record (no certificate)")
    return _("Certificate") if evidence.headline is Headline.SANITIZED else _("Certificate of some media only")


def evidence_content(evidence: EvidenceView) -> Content:
    """Folder, document, upload state of a record on stable storage."""
    kind = _document_words(evidence)
    upload = UPLOAD_SIGNS[evidence.upload].pill()
    remark = f"  {prose(evidence.upload_detail, 200)}" if evidence.upload_detail else ""
    coverage = (
        _("{n} % read back").format(n=screen_text(evidence.coverage_percent)) if evidence.coverage_percent else ""
    )
    return Content.assemble(
        _("Record is on stable storage at"), " ", Content.styled(screen_text(str(evidence.folder), 200), "bold $strong"), "\n",
        kind, ": ", Content.styled(screen_text(evidence.document.name), "bold $strong"), f"  {coverage}", "\n",
        upload, remark, "\n",
        _final_words(evidence),
    )  # fmt: skip


def _final_words(evidence: EvidenceView) -> Content:
    if evidence.final is not None:
        name = Content.styled(screen_text(evidence.final.name), "bold $strong")
        return Content.assemble(_("Final document of the registry"), ": ", name)
    return Content.styled(_("Provisional until the registry has sealed the final document."), "$quiet")
