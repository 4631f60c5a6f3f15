"""What a lot's entries support: exceptions, totals and headline, derived the same way where a lot is sealed and verified.

The rules only ever take away: a medium counts as sanitized where the record that decides says so and reached the lot's
level; where two records can't be put in order, the worse one decides.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

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
from agent.model.lot_order import Badness, deciding
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
    def destroyed(self) -> dict[Key, dict[str, DestructionResult]]:
        """What each destruction record says, for each medium that one names."""
        results: dict[Key, dict[str, DestructionResult]] = defaultdict(dict)
        for done in self.destructions:
            if key := _loose(done.model, done.serial):
                results[key][done.statement_sha256] = done.result
        return results

    @cached_property
    def alike(self) -> dict[Key, int]:
        """How many media of one machine bear the same model and serial number, the most that any record saw."""
        most: dict[Key, int] = {}
        for entry in self.entries:
            for key, count in Counter(_loose(m.model, m.serial) for m in entry.media).items():
                if key:
                    most[key] = max(most.get(key, 0), count)
        return most

    def is_sanitized(self, sight: _Sight) -> bool:
        """Whether this record sanitized the medium to the lot's level."""
        medium = sight.medium
        return medium.outcome is Outcome.SANITIZED and medium.level_reached.rank >= self.policy.level_required.rank

    def deciding(self, key: Key) -> _Sight:
        """The latest sight of a medium, the worse one where their order is not known."""
        return deciding(self.sights[key], lambda sight: sight.entry, lambda sight: (not self.is_sanitized(sight),))

    def destruction_of(self, medium: LotMedium) -> DestructionResult | None:
        """How far a medium was destroyed, None where nobody says so, or not of as many as look alike."""
        key = _loose(medium.model, medium.serial)
        results = list(self.destroyed.get(key, {}).values()) if key else []
        if key and results.count(DestructionResult.DESTROY) >= self.alike.get(key, 1):
            return DestructionResult.DESTROY
        return DestructionResult.DAMAGED if DestructionResult.DAMAGED in results else None


def key_in(entry: LotEntry, number: int) -> Key:
    """The key of a record's medium; one without a serial number of its own is only ever itself."""
    keys = [medium_key(medium.model, medium.serial, medium.wwn) for medium in entry.media]
    key = keys[number]
    return key if key and keys.count(key) == 1 else ("medium", entry.record_sha256, str(number))


def _loose(model: str, serial: str) -> Key | None:
    # A label shows no WWN, so a destruction by hand can't name one.
    return None if is_placeholder(serial) else (model.strip().lower(), serial.strip().lower())


def _latest(view: _LotView, group: list[LotEntry]) -> LotEntry:
    """The record of a machine that decides, by the same rule as for a medium."""

    def badness(entry: LotEntry) -> Badness:
        kinds = {found.kind for found in _acceptance_exceptions(view.policy, entry)}
        return (
            not _is_reached(entry),
            entry.headline is not Headline.SANITIZED,
            ExceptionKind.REJECTED in kinds,
            bool(kinds),
        )

    return deciding(group, lambda entry: entry, badness)


def _is_reached(entry: LotEntry) -> bool:
    """Whether the record saw all of its machine; a headline that its media don't explain says that it did not."""
    explained = entry.headline is not Headline.INCOMPLETE or any(
        medium.outcome is not Outcome.SANITIZED for medium in entry.media
    )
    return entry.whole and explained


def _judge(view: _LotView, group: list[LotEntry]) -> _Machine:
    latest = _latest(view, group)
    exceptions = [_of_entry(ExceptionKind.SUPERSEDED, entry) for entry in group if entry is not latest]
    exceptions += _acceptance_exceptions(view.policy, latest)
    keys = sorted({key_in(entry, number) for entry in group for number in range(len(entry.media))})
    counts = {"sanitized": 0, "destroyed": 0, "open": 0}
    for key in keys:
        state, found = _judge_medium(view, key, latest)
        counts[state] += 1
        exceptions += found
    if not _is_reached(latest):
        exceptions.append(_of_entry(ExceptionKind.NOT_REACHED, latest))
    if not keys and _is_reached(latest):
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
    if not _is_reached(latest) or counts["open"]:
        return "incomplete"
    if counts["destroyed"]:
        return "settled"
    return "sanitized" if counts["sanitized"] else "without medium"


def _acceptance_exceptions(policy: LotPolicy, entry: LotEntry) -> list[LotException]:
    decision = entry.acceptance
    if decision is not None and decision.decision is Decision.REJECT:
        return [_of_entry(ExceptionKind.REJECTED, entry)]
    if (
        decision is not None
        and decision.validator.lower() == entry.operator.lower()
        and not policy.acceptor_may_be_operator
    ):
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
    latest = [_latest(view, group) for group in view.groups]
    # Each record stands for one machine: by serial numbers first, the property numbers find what is left.
    left, rest = _matched(intake.machines, latest, lambda each: _folded(each.serial))
    return _matched(left, rest, lambda each: _folded(each.asset_tag))


def _matched(
    announced: Iterable[IntakeMachine], entries: list[LotEntry], name: Callable[[IntakeMachine | LotEntry], str]
) -> tuple[list[IntakeMachine], list[LotEntry]]:
    """What is left of both once those of one name are put together, each once."""
    by_name: dict[str, list[LotEntry]] = defaultdict(list)
    for entry in entries:
        if name(entry):
            by_name[name(entry)].append(entry)
    missing = []
    for machine in announced:
        if same := by_name.get(name(machine)):
            same.pop()
        else:
            missing.append(machine)
    left = {entry.record_sha256 for same in by_name.values() for entry in same}
    return missing, [entry for entry in entries if not name(entry) or entry.record_sha256 in left]


def _folded(text: str) -> str:
    return "" if is_placeholder(text) else text.strip().lower()


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
