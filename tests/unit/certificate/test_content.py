"""Nobody may claim more than the evidence supports."""

from dataclasses import replace

import pytest

from agent.certificate.content import check_evidence, check_issuer, check_specimen, content_remarks
from agent.certificate.report import FailureKind, StepFailed
from agent.model.drive import HiddenAreas, HiddenAreaState
from agent.model.firmware import CommandState, DeviceStatus, FirmwareReading, FoundObstacle, Obstacle
from agent.model.job import JobState
from agent.model.machine import Environment
from agent.model.record import Headline, Outcome, Record, SessionEnd
from agent.model.sanitization import Method
from tests.samples import KINDS, sample_record, throwaway_pki
from tests.vectors.media import erased_by_itself

TEST, REAL = throwaway_pki(), throwaway_pki(name="real", test=False)


def _drive(record: Record, **changes: object) -> Record:
    return replace(record, drives=(replace(record.drives[0], **changes), *record.drives[1:]))  # type: ignore[arg-type]


def _kind(record: Record) -> FailureKind:
    with pytest.raises(StepFailed) as failed:
        check_evidence(record)
    return failed.value.kind


@pytest.mark.parametrize("kind", KINDS)
def test_honest_records_pass(kind: str) -> None:
    assert check_evidence(sample_record(kind))


def test_more_than_the_evidence_is_refused() -> None:
    record = sample_record()
    drive = record.drives[0]
    assert drive.verification is not None
    other = replace(drive.identity, serial="ANOTHER")
    forged = [
        _drive(record, passes=()),
        _drive(record, verification=None),
        _drive(record, identity_at_open=None),
        _drive(record, identity_at_end=other),
        _drive(record, state=JobState.INTERRUPTED),
        _drive(record, level_reached=Method.PURGE),
        _drive(record, level_required=Method.PURGE),
        _drive(record, passes=(replace(drive.passes[0], bytes_written=drive.identity.capacity_bytes - 1),)),
        _drive(record, passes=(replace(drive.passes[0], error_count=1),)),
        _drive(record, verification=replace(drive.verification, bytes_matching=drive.verification.bytes_read - 1)),
        _drive(record, verification=replace(drive.verification, mismatched_sectors=1)),
        replace(record, ended=SessionEnd.CANCELLED),
        replace(record, headline=Headline.NO_MEDIUM_FOUND),
        replace(record, drives=()),
    ]
    assert {_kind(each) for each in forged} == {FailureKind.CONTRADICTION}


def test_less_than_the_evidence_is_refused_too() -> None:
    assert _kind(_drive(sample_record(), outcome=Outcome.FAILED)) is FailureKind.CONTRADICTION
    assert _kind(replace(sample_record(), headline=Headline.INCOMPLETE)) is FailureKind.CONTRADICTION


def test_a_level_belongs_to_a_sanitized_medium_only() -> None:
    server = sample_record("server")
    claimed = replace(server, drives=(*server.drives[:-1], replace(server.drives[-1], level_reached=Method.CLEAR)))
    with pytest.raises(StepFailed, match="level"):
        check_evidence(claimed)


def test_specimens() -> None:
    simulated, live = sample_record(environment=Environment.SIMULATED), sample_record()
    test, real = TEST.station.chain.signer, REAL.station.chain.signer
    assert "TEST root" in check_specimen(simulated, test)
    assert check_specimen(live, real) == check_specimen(live, test) == "not a specimen"
    for record, signer, kind in (
        (simulated, real, FailureKind.SPECIMEN),
        (replace(simulated, specimen=False), test, FailureKind.CONTRADICTION),
        (replace(live, specimen=True), test, FailureKind.CONTRADICTION),
        (replace(simulated, environment=Environment.HOST), test, FailureKind.CONTRADICTION),
    ):
        with pytest.raises(StepFailed) as failed:
            check_specimen(record, signer)
        assert failed.value.kind is kind


@pytest.mark.parametrize("field", ["organisation", "station", "certificate_sha256"])
def test_the_issuer_is_the_signer(field: str) -> None:
    signer = TEST.station.chain.signer
    record = sample_record(issuer=TEST.station.issuer)
    assert check_issuer(record, signer) == "Ateliers du Léman, station stick-a"
    with pytest.raises(StepFailed):
        check_issuer(replace(record, issuer=replace(record.issuer, **{field: "x"})), signer)


def test_what_is_remarked() -> None:
    record = sample_record(environment=Environment.HOST)
    wrong = replace(record, time=replace(record.time, clock_plausible=False))
    said = " ".join(content_remarks(wrong, TEST.station.chain.signer))
    for words in ("TEST root", "Not made in the live image: host", "clock was wrong"):
        assert words in said
    assert content_remarks(sample_record(), REAL.station.chain.signer) == []


def test_hidden_areas_that_nobody_examined_are_remarked() -> None:
    signer = REAL.station.chain.signer
    unknown = HiddenAreas(HiddenAreaState.NOT_EXAMINED)
    one = _drive(sample_record("server"), hidden_areas=unknown)
    said = "Hidden areas (HPA, DCO, AMA) of {} not examined: not covered."
    assert content_remarks(one, signer) == [said.format("1 medium were")]
    every = replace(one, drives=tuple(replace(drive, hidden_areas=unknown) for drive in one.drives))
    assert len(every.drives) == 8  # the last of them failed: its record promises nothing
    assert content_remarks(every, signer) == [said.format("7 media were")]
    assert content_remarks(sample_record("server"), signer) == []


def _found(*obstacles: Obstacle, unreached: tuple[str, ...] = ()) -> FirmwareReading:
    status = DeviceStatus(CommandState.NEVER, ("SSTAT 0x0000",))
    return FirmwareReading((), tuple(map(FoundObstacle, obstacles)), status, (), ("SANICAP 0x7",), unreached)


def test_a_part_that_no_node_leads_to_is_reached_by_an_erase_of_the_whole_drive_only() -> None:
    """NVMe: an overwrite goes to one namespace, a sanitize to the subsystem, whatever is attached."""
    record = sample_record()
    assert check_evidence(_drive(record, firmware_before=_found()))
    assert _kind(_drive(record, firmware_before=_found(unreached=("namespace 2",)))) is FailureKind.CONTRADICTION
    whole = replace(erased_by_itself(record.drives[0]), firmware_before=_found(unreached=("namespace 2",)))
    assert check_evidence(replace(record, drives=(whole,)))


@pytest.mark.parametrize("obstacle", list(Obstacle))
def test_a_drive_that_was_found_locked_took_nothing(obstacle: Obstacle) -> None:
    record = _drive(sample_record(), firmware_before=_found(obstacle))
    if obstacle in {Obstacle.LOCKED, Obstacle.OPAL_LOCKED, Obstacle.SANITIZE_RUNNING}:
        assert _kind(record) is FailureKind.CONTRADICTION
    else:
        assert check_evidence(record)
