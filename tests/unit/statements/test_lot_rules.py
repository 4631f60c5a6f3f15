"""What a lot may conclude from its entries: rules that only ever take away."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from agent.model.acceptance import Decision
from agent.model.destruction import DestructionTechnique
from agent.model.drive import SerialSource
from agent.model.intake import IntakeMachine
from agent.model.lot import ExceptionKind, LotEntry, LotHeadline, LotIntake, LotPolicy
from agent.model.lot_rules import Conclusion, conclude
from agent.model.record import Headline, Outcome
from agent.model.sanitization import Method
from tests.samples import sample_record, throwaway_pki
from tests.statement_samples import accepted, destroyed, destruction, entry

LENIENT = LotPolicy(Method.CLEAR, acceptance_required=False, acceptor_may_be_operator=False)


def _entry(kind: str = "laptop", number: int = 1, **changes: object) -> LotEntry:
    made = entry(sample_record(kind, number=number, sequence=number))
    return replace(made, **{"serial": f"PF{number:06d}", "asset_tag": "", **changes})


def _failed(made: LotEntry) -> LotEntry:
    media = tuple(replace(m, outcome=Outcome.FAILED, level_reached=Method.NONE) for m in made.media)
    return replace(made, media=media, headline=Headline.INCOMPLETE)


def _later(made: LotEntry, number: int, **changes: object) -> LotEntry:
    """Another record of the same machine and media, by the same station."""
    return replace(
        made,
        record_sha256=f"{number:064x}",
        sequence=made.sequence + number,
        record_id=f"later {number}",
        **changes,
    )  # type: ignore[arg-type]


def _concluded(*entries: LotEntry, policy: LotPolicy = LENIENT, **more: object) -> Conclusion:
    options = {"destructions": (), "intake": None, **more}
    return conclude(entries, options["destructions"], options["intake"], policy)


def _kinds(found: Conclusion) -> list[ExceptionKind]:
    return [each.kind for each in found.exceptions]


def test_a_lot_of_sanitized_machines_is_sanitized():
    found = _concluded(_entry(number=1), _entry("tablet", number=2))
    assert (found.headline, found.exceptions) == (LotHeadline.SANITIZED, ())
    totals = found.totals
    assert (totals.machines, totals.machines_sanitized, totals.media, totals.media_sanitized) == (2, 2, 2, 2)


def test_an_empty_lot_proves_nothing():
    assert _concluded().headline is LotHeadline.INCOMPLETE


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.SANITIZED])
def test_every_other_outcome_is_an_open_exception(outcome: Outcome):
    made = _entry()
    made = replace(made, media=(replace(made.media[0], outcome=outcome),))
    found = _concluded(made)
    assert (found.headline, _kinds(found)) == (LotHeadline.INCOMPLETE, [ExceptionKind.NOT_SANITIZED])
    assert found.exceptions[0].outcome == outcome.value
    assert found.totals.media_open == 1


def test_clear_is_not_enough_where_the_lot_asks_for_purge():
    found = _concluded(_entry(), policy=replace(LENIENT, level_required=Method.PURGE))
    assert (found.headline, _kinds(found)) == (LotHeadline.INCOMPLETE, [ExceptionKind.LEVEL_BELOW])


def test_a_machine_that_was_announced_and_has_no_record_is_missing():
    there = IntakeMachine("", "pf000001 ", "laptop", "", "", "", "")
    gone = IntakeMachine("CD35-9", "", "laptop", "", "", "", "")
    found = _concluded(_entry(), intake=LotIntake("00" * 32, (there, gone)))
    assert (found.headline, _kinds(found)) == (LotHeadline.INCOMPLETE, [ExceptionKind.MISSING])
    assert found.exceptions[0].asset_tag == "CD35-9"
    assert (found.totals.announced, found.totals.machines_missing) == (2, 1)


def test_a_maker_s_filler_finds_no_machine():
    """Two machines that both say "To be filled by O.E.M." are not one, and neither is the one announced."""
    announced = IntakeMachine("CD35-1", "To be filled by O.E.M.", "desktop", "", "", "", "")
    made = _entry(serial="To be filled by O.E.M.")
    found = _concluded(
        made, _entry(number=2, serial="To be filled by O.E.M."), intake=LotIntake("00" * 32, (announced,))
    )
    assert found.totals.machines == 2
    assert ExceptionKind.MISSING in _kinds(found)


def test_nobody_can_tell_what_is_missing_without_a_receipt():
    assert _concluded(_entry()).totals.announced is None


def test_a_later_record_decides_and_both_are_told():
    first = _failed(_entry())
    good = replace(_later(_entry(), 2), headline=Headline.SANITIZED)
    found = _concluded(first, good)
    assert found.headline is LotHeadline.SANITIZED
    assert _kinds(found) == [ExceptionKind.SUPERSEDED]
    assert (found.totals.records, found.totals.machines, found.totals.media) == (2, 1, 1)


def test_a_failure_after_a_success_is_a_failure():
    first = _entry()
    found = _concluded(first, _failed(_later(first, 2)))
    assert found.headline is LotHeadline.INCOMPLETE
    assert ExceptionKind.NOT_SANITIZED in _kinds(found)


def test_the_station_s_own_order_counts_more_than_its_clock():
    first = _entry()
    second = _failed(_later(first, 2, issued_at=first.issued_at - timedelta(days=4000)))
    assert _concluded(first, second).headline is LotHeadline.INCOMPLETE


def test_the_worse_record_decides_where_a_clock_was_wrong():
    good = _entry()
    bad = _failed(
        _later(good, 2, station="stick-b", clock_plausible=False, issued_at=good.issued_at - timedelta(days=9))
    )
    for order in ((good, bad), (bad, good)):
        assert _concluded(*order).headline is LotHeadline.INCOMPLETE


def test_a_medium_that_moved_is_judged_where_it_was_last():
    """A disk fails in one machine and is sanitized in another: both machines are done, the disk counts once."""
    made = _entry(number=1)
    other = replace(_entry("tablet", number=2), media=(*_entry("tablet", number=2).media, *made.media))
    found = _concluded(_failed(made), other)
    assert found.headline is LotHeadline.SANITIZED
    assert (found.totals.machines_sanitized, found.totals.media) == (2, 2)


def test_a_destroyed_medium_is_accounted_for():
    server = _entry("server", number=3)
    bad = next(m for m in server.media if m.outcome is Outcome.FAILED)
    done = destroyed(destruction(throwaway_pki(), serial=bad.serial))
    found = _concluded(server, destructions=(replace(done, model=bad.model),))
    assert (found.headline, _kinds(found)) == (LotHeadline.ACCOUNTED_FOR, [ExceptionKind.DESTROYED])
    assert (found.totals.media_destroyed, found.totals.machines_settled) == (1, 1)


@pytest.mark.parametrize("technique", ["drill", "cut", "bend"])
def test_a_hole_is_no_destruction(technique: str):
    server = _entry("server", number=3)
    bad = next(m for m in server.media if m.outcome is Outcome.FAILED)
    done = destroyed(destruction(throwaway_pki(), technique=DestructionTechnique(technique), serial=bad.serial))
    found = _concluded(server, destructions=(replace(done, model=bad.model),))
    assert found.headline is LotHeadline.INCOMPLETE
    assert _kinds(found) == [ExceptionKind.NOT_SANITIZED, ExceptionKind.DAMAGED]


def test_a_destruction_of_another_medium_changes_nothing():
    server = _entry("server", number=3)
    found = _concluded(server, destructions=(destroyed(destruction(throwaway_pki(), serial="OTHER1")),))
    assert found.headline is LotHeadline.INCOMPLETE


def test_no_drive_found_is_told_and_a_hidden_controller_is_open():
    assert _concluded(_entry("no-drive")).headline is LotHeadline.ACCOUNTED_FOR
    found = _concluded(_entry(whole=False, headline=Headline.INCOMPLETE))
    assert (found.headline, _kinds(found)) == (LotHeadline.INCOMPLETE, [ExceptionKind.NOT_REACHED])


def test_acceptance_as_the_lot_s_policy_asks():
    strict = replace(LENIENT, acceptance_required=True)
    assert _kinds(_concluded(_entry(), policy=strict)) == [ExceptionKind.NOT_ACCEPTED]
    assert _kinds(_concluded(accepted(_entry()), policy=strict)) == []
    own = accepted(_entry(), validator="op-7f3a")
    assert _kinds(_concluded(own, policy=strict)) == [ExceptionKind.SELF_ACCEPTED]
    assert _concluded(own, policy=strict).totals.accepted == 0
    assert _kinds(_concluded(own, policy=replace(strict, acceptor_may_be_operator=True))) == []
    rejected = accepted(_entry(), decision=Decision.REJECT)
    assert _concluded(rejected).headline is LotHeadline.INCOMPLETE


def test_the_order_of_the_entries_changes_nothing():
    entries = (
        _failed(_entry(number=1)),
        _entry("server", number=3),
        _entry("no-drive", number=5),
        _entry(number=2),
    )
    assert _concluded(*entries) == _concluded(*reversed(entries))
    same = (_failed(_entry()), _later(_entry(), 2), _later(_failed(_entry()), 3, station="stick-b"))
    assert _concluded(*same) == _concluded(*reversed(same))


def test_two_drives_with_one_serial_number_in_one_machine_are_two():
    made = _entry()
    twice = replace(made, media=(made.media[0], replace(made.media[0], outcome=Outcome.FAILED)))
    found = _concluded(twice)
    assert (found.totals.media, found.totals.media_open) == (2, 1)


def _numbered(made: LotEntry, digest: int, **changes: object) -> LotEntry:
    return replace(made, record_sha256=f"{digest:064x}", record_id=f"record {digest}", **changes)


@pytest.mark.parametrize("digests", list(permutations((1, 2, 3))))
def test_a_failure_that_nobody_can_put_in_order_counts_whatever_the_digests_are(digests: tuple[int, ...]):
    """A station fails, another with a dead clock fails, the first succeeds: the second failure may be the last."""
    first, lost, last = digests
    failed = _numbered(_failed(_entry()), first, sequence=1)
    undated = _numbered(_failed(_entry()), lost, sequence=1, station="stick-b", clock_plausible=False)
    found = _concluded(failed, undated, _numbered(_entry(), last, sequence=2))
    assert (found.headline, found.totals.media_open) == (LotHeadline.INCOMPLETE, 1)


@pytest.mark.parametrize("digests", list(permutations((1, 2))))
def test_of_two_records_with_one_number_the_worse_decides(digests: tuple[int, ...]):
    failed, good = (
        _numbered(made, digest) for made, digest in zip((_failed(_entry()), _entry()), digests, strict=True)
    )
    assert _concluded(failed, good).headline is LotHeadline.INCOMPLETE


def test_orders_that_contradict_each_other_leave_the_worst():
    """By its number A comes before B, by the clocks B before C and C before A."""
    first = _entry().issued_at
    a = _numbered(_failed(_entry()), 1, sequence=1, issued_at=first + timedelta(hours=3))
    b = _numbered(_entry(), 2, sequence=2, issued_at=first)
    c = _numbered(_entry(), 3, sequence=1, station="stick-b", issued_at=first + timedelta(hours=2))
    assert _concluded(a, b, c).headline is LotHeadline.INCOMPLETE


@pytest.mark.parametrize("digests", list(permutations((1, 2))))
def test_a_rejected_record_counts_where_nobody_can_tell_which_is_the_last(digests: tuple[int, ...]):
    rejected = _numbered(accepted(_entry(), decision=Decision.REJECT), digests[0], clock_plausible=False)
    other = _numbered(accepted(_entry()), digests[1], station="stick-b")
    assert ExceptionKind.REJECTED in _kinds(_concluded(rejected, other))


def test_one_destruction_does_not_settle_two_drives_with_one_serial_number():
    made = _failed(_entry())
    twice = replace(made, media=(made.media[0], made.media[0]))
    model, serial = made.media[0].model, made.media[0].serial
    done = replace(destroyed(destruction(throwaway_pki(), serial=serial)), model=model)
    once = _concluded(twice, destructions=(done, done))
    assert (once.headline, once.totals.media_open) == (LotHeadline.INCOMPLETE, 2)
    both = _concluded(twice, destructions=(done, replace(done, statement_sha256="02" * 32)))
    assert (both.headline, both.totals.media_destroyed) == (LotHeadline.ACCOUNTED_FOR, 2)


def test_one_record_is_not_two_of_the_machines_announced():
    """The serial number of one and the property number of another: one of both is not there."""
    one = IntakeMachine("T-1", "PF000001", "laptop", "", "", "", "")
    other = IntakeMachine("T-2", "PF000002", "laptop", "", "", "", "")
    found = _concluded(_entry(asset_tag="T-2"), intake=LotIntake("ab" * 32, (one, other)))
    assert (found.headline, found.totals.machines_missing) == (LotHeadline.INCOMPLETE, 1)
    assert [each.machine_serial for each in found.exceptions] == ["PF000002"]


def test_a_machine_announced_twice_needs_two_records():
    twice = IntakeMachine("", "PF000001", "laptop", "", "", "", "")
    found = _concluded(_entry(), intake=LotIntake("ab" * 32, (twice, twice)))
    assert (found.headline, found.totals.machines_missing) == (LotHeadline.INCOMPLETE, 1)


def test_a_headline_that_no_medium_explains_is_open():
    """Whoever signs a lot by hand can't list an incomplete machine with good media only."""
    assert _concluded(_entry(headline=Headline.INCOMPLETE)).headline is LotHeadline.INCOMPLETE


def test_two_disks_read_through_one_bridge_are_two():
    """A bridge says its own model and serial number for every disk: the second one's success is not the first one's."""
    record = sample_record("laptop")
    identity = replace(record.drives[0].identity, serial_source=SerialSource.BRIDGE)
    bridged = replace(record, drives=(replace(record.drives[0], identity=identity),))
    first = replace(_failed(entry(bridged)), record_sha256="01" * 32)
    second = replace(entry(bridged), record_sha256="02" * 32, sequence=2)
    found = _concluded(first, second)
    assert (found.headline, found.totals.media, found.totals.media_open) == (LotHeadline.INCOMPLETE, 2, 1)
    done = replace(destroyed(destruction(throwaway_pki(), serial=identity.serial)), model=identity.model)
    assert _concluded(first, second, destructions=(done,)).totals.media_destroyed == 0
