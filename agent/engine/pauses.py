"""Pauses as a record tells them: those of a running job, and those that a journal holds of a job that was cut off."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from agent.engine.journal import Event, PauseEvent
from agent.model.job import Pause

MOST_LISTED = 32
"""So many are listed with their times; a drive in a hot place may stop and go for days."""


class PauseList:
    """The pauses of a job in their order; those that are too many are added to the last one of their reason."""

    def __init__(self) -> None:
        self._kept: list[Pause] = []

    @property
    def listed(self) -> tuple[Pause, ...]:
        """All of them."""
        return tuple(self._kept)

    def add(self, pause: Pause) -> None:
        """Note one that is over."""
        alike = [i for i, kept in enumerate(self._kept) if kept.reason is pause.reason]
        if len(self._kept) < MOST_LISTED or not alike:
            self._kept.append(pause)
            return
        last = self._kept[alike[-1]]
        self._kept[alike[-1]] = replace(
            last, duration_ms=last.duration_ms + pause.duration_ms, count=last.count + pause.count
        )


def pauses_in(events: Sequence[Event], ended: datetime) -> tuple[Pause, ...]:
    """The pauses that these events of one job tell, by wall time; one without an end lasted until `ended`."""
    found, begun = PauseList(), None
    for event in events:
        if not isinstance(event, PauseEvent):
            continue
        if begun is not None:
            found.add(_between(begun, event.at))
        begun = event if event.began else None
    if begun is not None:
        found.add(_between(begun, max(ended, begun.at)))
    return found.listed


def _between(begun: PauseEvent, end: datetime) -> Pause:
    return Pause(begun.reason, begun.detail, begun.at, max(0, round((end - begun.at).total_seconds() * 1000)))
