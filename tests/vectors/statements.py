"""Statements beside records: lots, intake receipts, destruction records and acceptances, good and with one rule broken each."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from agent.certificate.page import Attachment, compile_page, template
from agent.certificate.seal import seal_pdf
from agent.certificate.statement import encode_statement, kind_of, sign_statement
from agent.certificate.statement_page import render_statement
from agent.certificate.statement_view import statement_view
from agent.model.acceptance import ACCEPTANCE_SCHEMA, Acceptance, Decision
from agent.model.destruction import DestructionResult
from agent.model.language import Language
from agent.model.lot import LotHeadline
from agent.model.statement import Statement
from tests.samples import AT, Pki
from tests.statement_samples import accepted, destruction, entry, full_lot, head, intake, make_lot, many_records
from tests.vectors.case import Case, pki, ruled
from tests.vectors.forge import wrong_usage

_CONTENT = ("contradiction", "content")
_MAKERS: dict[str, Callable[[Pki, Language], Statement]] = {
    "lot": full_lot,
    "intake": intake,
    "destruction": destruction,
}


def statement_cases(a: Pki, b: Pki) -> list[Case]:
    """Every vector of a statement."""
    return [
        *_good(a),
        *ruled("signature and chain", _untrusted(a, b)),
        *ruled("canonical form", _malformed(a)),
        *ruled("content", _contradicting(a)),
        *ruled("page", _pages(a, b)),
    ]


def acceptance(pki: Pki, **changes: object) -> Acceptance:
    """A validator accepts a record."""
    made = Acceptance(
        schema=ACCEPTANCE_SCHEMA,
        **head(pki, number=5),
        record_id="019aa001-5e00-7abc-8def-0123456789ab",
        record_sha256="ab" * 32,
        record_headline="SANITIZED",
        operator="op-7f3a",
        validator="val-12",
        decision=Decision.ACCEPT,
        reason="",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def whole_lot(pki: Pki) -> Statement:
    """A lot in which every medium of every machine was sanitized and accepted."""
    return make_lot(pki, tuple(accepted(entry(record)) for record in many_records(pki, 3)))


def _files(pki: Pki, statement: Statement, data: bytes | None = None) -> dict[str, bytes]:
    kind, data = kind_of(statement), encode_statement(statement) if data is None else data
    return {kind.json_name: data, kind.signature_name: sign_statement(data, pki.station, AT)}


def _page(
    pki: Pki, statement: Statement, shown: Statement | None = None, seal: Pki | None = None
) -> dict[str, bytes]:
    """The sealed document of a statement; `shown` is what its page says instead, `seal` who seals it."""
    data = encode_statement(statement)
    pdf = render_statement(shown or statement, data, sign_statement(data, pki.station, AT))
    sealed = seal_pdf(pdf, (seal or pki).station, AT, "Sealed by the station that signed the statement")
    return {kind_of(statement).pdf_name: sealed}


def _good(a: Pki) -> list[Case]:
    pages = [
        Case(f"{name}-{code.value}", _page(a, make(a, code)), f"{name} in {code.value}")
        for name, make in _MAKERS.items()
        for code in Language
    ]
    single = [
        Case(name, _files(a, statement), "statement and signature as two files")
        for name, statement in (
            ("lot-files", full_lot(a)),
            ("intake-files", intake(a)),
            ("destruction-files", destruction(a)),
            ("acceptance", acceptance(a)),
            ("rejection", acceptance(a, decision=Decision.REJECT, reason="wrong machine")),
        )
    ]
    test = pki("t", test=True)
    return [
        *pages,
        *single,
        Case("lot-whole", _page(a, whole_lot(a)), "a lot without exceptions"),
        Case("lot-specimen", _page(test, whole_lot(test)), "a specimen under a TEST root", trust="test"),
    ]


def _untrusted(a: Pki, b: Pki) -> list[Case]:
    short, odd, mine = pki("s", days=10), wrong_usage(a), _files(a, full_lot(a))
    swapped = mine | {"lot.json.p7s": sign_statement(encode_statement(whole_lot(a)), a.station, AT)}
    named = replace(intake(a), issuer=replace(a.station.issuer, station="stick-b"))
    specimen = replace(destruction(a), specimen=True)
    unmarked = replace(destruction(pki("t", test=True)), specimen=False)
    return [
        Case("lot-swapped", swapped, "the signature of another lot", "signature", "signature"),
        Case("lot-unknown-signer", _files(b, full_lot(b)), "a chain to another root", "untrusted", "chain"),
        Case(
            "lot-wrong-usage", _files(odd, full_lot(odd)), "a certificate for key agreement", "untrusted", "chain"
        ),
        Case(
            "intake-expired",
            _files(short, intake(short)),
            "the station's 10 days are over",
            *("expired", "validity"),
            trust="s",
        ),
        Case(
            "intake-too-early",
            _files(a, intake(a)),
            "before the certificate's begin",
            *("not yet valid", "validity"),
            at=AT - timedelta(9),
        ),
        Case("lot-revoked", mine, "the station is on the list", "revoked", "revocation", crl="revoked"),
        Case("acceptance-revoked", _files(a, acceptance(a)), "as above", "revoked", "revocation", crl="revoked"),
        Case("intake-another-issuer", _files(a, named), "names another station", "contradiction", "issuer"),
        Case("destruction-specimen", _files(a, specimen), "under a real root", "specimen", "specimen"),
        Case(
            "destruction-not-marked",
            _files(pki("t", test=True), unmarked),
            "under a TEST root, and no specimen",
            *("specimen", "specimen"),
            trust="test",
        ),
    ]


def _malformed(a: Pki) -> list[Case]:
    receipt = intake(a)
    data = encode_statement(receipt)
    document = json.loads(data)
    doubled = data.replace(b'"lot":', b'"lot":"another","lot":', 1)
    typed = {**document, "machines": "none"}
    broken = {
        "spaced": (json.dumps(document, ensure_ascii=False).encode(), "spaces in the JSON"),
        "doubled": (doubled, "one key twice"),
        "wrong-type": (json.dumps(typed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(), "text for a list"),
        "another-schema": (data.replace(b"ardoise-intake/1", b"ardoise-intake/9"), "a schema of the future"),
        "id": (data.replace(receipt.statement_id.encode(), b"1" * 36), "no UUID of version 7"),
    }  # fmt: skip
    flipped = _files(a, receipt)
    flipped["intake.json"] = data.replace(b"2026-11-20", b"2026-11-21", 1)
    return [
        *(
            Case(f"intake-{name}", _files(a, receipt, bad), why, "malformed", "form")
            for name, (bad, why) in broken.items()
        ),
        Case("intake-changed", flipped, "another day of the handing-over", "signature", "signature"),
    ]


def _contradicting(a: Pki) -> list[Case]:
    lot, done = full_lot(a), destruction(a)
    fewer = replace(lot.totals, media=lot.totals.media - 1)
    twice = replace(lot, entries=(*lot.entries, lot.entries[0]))
    unnamed = replace(lot, entries=(replace(lot.entries[0], record_sha256="AB" * 32), *lot.entries[1:]))
    wrong = [
        ("lot-better-headline", replace(lot, headline=LotHeadline.SANITIZED), "its entries say INCOMPLETE"),
        ("lot-totals", replace(lot, totals=fewer), "one medium less than in its entries"),
        ("lot-exceptions", replace(lot, exceptions=lot.exceptions[1:]), "an exception is left out"),
        ("lot-twice", twice, "one record twice"),
        ("lot-no-digest", unnamed, "a record named by no digest"),
        (
            "destruction-result",
            replace(done, result=next(r for r in DestructionResult if r is not done.result)),
            "a result that the technique does not reach",
        ),
        ("destruction-one-person", replace(done, witness=done.operator.upper()), "operator and witness are one"),
        ("destruction-day", replace(done, destroyed_on="2026-02-30"), "no calendar day"),
        ("intake-day", replace(intake(a), received_on="20.11.2026"), "no calendar day"),
        (
            "intake-nameless",
            replace(intake(a), machines=(replace(intake(a).machines[0], serial="", asset_tag=""),)),
            "a machine that nobody could find again",
        ),
        ("acceptance-of-nothing", acceptance(a, record_sha256=""), "names no record"),
        ("acceptance-by-nobody", acceptance(a, validator=""), "names no validator"),
    ]
    return [Case(name, _files(a, statement), why, *_CONTENT) for name, statement, why in wrong]


def _pages(a: Pki, b: Pki) -> list[Case]:
    lot, receipt = full_lot(a), intake(a)
    good = _page(a, receipt)["intake.pdf"]
    at = good.index(b"stream") + 40
    flipped = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
    fewer = replace(receipt, machines=receipt.machines[:-1])
    better = replace(lot, headline=LotHeadline.SANITIZED)
    return [
        Case("intake-flipped-page", {"intake.pdf": flipped}, "a bit of the page changed", "seal", "seal"),
        Case("intake-page-of-fewer", _page(a, receipt, fewer), "a machine is not on the page", "seal", "page"),
        Case("lot-page-better", _page(a, lot, better), "a page that says SANITIZED", "seal", "page"),
        Case("lot-sealed-by-another", _page(a, lot, seal=b), "another's seal", "untrusted", "seal chain"),
        Case(
            "lot-sealed-by-another-trusted",
            _page(a, lot, seal=b),
            "both roots trusted",
            *("seal", "same station"),
            trust="both",
        ),
        Case("lot-another-attached", _mixed(a), "a lot with a receipt's signature", "seal", "attachments"),
        Case("lot-appended", {"lot.pdf": _page(a, lot)["lot.pdf"] + b"\n"}, "one byte more", "seal", "seal form"),
    ]


def _mixed(pki: Pki) -> dict[str, bytes]:
    """A page that carries the lot and, in place of its signature, that of a receipt."""
    lot, receipt = full_lot(pki), intake(pki)
    data = encode_statement(lot)
    signature = sign_statement(encode_statement(receipt), pki.station, AT)
    attached = (
        Attachment("lot.json", data, "data", "application/json", "What was signed: canonical JSON"),
        Attachment("intake.json.p7s", signature, "supplement", "application/pkcs7-signature", "A signature"),
    )
    pdf = compile_page(template("statement.typ"), statement_view(lot, data), attached, AT)
    return {"lot.pdf": seal_pdf(pdf, pki.station, AT, "Sealed by the station that signed the statement")}
