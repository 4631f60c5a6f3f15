"""`ardoise destroy` and `ardoise accept`, and what a lot makes of them."""

import json
from pathlib import Path

from agent.__main__ import main
from agent.certificate.document import extract_text
from agent.model.record import Outcome
from tests.unit.statements.conftest import Workshop


def _destroy(shop: Workshop, *more: str, out: str = "destroyed") -> int:
    people = ["--operator", "op-1", "--witness", "op-2", "--out", str(shop.lot / out)]
    return main(["destroy", *people, *more, *shop.signing])


def _accept(shop: Workshop, folder: Path, *more: str) -> int:
    return main(["accept", str(folder), *more, *shop.signing, *shop.trusting])


def _seal(shop: Workshop, *more: str) -> int:
    return main(
        ["lot", "seal", str(shop.lot), "--lot", "L-1", "--donor", "d-1", *more, *shop.signing, *shop.trusting]
    )


def _lot(shop: Workshop) -> dict:
    return json.loads((shop.lot / "lot.json").read_bytes())


def _failed_server(shop: Workshop) -> tuple[Path, str]:
    record = shop.laptop(3, "server")
    (bad,) = [d for d in record.drives if d.outcome is Outcome.FAILED]
    return shop.add(record), bad.identity.serial


def test_the_failed_disk_of_a_record_is_destroyed_and_the_lot_accounted_for(
    workshop: Workshop, tmp_path: Path
) -> None:
    folder, serial = _failed_server(workshop)
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"abc")
    from_record = ["--record", str(folder), "--serial", serial, *workshop.trusting]
    assert _destroy(workshop, *from_record, "--how", "shred", "--particle-mm", "6", "--photo", str(photo)) == 0
    made = json.loads((workshop.lot / "destroyed" / "destruction.json").read_bytes())
    # FIPS 180-2 B.1: SHA-256 of "abc".
    assert made["photo_sha256"] == ["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"]
    assert (made["result"], made["particle_mm"]) == ("destroy", "6")
    assert made["reason"].startswith("write error")
    assert _seal(workshop) == 0
    assert _lot(workshop)["headline"] == "ACCOUNTED FOR"
    assert [e["kind"] for e in _lot(workshop)["exceptions"]] == ["destroyed"]


def test_a_drilled_disk_leaves_the_lot_incomplete(workshop: Workshop, capsys) -> None:
    folder, serial = _failed_server(workshop)
    assert (
        _destroy(workshop, "--record", str(folder), "--serial", serial, *workshop.trusting, "--how", "drill") == 1
    )
    assert "not Destroy" in capsys.readouterr().err
    assert _seal(workshop) == 1


def test_by_hand_needs_what_the_label_says(workshop: Workshop) -> None:
    assert _destroy(workshop, "--by-hand", "--serial", "WD-1234", "--how", "shred") == 2
    assert _destroy(workshop, "--by-hand", "--serial", "0000", "--model", "WDC", "--how", "shred") == 2
    assert _destroy(workshop, "--by-hand", "--serial", "WD-1234", "--model", "WDC", "--how", "shred") == 0


def test_a_disk_that_is_not_in_the_record(workshop: Workshop) -> None:
    folder, _ = _failed_server(workshop)
    assert (
        _destroy(workshop, "--record", str(folder), "--serial", "OTHER", *workshop.trusting, "--how", "melt") == 2
    )


def test_nobody_is_the_witness_of_herself(workshop: Workshop) -> None:
    arguments = ["--by-hand", "--serial", "WD-1234", "--model", "WDC", "--how", "shred", "--witness", "op-1"]
    assert _destroy(workshop, *arguments) == 2
    assert _destroy(workshop, *arguments[:-1], "OP-1") == 2


def test_a_changed_destruction_record_stops_the_seal(workshop: Workshop) -> None:
    _failed_server(workshop)
    assert _destroy(workshop, "--by-hand", "--serial", "WD-1234", "--model", "WDC", "--how", "drill") == 1
    file = workshop.lot / "destroyed" / "destruction.json"
    file.write_bytes(file.read_bytes().replace(b"drill", b"shred"))
    assert _seal(workshop) == 1
    assert not (workshop.lot / "lot.json").exists()


def test_another_person_accepts(workshop: Workshop) -> None:
    folder = workshop.add(workshop.laptop())
    assert _seal(workshop, "--require-acceptance", "--out", str(workshop.lot.parent / "before")) == 1
    assert _accept(workshop, folder, "--validator", "val-1", "--decision", "accept") == 0
    assert _seal(workshop, "--require-acceptance") == 0
    lot = _lot(workshop)
    assert lot["totals"]["accepted"] == "1"
    made = json.loads((folder / "acceptance.json").read_bytes())
    assert lot["entries"][0]["acceptance"]["issued_at"] == made["issued_at"]
    printed = extract_text((workshop.lot / "lot.pdf").read_bytes())
    assert f"accepted by val-1, {made['issued_at'][:10]}" in " ".join(printed.split())
    assert main(["lot", "verify", str(workshop.lot), *workshop.trusting]) == 0


def test_a_result_without_a_decision_is_shown_as_such(workshop: Workshop) -> None:
    workshop.add(workshop.laptop())
    _seal(workshop)
    printed = extract_text((workshop.lot / "lot.pdf").read_bytes())
    assert "not accepted yet" in " ".join(printed.split())


def test_who_erased_does_not_accept(workshop: Workshop) -> None:
    folder = workshop.add(workshop.laptop())
    assert _accept(workshop, folder, "--validator", "op-7f3a", "--decision", "accept") == 3
    assert _accept(workshop, folder, "--validator", "OP-7f3A", "--decision", "accept") == 3
    assert not (folder / "acceptance.json").exists()
    assert _accept(workshop, folder, "--validator", "Op-7f3a", "--decision", "accept", "--operator-may-accept") == 0
    assert _seal(workshop, "--require-acceptance", "--out", str(workshop.lot.parent / "strict")) == 1
    assert _seal(workshop, "--require-acceptance", "--operator-may-accept") == 0


def test_a_rejection_needs_a_reason_and_opens_the_lot(workshop: Workshop) -> None:
    folder = workshop.add(workshop.laptop())
    assert _accept(workshop, folder, "--validator", "val-1", "--decision", "reject") == 3
    assert _accept(workshop, folder, "--validator", "val-1", "--decision", "reject", "--reason", "wrong lot") == 0
    assert _seal(workshop) == 1
    assert [e["kind"] for e in _lot(workshop)["exceptions"]] == ["rejected"]


def test_an_acceptance_of_another_record_stops_the_seal(workshop: Workshop) -> None:
    one, two = workshop.add(workshop.laptop(1)), workshop.add(workshop.laptop(2))
    assert _accept(workshop, one, "--validator", "val-1", "--decision", "accept") == 0
    for name in ("acceptance.json", "acceptance.json.p7s"):
        (one / name).rename(two / name)
    assert _seal(workshop) == 1


def test_a_tampered_record_is_not_accepted(workshop: Workshop) -> None:
    folder = workshop.add(workshop.laptop())
    file = folder / "record.json"
    file.write_bytes(file.read_bytes().replace(b"S3TNNX0K", b"S3TNNX0L"))
    assert _accept(workshop, folder, "--validator", "val-1", "--decision", "accept") == 1


def test_no_answer_to_the_question_for_the_passphrase_is_no_crash(workshop: Workshop, monkeypatch, capsys) -> None:
    """Ctrl-D at the prompt, or a terminal that is gone."""
    folder = workshop.add(workshop.laptop())

    def gone(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("getpass.getpass", gone)
    options = ["--validator", "val-2", "--decision", "accept", "--station", str(workshop.station)]
    assert main(["accept", str(folder), *options, *workshop.trusting]) == 1
    assert capsys.readouterr().err == "ardoise: stopped.\n"
    assert not (folder / "acceptance.json").exists()
