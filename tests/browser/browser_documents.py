"""Documents that a trusted station or registry sealed and should not have, and proofs that prove something else."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags

from agent.certificate.cades import sign_detached
from agent.certificate.checkpoint import Checkpoint, sign_checkpoint
from agent.certificate.page import render_page
from agent.certificate.pki import make_crl
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page, seal_pdf
from agent.certificate.timestamp import make_token, response_of
from agent.certificate.trust import LeafKind
from tests.browser.page import Card, VerifyPage
from tests.samples import AT, ORIGIN, leaf_key, log_key, sample_record, throwaway_pki
from tests.unit.certificate.finals import STAMPED, Final, log_proof, make_final

PKI = throwaway_pki(test=False, name="f")
OTHER = throwaway_pki(test=False, name="g")
LATER = AT + timedelta(days=30)
HEADLINE = b"SANITIZED"

Change = Callable[[pikepdf.Pdf], None]


class Judge:
    """The page with a root, and what it says of bytes."""

    def __init__(self, page: VerifyPage, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.trust("root.pem", PKI.root.certificate.public_bytes(Encoding.PEM))
        page.judge_at(LATER)

    def trust(self, name: str, data: bytes, *more: Path) -> None:
        """Trust these files only."""
        self.page.trust(self.file(name, data), *more)

    def file(self, name: str, data: bytes) -> Path:
        """A file of this test."""
        path = self.folder / name
        path.write_bytes(data)
        return path

    def card(self, **files: bytes) -> Card:
        """The card of the one document or record among these files (dots are written as two underscores)."""
        (card,) = self.page.verify(*(self.file(name.replace("__", "."), data) for name, data in files.items()))
        return card


@pytest.fixture
def judge(page: VerifyPage, tmp_path: Path) -> Judge:
    return Judge(page, tmp_path)


def _page() -> bytes:
    record = sample_record(issuer=PKI.station.issuer)
    data = encode_record(record)
    return render_page(record, data, sign_detached(data, PKI.station, AT))


def _sealed(change: Change | None = None) -> bytes:
    pdf = pikepdf.open(io.BytesIO(_page()))
    if change is not None:
        change(pdf)
    out = io.BytesIO()
    pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.disable, force_version="1.7", static_id=True)
    return seal_pdf(out.getvalue(), PKI.station, AT)


def _content(before: bytes = b"", after: bytes = b"", replaced: tuple[bytes, bytes] = (b"", b"")) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        page = pdf.pages[0]
        data = page.Contents.read_bytes().replace(*replaced) if replaced[0] else page.Contents.read_bytes()
        page.Contents = pdf.make_stream(before + data + b"\n" + after)

    return change


def _annotation(pdf: pikepdf.Pdf) -> None:
    look = pdf.make_stream(
        b"1 1 1 rg 0 0 600 850 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=[0, 0, 600, 850]
    )
    annotation = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Square,
            Rect=[0, 0, 600, 850],
            F=4,
            AP=pikepdf.Dictionary(N=look),
        )
    )
    pdf.pages[0].Annots = pdf.make_indirect(pikepdf.Array([annotation]))


def _action(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def _layers(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=[], D=pikepdf.Dictionary())


def _turned(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Rotate = 180


def _cropped(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].CropBox = [0, 0, 100, 100]


def _attach(name: str, key: str) -> Change:
    def change(pdf: pikepdf.Pdf) -> None:
        stream = pdf.make_stream(b"{}", Type=pikepdf.Name.EmbeddedFile)
        specification = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Filespec, F=name, UF=name, EF=pikepdf.Dictionary(F=stream, UF=stream)
            )
        )
        if "tree" in key:
            pdf.Root.Names.EmbeddedFiles.Names.extend([pikepdf.String(name), specification])
        if "list" in key:
            pdf.Root.AF.append(specification)

    return change


BOX = b"q 1 1 1 rg 0 0 600 850 re f Q"
HIDDEN: dict[str, Change] = {
    "invisible text": _content(replaced=(b"0 Tr", b"3 Tr")),
    "white text": _content(replaced=(b" scn\n", b" scn 1 1 1 rg\n")),
    "covered by a white box": _content(after=BOX),
    "covered by a thick white line": _content(after=b"q 1 1 1 RG 900 w 0 400 m 600 400 l S Q"),
    "outside of the page": _content(before=b"1 0 0 1 2000 0 cm "),
    "outside of a clipping path": _content(before=b"0 0 1 1 re W n "),
    "too small to read": _content(before=b"0.01 0 0 0.01 0 0 cm "),
    "text as a clipping path": _content(replaced=(b"0 Tr", b"7 Tr")),
    "covered by an annotation": _annotation,
    "layers": _layers,
    "a script": _action,
    "a turned page": _turned,
    "a cropped page": _cropped,
}


def test_what_pikepdf_writes_again_is_still_valid(judge: Judge) -> None:
    card = judge.card(certificate__pdf=_sealed())
    assert (card.verdict, card.step) == ("valid", None), card.text
    assert judge.card(certificate__pdf=seal_page(_page(), PKI.station, AT)).verdict == "valid"


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_words_are_no_words(judge: Judge, name: str) -> None:
    card = judge.card(certificate__pdf=_sealed(HIDDEN[name]))
    assert card.verdict == "refused"
    assert card.step in {"page", "attachments"}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("record.json", "tree list"),
        ("evil.json", "tree list"),
        ("record.json", "tree"),
        ("record.json", "list"),
        ("evil.json", "list"),
    ],
)
def test_another_attachment(judge: Judge, name: str, key: str) -> None:
    assert judge.card(certificate__pdf=_sealed(_attach(name, key))).step == "attachments"


def _as_lot(pdf: pikepdf.Pdf) -> None:
    for number, (specification, name) in enumerate(zip(pdf.Root.AF, ("lot.json", "lot.json.p7s"), strict=True)):
        specification.F = specification.UF = pikepdf.String(name)
        pdf.Root.Names.EmbeddedFiles.Names[2 * number] = pikepdf.String(name)


def test_a_record_that_calls_itself_a_lot_is_no_statement(judge: Judge) -> None:
    card = judge.card(lot__pdf=_sealed(_as_lot))
    assert (card.verdict, card.kind, card.step) == ("refused", "malformed", "form"), card.text
    record = sample_record(issuer=PKI.station.issuer)
    data = encode_record(record)
    card = judge.card(lot__json=data, lot__json__p7s=sign_detached(data, PKI.station, AT))
    assert (card.verdict, card.kind, card.step) == ("refused", "malformed", "form"), card.text


def test_a_revision_before_the_seal(judge: Judge) -> None:
    once = seal_pdf(_page(), OTHER.station, AT)
    assert judge.card(certificate__pdf=seal_page(_page(), PKI.station, AT)).verdict == "valid"
    assert judge.card(certificate__pdf=once).step == "seal chain"


def test_a_stream_that_unpacks_to_gigabytes(judge: Judge) -> None:
    card = judge.card(certificate__pdf=_sealed(_content(after=b" " * 40_000_000)))
    assert (card.verdict, card.step) == ("refused", "page")
    assert card.milliseconds < 3000


# --- proofs ---


@pytest.fixture(scope="module")
def final() -> Final:
    return make_final(pki=PKI)


def _record(final: Final, **proofs: bytes) -> dict[str, bytes]:
    return {"record__json": final.record, "record__json__p7s": final.signature, **proofs}


def test_a_final_document(judge: Judge, final: Final) -> None:
    judge.trust("root.pem", final.root_pem, judge.file("log.vkey", final.log_vkey))
    judge.page.judge_at(LATER)
    card = judge.card(certificate__pdf=final.pdf)
    assert (card.verdict, card.step) == ("valid", None), card.text
    steps = dict(card.steps)
    assert steps["log"] == steps["time stamp"] == steps["registry"] == "ok"
    assert steps["checkpoint"] == "not checked"


@pytest.mark.parametrize(("years", "verdict"), [(10, "valid"), (21, "refused")])
def test_years_later(judge: Judge, final: Final, years: int, verdict: str) -> None:
    judge.page.judge_at(AT + timedelta(days=365 * years))
    assert judge.card(certificate__pdf=final.pdf).verdict == verdict


def test_the_station_alone_years_later(judge: Judge, final: Final) -> None:
    judge.page.judge_at(AT + timedelta(days=365 * 4))
    assert judge.card(**_record(final)).step == "validity"
    stamp = final.proofs["record.json.p7s.tsr"]
    assert judge.card(**_record(final, record__json__p7s__tsr=stamp)).verdict == "valid"


def _stamp(
    final: Final, *, pki: object = PKI, digest: bytes | None = None, kind: LeafKind = LeafKind.TIME_STAMPING
) -> bytes:
    digest = digest or hashlib.sha256(final.signature).digest()
    return response_of(make_token(digest, leaf_key(pki, kind), 7, STAMPED))  # type: ignore[arg-type]


def test_stamps_that_prove_something_else(judge: Judge, final: Final) -> None:
    good = _stamp(final)
    bad = {
        "another authority": _stamp(final, pki=OTHER),
        "a registry's key": _stamp(final, kind=LeafKind.REGISTRY),
        "over the record": _stamp(final, digest=hashlib.sha256(final.record).digest()),
        "cut": good[:-1],
        "refused": good.replace(bytes.fromhex("3003020100"), bytes.fromhex("3003020102"), 1),
        "empty": b"",
    }
    for name, stamp in bad.items():
        card = judge.card(**_record(final, record__json__p7s__tsr=stamp))
        assert (card.verdict, card.step) == ("refused", "time stamp"), name


def test_a_stamp_ahead_of_time(judge: Judge, final: Final) -> None:
    judge.page.judge_at(STAMPED - timedelta(minutes=30))
    card = judge.card(**_record(final, record__json__p7s__tsr=_stamp(final)))
    assert (card.step, card.kind) == ("time stamp", "not yet valid")


def test_proofs_of_something_else(judge: Judge, final: Final) -> None:
    judge.trust("root.pem", final.root_pem, judge.file("log.vkey", final.log_vkey))
    judge.page.judge_at(LATER)
    good = log_proof(final.record)
    lines = good.split(b"\n")
    bad = {
        "another log": log_proof(final.record, seed="another"),
        "another record": log_proof(b"another"),
        "another place": good.replace(b"index 5", b"index 4"),
        "behind the end": good.replace(b"index 5", b"index 11"),
        "spelled otherwise": good.replace(b"index 5", b"index 05"),
        "a hash too few": b"\n".join([*lines[:2], *lines[3:]]),
        "a hash too many": b"\n".join([*lines[:2], lines[2], *lines[2:]]),
        "another size": good.replace(b"\n11\n", b"\n12\n"),
        "another header": good.replace(b"@v1", b"@v2"),
        "empty": b"",
    }
    for name, proof in bad.items():
        files = {**{k.replace("__", "."): v for k, v in _record(final).items()}, "record.json.tlog-proof": proof}
        (card,) = judge.page.verify(*(judge.file(n, data) for n, data in files.items()))
        assert (card.verdict, card.step) == ("refused", "log"), name


def test_two_histories_of_the_log(judge: Judge, final: Final) -> None:
    key, _ = log_key()
    vkey = judge.file("log.vkey", final.log_vkey)
    head = Checkpoint(ORIGIN, 11, hashlib.sha256(b"another history").digest())
    judge.trust("root.pem", final.root_pem, vkey, judge.file("checkpoint", sign_checkpoint(head, key)))
    judge.page.judge_at(LATER)
    assert judge.card(certificate__pdf=final.pdf).step == "checkpoint"


def test_revoked_before_and_after_the_stamp(judge: Judge, final: Final) -> None:
    serial = PKI.station.chain.leaf.serial_number
    for minutes, verdict in ((-1, "refused"), (60, "valid")):
        entry = (serial, STAMPED + timedelta(minutes=minutes), ReasonFlags.key_compromise)
        crl = make_crl(PKI.issuing_ca, (entry,), 2, STAMPED + timedelta(days=1)).public_bytes(Encoding.PEM)
        judge.trust("root.pem", final.root_pem, judge.file(f"crl{minutes}.pem", crl))
        judge.page.judge_at(LATER)
        card = judge.card(**_record(final, record__json__p7s__tsr=_stamp(final)))
        assert card.verdict == verdict
        assert judge.card(**_record(final)).verdict == "valid" or minutes


def test_stamps_of_a_revoked_authority(judge: Judge, final: Final) -> None:
    """RFC 3161 4: only a stated harmless reason leaves earlier tokens valid."""
    tsa = leaf_key(PKI, LeafKind.TIME_STAMPING)
    serial = tsa.chain.leaf.serial_number
    stamp = response_of(make_token(hashlib.sha256(final.signature).digest(), tsa, 7, STAMPED))
    harmless, none_stated = ReasonFlags.superseded, ReasonFlags.unspecified
    cases = ((harmless, 60, ""), (harmless, -1, "time stamp"), (ReasonFlags.key_compromise, 60, "time stamp"),
             (none_stated, 60, "time stamp"))  # fmt: skip
    for number, (reason, minutes, step) in enumerate(cases):
        entry = (serial, STAMPED + timedelta(minutes=minutes), reason)
        crl = make_crl(PKI.issuing_ca, (entry,), 2, STAMPED + timedelta(days=1)).public_bytes(Encoding.PEM)
        judge.trust("root.pem", final.root_pem, judge.file(f"tsa{number}.pem", crl))
        judge.page.judge_at(LATER)
        card = judge.card(**_record(final, record__json__p7s__tsr=stamp))
        assert (card.verdict, card.step or "") == ("refused" if step else "valid", step)


# --- the page itself ---


def test_a_root_beside_the_certificate_is_not_trusted(page: VerifyPage, tmp_path: Path, final: Final) -> None:
    page.trusted = (tmp_path,)
    page.browser.refresh()
    root, pdf = tmp_path / "root.pem", tmp_path / "certificate.pdf"
    root.write_bytes(final.root_pem)
    pdf.write_bytes(final.pdf)
    page._wait(lambda b: b.execute_script("return document.documentElement.dataset.ready") == "yes")
    (card,) = page.verify(root, pdf)
    assert card.verdict == "unable"


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles", "UTC"])
def test_validity_ends_at_one_moment_in_every_time_zone(judge: Judge, final: Final, zone: str) -> None:
    judge.page.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": zone})
    try:
        end = PKI.station.chain.leaf.not_valid_after_utc
        for seconds, step in ((0, None), (1, "validity")):
            judge.page.judge_at(end + timedelta(seconds=seconds))
            assert judge.card(**_record(final)).step == step
    finally:
        judge.page.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})


def test_device_text_stays_text(judge: Judge) -> None:
    record = sample_record("hostile", issuer=PKI.station.issuer)
    host = replace(record.host, model="<img src=x onerror=alert(1)>", serial="</td><script>alert(1)</script>")
    data = encode_record(replace(record, host=host))
    card = judge.card(record__json=data, record__json__p7s=sign_detached(data, PKI.station, AT))
    assert card.verdict != "refused"
    assert "<img src=x onerror=alert(1)>" in card.text
    counted = judge.page.browser.execute_script(
        "return document.querySelectorAll('#cards img, #cards script, #cards a').length"
    )
    assert counted == 0


def test_the_moment_is_utc(judge: Judge) -> None:
    judge.page.judge_at(datetime(2026, 12, 21, 14, 30, tzinfo=UTC))
    assert judge.page.browser.execute_script("return document.getElementById('at').value") == "2026-12-21T14:30"


def test_a_list_of_cas_alone_says_nothing_of_the_station(judge: Judge, final: Final) -> None:
    listing = make_crl(PKI.root, (), 1, AT).public_bytes(Encoding.PEM)
    card = judge.card(**_record(final), **{"root-crl__pem": listing})
    assert card.verdict == "valid", card.text
    assert dict(card.steps)["revocation"] == "not checked"
