"""`ardoise intake` and `ardoise lot` on real folders: what is genuine is sealed, what is not stops the seal."""

import json
import shutil
from pathlib import Path

import pytest
import requests

from agent.__main__ import main
from agent.certificate.evidence import encode_evidence
from agent.certificate.trust import load_trust
from agent.errors import UsageError
from agent.workflow import lot_folder
from agent.workflow.intake_list import read_machines
from agent.workflow.lot_folder import read_lot
from tests.samples import AT, sample_record, throwaway_pki
from tests.unit.statements.conftest import Workshop, evidence_files

CSV = "asset_tag;serial;kind;manufacturer;model;condition\r\nCD35-1;PC0ZVK4L;laptop;LENOVO;T480s;gut, Kratzer\r\n"


def _seal(shop: Workshop, *more: str) -> int:
    return main(
        ["lot", "seal", str(shop.lot), "--lot", "L-1", "--donor", "d-1", *more, *shop.signing, *shop.trusting]
    )


def _verify(shop: Workshop, path: Path, *more: str) -> int:
    return main(["lot", "verify", str(path), *shop.trusting, *more])


def _intake(shop: Workshop, text: str, *more: str) -> int:
    listed = shop.lot.parent / "list.csv"
    listed.write_bytes(b"\xef\xbb\xbf" + text.encode())
    options = ["--lot", "L-1", "--donor", "d-1", "--handed-over-by", "p-1", "--received-by", "op-1"]
    return main(["intake", str(listed), "--out", str(shop.lot / "intake"), *options, *more, *shop.signing])


def _lot(shop: Workshop) -> dict:
    return json.loads((shop.lot / "lot.json").read_bytes())


def test_receipt_lot_verification(workshop: Workshop, capsys) -> None:
    assert _intake(workshop, CSV, "--page-language", "de") == 0
    workshop.add(workshop.laptop())
    assert _seal(workshop, "--page-language", "fr") == 0
    assert '"headline": "SANITIZED"' in capsys.readouterr().out
    assert _verify(workshop, workshop.lot) == 0
    assert _verify(workshop, workshop.lot / "lot.pdf") == 0
    assert "NOT looked at" in capsys.readouterr().out
    assert _verify(workshop, workshop.lot / "intake" / "intake.pdf") == 0
    assert _lot(workshop)["intake"]["machines"][0]["condition"] == "gut, Kratzer"


def test_a_machine_of_the_receipt_without_a_record_is_an_exception(workshop: Workshop) -> None:
    assert _intake(workshop, CSV + "CD35-2;NEVER-SEEN;laptop;;;\r\n") == 0
    workshop.add(workshop.laptop())
    assert _seal(workshop) == 1
    (missing,) = _lot(workshop)["exceptions"]
    assert (missing["kind"], missing["machine_serial"]) == ("missing", "NEVER-SEEN")
    assert _verify(workshop, workshop.lot) == 1


@pytest.mark.parametrize("file", ["record.json", "record.json.p7s", "certificate.pdf"])
def test_one_changed_byte_in_a_lot_stops_the_seal(workshop: Workshop, file: str, capsys) -> None:
    workshop.add(workshop.laptop(1))
    folder = workshop.add(workshop.laptop(2))
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / file).write_bytes(data)
    assert _seal(workshop) == 1
    assert folder.name in capsys.readouterr().err
    assert not list(workshop.lot.glob("lot.*"))


def test_a_record_under_another_root_stops_the_seal(workshop: Workshop) -> None:
    other = throwaway_pki(test=False, name="b")
    folder = workshop.lot / "foreign"
    folder.mkdir()
    for name, data in evidence_files(other, sample_record(issuer=other.station.issuer)).items():
        (folder / name).write_bytes(data)
    assert _seal(workshop) == 1


def test_the_document_of_another_machine_stops_the_seal(workshop: Workshop) -> None:
    one, two = workshop.add(workshop.laptop(1)), workshop.add(workshop.laptop(2))
    shutil.copy(one / "certificate.pdf", two / "certificate.pdf")
    assert _seal(workshop) == 1


def test_what_was_sealed_is_never_overwritten(workshop: Workshop) -> None:
    workshop.add(workshop.laptop())
    assert _seal(workshop) == 0
    before = (workshop.lot / "lot.json").read_bytes()
    assert _seal(workshop) == 3
    assert (workshop.lot / "lot.json").read_bytes() == before


def test_a_correction_names_what_it_corrects(workshop: Workshop, tmp_path: Path) -> None:
    workshop.add(workshop.laptop())
    assert _seal(workshop) == 0
    again = tmp_path / "again"
    assert _seal(workshop, "--out", str(again), "--supersedes", str(workshop.lot / "lot.json")) == 0
    assert len(json.loads((again / "lot.json").read_bytes())["supersedes"]) == 64


def test_a_folder_that_changed_after_the_seal_is_refused(workshop: Workshop, capsys) -> None:
    folder = workshop.add(workshop.laptop(1))
    assert _seal(workshop) == 0
    workshop.add(workshop.laptop(2))
    assert _verify(workshop, workshop.lot) == 1
    assert "not listed" in capsys.readouterr().out
    shutil.rmtree(workshop.lot / workshop.laptop(2).record_id)
    assert _verify(workshop, workshop.lot) == 0
    shutil.rmtree(folder)
    assert _verify(workshop, workshop.lot, "--json") == 1


def test_a_copy_of_a_record_counts_once(workshop: Workshop) -> None:
    folder = workshop.add(workshop.laptop())
    shutil.copytree(folder, workshop.lot / "copy")
    assert _seal(workshop) == 0
    assert _lot(workshop)["totals"]["records"] == "1"


def test_folders_of_several_sticks_may_lie_deeper(workshop: Workshop) -> None:
    workshop.add(workshop.laptop(1), "stick-1/evidence/one")
    workshop.add(workshop.laptop(2), "stick-2/evidence/two")
    assert _seal(workshop) == 0
    assert _lot(workshop)["totals"]["records"] == "2"


def test_a_purge_lot(workshop: Workshop) -> None:
    workshop.add(workshop.laptop())
    assert _seal(workshop, "--require", "purge") == 1
    assert _lot(workshop)["exceptions"][0]["kind"] == "level below the one required"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("name;price\nx;1\n", "columns"),
        ("serial\nPF1A\npf1a\n", "twice"),
        ("serial,kind\n,laptop\n", "Line 2"),
        ("serial\n" + "x" * 300 + "\n", "Line 2"),
        ("serial\nPF1;B\n", "Line 2"),
        ('serial\n"A\nB"\n', "Line 2"),
    ],
)
def test_a_list_that_can_t_be_read_says_where(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_machines(text.encode())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_lists_as_spreadsheets_write_them(delimiter: str) -> None:
    text = f"\ufeffAsset Tag{delimiter}Serial\r\nCD35-1{delimiter}PF1\r\n\r\n"
    (machine,) = read_machines(text.encode())
    assert (machine.asset_tag, machine.serial) == ("CD35-1", "PF1")


def test_a_list_in_another_encoding_is_refused() -> None:
    with pytest.raises(UsageError, match="UTF-8"):
        read_machines("serial\né\n".encode("latin-1"))


def test_a_donor_s_address_is_no_reference(workshop: Workshop) -> None:
    with pytest.raises(SystemExit):
        _intake(workshop, CSV, "--donor", "marie@example.org")


def test_many_folders_are_read_on_every_core_with_the_same_result(workshop: Workshop, monkeypatch) -> None:
    for number in range(1, 4):
        folder = workshop.add(workshop.laptop(number))
    (folder / "record.json.p7s").write_bytes(b"broken")
    trust = load_trust(workshop.root.read_bytes())
    alone = read_lot(workshop.lot, trust, AT)
    monkeypatch.setattr(lot_folder, "MANY", 2)
    monkeypatch.setattr(lot_folder.os, "cpu_count", lambda: 2)
    assert read_lot(workshop.lot, trust, AT) == alone
    assert (len(alone.entries), len(alone.problems)) == (2, 1)


def test_the_verifier_of_certificates_sends_a_lot_to_its_own(workshop: Workshop, capsys) -> None:
    workshop.add(workshop.laptop())
    assert _seal(workshop) == 0
    for name in ("lot.json", "lot.pdf"):
        assert main(["verify", str(workshop.lot / name), *workshop.trusting]) == 2
        assert "ardoise lot verify" in capsys.readouterr().err
    assert main(["verify", str(workshop.lot), *workshop.trusting, "--at", "2026-11-22"]) == 0


def test_what_was_set_aside_stops_the_seal(workshop: Workshop, capsys) -> None:
    workshop.add(workshop.laptop())
    aside = workshop.add(workshop.laptop(2))
    (workshop.lot / "set-aside").mkdir()
    aside.rename(workshop.lot / "set-aside" / aside.name)
    assert _seal(workshop) != 0
    assert "set-aside" in capsys.readouterr().err
    assert not (workshop.lot / "lot.json").exists()


def test_a_final_document_gives_its_degree_and_has_to_be_genuine(workshop: Workshop) -> None:
    from tests.unit.server_stub.proven import NOW, proven_registry, real_evidence, trust  # noqa: PLC0415

    folder = workshop.lot / "whole"
    folder.mkdir()
    evidence = real_evidence()
    for name, data in (("record.json", evidence.record), ("record.json.p7s", evidence.signature)):
        (folder / name).write_bytes(data)
    (folder / "certificate.pdf").write_bytes(evidence.document)
    (entry,) = read_lot(workshop.lot, trust(), NOW).entries
    assert entry.proof == "signed"
    with proven_registry(workshop.lot.parent) as url:
        address = f"{url}/v1/certificates/{evidence.record_sha256}"
        requests.put(address, data=encode_evidence(evidence), timeout=60)
        final = requests.get(f"{address}/final", timeout=60).content
    (folder / "certificate.final.pdf").write_bytes(final)
    (entry,) = read_lot(workshop.lot, trust(), NOW).entries
    assert entry.proof == "logged"
    (folder / "certificate.final.pdf").write_bytes(final[:-1] + b"!")
    contents = read_lot(workshop.lot, trust(), NOW)
    assert (contents.entries, len(contents.problems)) == ((), 1)
