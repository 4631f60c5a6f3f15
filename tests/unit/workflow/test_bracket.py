"""The time bracket: a record names the newest head of the log that its stick knows, and a wrong clock is said, not corrected."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.certificate.checkpoint import Checkpoint, sign_checkpoint
from agent.certificate.record import decode_record, encode_record
from agent.certificate.trust import Trust
from agent.certificate.verify import verify_record
from agent.errors import ProofInvalid
from agent.model.record import ClockCheck
from agent.registry.finals import keep_newest
from agent.registry.outbox import Outbox
from agent.workflow.bracket import newest_head, offset_remark, with_clock
from agent.workflow.publishing import publish
from agent.workflow.station import Station
from tests.samples import AT, ORIGIN, log_key, sample_record, throwaway_pki

KEY, LOG = log_key()
PKI = throwaway_pki()


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    folder = tmp_path / "evidence"
    folder.mkdir()
    return Outbox(folder)


def note(size: int, seed: str = "log") -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, size, bytes([size]) * 32), log_key(seed)[0])


def published(station: Station, outbox: Outbox) -> Path:
    record = sample_record(issuer=station.key.issuer)
    return publish(record.record_id, lambda link: replace(record, station_link=link), station, outbox, AT).folder


def test_the_newest_head_stands_in_the_record_and_proves_what_it_was_made_after(
    station: Station, outbox: Outbox
) -> None:
    (station.folder / "log.vkey").write_text(f"{LOG.text}\n")
    outbox.keep_checkpoint(7, note(7))
    outbox.keep_checkpoint(9, note(9, seed="other"))  # of a stranger: passed over
    outbox.keep_checkpoint(8, b"damaged")
    (outbox.evidence / "log-checkpoints" / "7").write_bytes(note(7))
    folder = published(station, outbox)
    data, signature = ((folder / name).read_bytes() for name in ("record.json", "record.json.p7s"))
    claimed = json.loads(data)["time"]["not_before_checkpoint"]
    assert (claimed["origin"], claimed["size"]) == (ORIGIN, "7")
    assert set(claimed) == {"origin", "size", "root", "signature"}
    known = verify_record(data, signature, Trust(PKI.trust.roots, (), (LOG,)), AT)
    assert any("own signature in it shows" in remark and "7 entries" in remark for remark in known.remarks)
    unknown = verify_record(data, signature, PKI.trust, AT)
    assert unknown.valid
    assert any("nothing given here shows" in remark for remark in unknown.remarks)


def test_two_heads_of_one_size_are_two_histories(outbox: Outbox) -> None:
    trust = Trust(PKI.trust.roots, (), (LOG,))
    keep_newest(outbox, note(7), trust)
    other = sign_checkpoint(Checkpoint(ORIGIN, 7, b"x" * 32), KEY)
    with pytest.raises(ProofInvalid, match="two histories"):
        keep_newest(outbox, other, trust)
    assert keep_newest(outbox, note(7), trust).size == 7


def test_a_head_in_the_record_that_differs_from_the_verifiers_own_is_refused(
    station: Station, outbox: Outbox
) -> None:
    (station.folder / "log.vkey").write_text(f"{LOG.text}\n")
    outbox.keep_checkpoint(7, note(7))
    folder = published(station, outbox)
    data, signature = ((folder / name).read_bytes() for name in ("record.json", "record.json.p7s"))
    for root, valid in ((bytes([7]) * 32, True), (b"x" * 32, False)):
        trust = Trust(PKI.trust.roots, (), (LOG,), Checkpoint(ORIGIN, 7, root))
        assert verify_record(data, signature, trust, AT).valid is valid


@pytest.mark.parametrize("field", ["size", "root", "signature"])
def test_a_head_that_the_log_did_not_sign_is_refused(field: str) -> None:
    from agent.certificate.cades import sign_detached  # noqa: PLC0415
    from agent.model.record import NotBefore  # noqa: PLC0415

    text, signature = note(7).decode().split("\n\n")
    root, line = text.split("\n")[2], signature.split(" ")[2].strip()
    good = NotBefore(ORIGIN, 7, root, line)
    wrong = {
        "size": 6,
        "root": note(8).decode().split("\n")[2],
        "signature": note(8).decode().split(" ")[2].strip(),
    }
    trust = Trust(PKI.trust.roots, (), (LOG,))
    for head, valid in ((good, True), (replace(good, **{field: wrong[field]}), False)):
        record = sample_record(issuer=PKI.station.issuer)
        data = encode_record(replace(record, time=replace(record.time, not_before_checkpoint=head)))
        report = verify_record(data, sign_detached(data, PKI.station, AT), trust, AT)
        assert report.valid is valid
        assert (report.failed_step.name if report.failed_step else "") == ("" if valid else "log")


def test_without_head_and_comparison_a_record_keeps_its_form(station: Station, outbox: Outbox) -> None:
    assert newest_head(station, outbox) is None
    outbox.keep_checkpoint(7, note(7))
    assert newest_head(station, outbox) is None  # without log.vkey nothing is believed
    time = json.loads((published(station, outbox) / "record.json").read_bytes())["time"]
    assert set(time) == {"started_at", "issued_at", "clock_source", "clock_plausible", "clock_remark"}


@pytest.mark.parametrize(
    ("offset", "plausible"),
    [
        (timedelta(seconds=-3), True),
        (timedelta(minutes=10), True),
        (timedelta(hours=2), False),
        (timedelta(days=-400), False),
    ],
)
def test_a_clock_that_was_found_wrong_is_said_and_no_time_is_rewritten(offset: timedelta, plausible: bool) -> None:
    check = ClockCheck("registry", int(offset.total_seconds() * 1000), AT)
    before = sample_record(issuer=PKI.station.issuer)
    record = with_clock(before, check)
    assert record.time.clock_plausible is plausible
    assert (record.time.started_at, record.time.issued_at) == (before.time.started_at, before.time.issued_at)
    assert bool(record.time.clock_remark) is not plausible
    assert decode_record(encode_record(record)).time.clock_check == check
    assert ("behind" in offset_remark(check)) is (offset < timedelta(minutes=-10))
