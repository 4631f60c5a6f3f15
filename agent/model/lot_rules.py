"""What a lot's entries support: exceptions, totals and headline, derived the same way where a lot is sealed and verified.

The rules only ever take away: a medium counts as sanitized where the record that decides says so and reached the lot's
level; where two records can't be put in order, the worse one decides.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce

from agent.model.acceptance import Decision
from agent.model.destruction import DestructionResult
from agent.model.drive import is_placeholder
from agent.model.intake import IntakeMachine
from agent.model.lot import (
    ExceptionKind,
    LotDestruction,
    LotEntry,
    LotException,
    LotHeadline,
    LotIntake,
    LotMedium,
    LotPolicy,
    LotTotals,
)
from agent.model.record import Headline, Outcome

Key = tuple[str, ...]


@dataclass(frozen=True)
class Conclusion:
    """What the evidence of a lot supports."""

    headline: LotHeadline
    totals: LotTotals
    exceptions: tuple[LotException, ...]


def conclude(
    entries: tuple[LotEntry, ...],
    destructions: tuple[LotDestruction, ...],
    intake: LotIntake | None,
    policy: LotPolicy,
) -> Conclusion:
    """Exceptions, totals and headline of these entries; the same entries in another order give the same."""
    view = _LotView(entries, destructions, policy)
    machines = [_judge(view, group) for group in view.groups]
    missing, unannounced = _compare(intake, view)
    exceptions = [found for machine in machines for found in machine.exceptions]
    exceptions += [_of_announced(machine) for machine in missing]
    exceptions += [_of_entry(ExceptionKind.NOT_ANNOUNCED, entry) for entry in unannounced]
    ordered = tuple(sorted(exceptions, key=_rank))
    return Conclusion(
        headline=_headline(entries, ordered),
        totals=_totals(view, machines, intake, len(missing)),
        exceptions=ordered,
    )


def medium_key(model: str, serial: str, wwn: str) -> Key | None:
    """What tells a medium from any other across records; None where its serial number says nothing."""
    return None if is_placeholder(serial) else (model.strip().lower(), serial.strip().lower(), wwn.strip().lower())


def machine_key(manufacturer: str, model: str, serial: str, asset_tag: str) -> Key | None:
    """What tells a machine from any other across records; None where its maker left only fillers."""
    if not is_placeholder(serial):
        return ("serial", manufacturer.strip().lower(), model.strip().lower(), serial.strip().lower())
    return None if is_placeholder(asset_tag) else ("tag", asset_tag.strip().lower())


@dataclass(frozen=True)
class _Sight:
    """One medium as one record saw it."""

    entry: LotEntry
    medium: LotMedium


@dataclass(frozen=True)
class _Machine:
    """A machine after judgement."""

    status: str
    exceptions: tuple[LotException, ...]
    sanitized: int
    destroyed: int
    open: int
    accepted: bool


@dataclass(frozen=True)
class _LotView:
    """The entries by machine and by medium."""

    entries: tuple[LotEntry, ...]
    destructions: tuple[LotDestruction, ...]
    policy: LotPolicy

    @cached_property
    def groups(self) -> list[list[LotEntry]]:
        """The records of each machine."""
        groups: dict[Key, list[LotEntry]] = defaultdict(list)
        for entry in self.entries:
            key = machine_key(entry.manufacturer, entry.model, entry.serial, entry.asset_tag)
            groups[key or ("record", entry.record_sha256)].append(entry)
        return [groups[key] for key in sorted(groups)]

    @cached_property
    def sights(self) -> dict[Key, list[_Sight]]:
        """Every record's sight of each medium."""
        sights: dict[Key, list[_Sight]] = defaultdict(list)
        for entry in self.entries:
            for number, medium in enumerate(entry.media):
                sights[key_in(entry, number)].append(_Sight(entry, medium))
        return sights

    @cached_property
    def destroyed(self) -> dict[Key, DestructionResult]:
        """The best result for each medium that a destruction record names."""
        results: dict[Key, DestructionResult] = {}
        for done in self.destructions:
            key = _loose(done.model, done.serial)
            if key and results.get(key) is not DestructionResult.DESTROY:
                results[key] = done.result
        return results

    def is_sanitized(self, sight: _Sight) -> bool:
        """Whether this record sanitized the medium to the lot's level."""
        medium = sight.medium
        return medium.outcome is Outcome.SANITIZED and medium.level_reached.rank >= self.policy.level_required.rank

    def deciding(self, key: Key) -> _Sight:
        """The latest sight of a medium, the worse one where their order is not known."""
        return reduce(self._later, sorted(self.sights[key], key=lambda s: s.entry.record_sha256))

    def _later(self, one: _Sight, other: _Sight) -> _Sight:
        order = _order(one.entry, other.entry)
        if order:
            return other if order > 0 else one
        return one if not self.is_sanitized(one) else other

    def destruction_of(self, medium: LotMedium) -> DestructionResult | None:
        """How far a medium was destroyed, None where nobody says so."""
        key = _loose(medium.model, medium.serial)
        return self.destroyed.get(key) if key else None


def key_in(entry: LotEntry, number: int) -> Key:
    """The key of a record's medium; one without a serial number of its own is only ever itself."""
    keys = [medium_key(medium.model, medium.serial, medium.wwn) for medium in entry.media]
    key = keys[number]
    return key if key and keys.count(key) == 1 else ("medium", entry.record_sha256, str(number))


def _loose(model: str, serial: str) -> Key | None:
    # A label shows no WWN, so a destruction by hand can't name one.
    return None if is_placeholder(serial) else (model.strip().lower(), serial.strip().lower())


def _order(one: LotEntry, other: LotEntry) -> int:
    """1 where `other` is later, -1 where it is earlier, 0 where nobody can tell."""
    if one.station == other.station:
        return 1 if other.sequence > one.sequence else -1
    if not one.clock_plausible or not other.clock_plausible or one.issued_at == other.issued_at:
        return 0
    return 1 if other.issued_at > one.issued_at else -1


def _latest(group: list[LotEntry]) -> LotEntry:
    def later(one: LotEntry, other: LotEntry) -> LotEntry:
        order = _order(one, other)
        if order:
            return other if order > 0 else one
        return other if one.headline is Headline.SANITIZED else one

    return reduce(later, sorted(group, key=lambda e: e.record_sha256))


def _judge(view: _LotView, group: list[LotEntry]) -> _Machine:
    latest = _latest(group)
    exceptions = [_of_entry(ExceptionKind.SUPERSEDED, entry) for entry in group if entry is not latest]
    exceptions += _acceptance_exceptions(view.policy, latest)
    keys = sorted({key_in(entry, number) for entry in group for number in range(len(entry.media))})
    counts = {"sanitized": 0, "destroyed": 0, "open": 0}
    for key in keys:
        state, found = _judge_medium(view, key, latest)
        counts[state] += 1
        exceptions += found
    if not latest.whole:
        exceptions.append(_of_entry(ExceptionKind.NOT_REACHED, latest))
    if not keys and latest.whole:
        exceptions.append(_of_entry(ExceptionKind.NO_MEDIUM, latest))
    return _Machine(
        _status(latest, counts), tuple(exceptions), **counts, accepted=_is_accepted(view.policy, latest)
    )


def _judge_medium(view: _LotView, key: Key, latest: LotEntry) -> tuple[str, list[LotException]]:
    sight = view.deciding(key)
    destruction = view.destruction_of(sight.medium)
    if destruction is DestructionResult.DESTROY:
        return "destroyed", [_of_medium(ExceptionKind.DESTROYED, sight)]
    if view.is_sanitized(sight):
        return "sanitized", []
    # A medium that another machine's later record decides is told there, once.
    found = [_of_medium(_why(view, sight), sight)] if sight.entry is latest or not _seen_in(latest, key) else []
    if destruction is DestructionResult.DAMAGED:
        found.append(_of_medium(ExceptionKind.DAMAGED, sight))
    return "open", found


def _why(view: _LotView, sight: _Sight) -> ExceptionKind:
    below = sight.medium.outcome is Outcome.SANITIZED and not view.is_sanitized(sight)
    return ExceptionKind.LEVEL_BELOW if below else ExceptionKind.NOT_SANITIZED


def _seen_in(entry: LotEntry, key: Key) -> bool:
    return any(key_in(entry, number) == key for number in range(len(entry.media)))


def _status(latest: LotEntry, counts: dict[str, int]) -> str:
    if not latest.whole or counts["open"]:
        return "incomplete"
    if counts["destroyed"]:
        return "settled"
    return "sanitized" if counts["sanitized"] else "without medium"


def _acceptance_exceptions(policy: LotPolicy, entry: LotEntry) -> list[LotException]:
    decision = entry.acceptance
    if decision is not None and decision.decision is Decision.REJECT:
        return [_of_entry(ExceptionKind.REJECTED, entry)]
    if decision is not None and decision.validator == entry.operator and not policy.acceptor_may_be_operator:
        return [_of_entry(ExceptionKind.SELF_ACCEPTED, entry)]
    if decision is None and policy.acceptance_required:
        return [_of_entry(ExceptionKind.NOT_ACCEPTED, entry)]
    return []


def _is_accepted(policy: LotPolicy, entry: LotEntry) -> bool:
    return entry.acceptance is not None and not _acceptance_exceptions(policy, entry)


def _compare(intake: LotIntake | None, view: _LotView) -> tuple[list[IntakeMachine], list[LotEntry]]:
    """The machines announced without a record, and a record of each machine that nobody announced."""
    if intake is None:
        return [], []
    serials = {e.serial.strip().lower() for e in view.entries if not is_placeholder(e.serial)}
    tags = {e.asset_tag.strip().lower() for e in view.entries if not is_placeholder(e.asset_tag)}
    missing = [
        m for m in intake.machines if m.serial.strip().lower() not in serials and not _tagged(m.asset_tag, tags)
    ]
    announced = {m.serial.strip().lower() for m in intake.machines if not is_placeholder(m.serial)}
    announced_tags = {m.asset_tag.strip().lower() for m in intake.machines if not is_placeholder(m.asset_tag)}
    latest = [_latest(group) for group in view.groups]
    return missing, [
        e for e in latest if e.serial.strip().lower() not in announced and not _tagged(e.asset_tag, announced_tags)
    ]


def _tagged(asset_tag: str, tags: set[str]) -> bool:
    return asset_tag.strip().lower() in tags


def _headline(entries: tuple[LotEntry, ...], exceptions: tuple[LotException, ...]) -> LotHeadline:
    if not entries or any(found.kind.is_open for found in exceptions):
        return LotHeadline.INCOMPLETE
    noted = {ExceptionKind.DESTROYED, ExceptionKind.NO_MEDIUM, ExceptionKind.NOT_ANNOUNCED}
    return LotHeadline.ACCOUNTED_FOR if any(found.kind in noted for found in exceptions) else LotHeadline.SANITIZED


def _totals(view: _LotView, machines: list[_Machine], intake: LotIntake | None, missing: int) -> LotTotals:
    def count(status: str) -> int:
        return sum(machine.status == status for machine in machines)

    states = [_medium_state(view, key) for key in view.sights]
    return LotTotals(
        announced=None if intake is None else len(intake.machines),
        machines=len(machines),
        machines_sanitized=count("sanitized"),
        machines_settled=count("settled"),
        machines_incomplete=count("incomplete"),
        machines_without_medium=count("without medium"),
        machines_missing=missing,
        records=len(view.entries),
        media=len(states),
        media_sanitized=states.count("sanitized"),
        media_destroyed=states.count("destroyed"),
        media_open=states.count("open"),
        accepted=sum(machine.accepted for machine in machines),
    )


def _medium_state(view: _LotView, key: Key) -> str:
    sight = view.deciding(key)
    if view.destruction_of(sight.medium) is DestructionResult.DESTROY:
        return "destroyed"
    return "sanitized" if view.is_sanitized(sight) else "open"


def _rank(found: LotException) -> tuple[str | int, ...]:
    kinds: Iterable[ExceptionKind] = ExceptionKind
    return (
        list(kinds).index(found.kind), found.machine_serial, found.asset_tag, found.medium_serial, found.record_sha256,
    )  # fmt: skip


def _of_entry(kind: ExceptionKind, entry: LotEntry) -> LotException:
    model = f"{entry.manufacturer} {entry.model}".strip()
    return LotException(
        kind, model, entry.serial, entry.asset_tag, "", "", entry.headline.value, entry.record_sha256
    )


def _of_medium(kind: ExceptionKind, sight: _Sight) -> LotException:
    entry, medium = sight.entry, sight.medium
    model = f"{entry.manufacturer} {entry.model}".strip()
    return LotException(
        kind, model, entry.serial, entry.asset_tag, medium.model, medium.serial, medium.outcome.value, entry.record_sha256,
    )  # fmt: skip


def _of_announced(machine: IntakeMachine) -> LotException:
    model = f"{machine.manufacturer} {machine.model}".strip()
    return LotException(ExceptionKind.MISSING, model, machine.serial, machine.asset_tag, "", "", "", "")
