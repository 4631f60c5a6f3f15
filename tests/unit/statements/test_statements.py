"""A statement's bytes, signature and page: what is valid verifies, and each thing changed is refused at its step."""

import hashlib
import json
import string
from dataclasses import replace
from datetime import timedelta

import pytest
import rfc8785

from agent.certificate.report import FailureKind
from agent.certificate.statement import INTAKE, LOT, decode_statement, encode_statement, sign_statement
from agent.certificate.statement_page import render_statement, seal_statement
from agent.certificate.statement_words import WORDS, say
from agent.certificate.timestamp import make_token, response_of
from agent.certificate.trust import LeafKind
from agent.certificate.verify_statement import (
    StatementReport,
    attached_statement,
    verify_statement,
    verify_statement_document,
)
from agent.errors import CertificateError, MalformedRecord
from agent.model.destruction import DestructionResult, DestructionTechnique
from agent.model.json_form import to_json_form
from agent.model.language import Language
from agent.model.lot import LotHeadline
from agent.model.statement import Statement
from tests.samples import AT, Pki, leaf_key, throwaway_pki
from tests.statement_samples import POLICY, destruction, full_lot, intake, make_lot

REAL = throwaway_pki(test=False)
MAKERS = {"lot": full_lot, "intake": intake, "destruction": destruction}


def _verified(statement: Statement, pki: Pki = REAL, trusted: Pki = REAL) -> StatementReport:
    data = encode_statement(statement)
    return verify_statement(data, sign_statement(data, pki.station, AT), trusted.trust, AT)


def _sealed(statement: Statement, pki: Pki = REAL) -> bytes:
    data = encode_statement(statement)
    signature = sign_statement(data, pki.station, AT)
    return seal_statement(render_statement(statement, data, signature), statement, data, pki.station, AT)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", MAKERS)
def test_every_document_in_every_language_verifies(name: str, language: Language):
    statement = MAKERS[name](REAL, language)
    pdf = _sealed(statement)
    report = verify_statement_document(pdf, REAL.trust, AT)
    assert (report.valid, report.failed_step, report.statement) == (True, None, statement)
    data, _ = attached_statement(pdf)
    assert data == encode_statement(statement)


def test_the_signed_data_is_the_same_in_every_language():
    forms = [to_json_form(full_lot(REAL, language)) for language in Language]
    for form in forms:
        del form["language"]
    assert forms[0] == forms[1] == forms[2]


def test_integers_are_decimal_strings_and_words_are_english():
    form = json.loads(encode_statement(full_lot(REAL, Language.GERMAN)))
    assert form["schema"] == "ardoise-lot/1"
    assert form["totals"]["announced"] == "4"
    assert form["headline"] == "INCOMPLETE"


def test_every_text_has_the_same_places_in_all_languages():
    for key, texts in WORDS.items():
        places = [sorted(name for _, name, _, _ in string.Formatter().parse(text) if name) for text in texts]
        assert places[0] == places[1] == places[2], key
        assert all(text.strip() for text in texts), key


def test_accents_are_written():
    """Texts without a single accent would be the sign of a lost encoding."""
    french = "".join(
        say(Language.FRENCH, key) for key in ("intake headline", "specimen", "manufacturer", "operator")
    )
    assert "Ç" in french
    assert "é" in french
    assert "ö" in say(Language.GERMAN, "lot incomplete")


def _changed(statement: Statement, **fields: object) -> bytes:
    return rfc8785.dumps({**to_json_form(statement), **fields})


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"headline": "SANITIZED"}, "content"),
        ({"exceptions": []}, "content"),
        ({"totals": to_json_form(replace(full_lot(REAL).totals, media_open=0))}, "content"),
        ({"schema": "ardoise-lot/2"}, "form"),
        ({"salt": "00"}, "form"),
        ({"statement_id": "1"}, "form"),
        ({"specimen": True}, "specimen"),
        ({"language": "xx"}, "form"),
        ({"issuer": {**to_json_form(REAL.station.issuer), "station": "stick-b"}}, "issuer"),
    ],
)
def test_a_lot_that_claims_more_than_its_entries_is_refused_though_signed(change: dict, step: str):
    data = _changed(full_lot(REAL), **change)
    report = verify_statement(data, sign_statement(data, REAL.station, AT), REAL.trust, AT)
    assert not report.valid
    assert report.failed_step is not None
    assert (report.failed_step.name, report.statement) == (step, None)


def test_totals_are_those_of_the_entries_inside():
    """Rebuilt here from the JSON alone, without the program's rules (users.md C03)."""
    form = json.loads(encode_statement(full_lot(REAL)))
    media = {(m["model"], m["serial"], m["wwn"]) for e in form["entries"] for m in e["media"] if m["serial"]}
    unnamed = sum(not m["serial"] for e in form["entries"] for m in e["media"])
    assert int(form["totals"]["media"]) == len(media) + unnamed
    assert int(form["totals"]["records"]) == len(form["entries"]) == 7
    states = [int(form["totals"][name]) for name in ("media_sanitized", "media_destroyed", "media_open")]
    assert sum(states) == int(form["totals"]["media"])
    shares = ("machines_sanitized", "machines_settled", "machines_incomplete", "machines_without_medium")
    assert sum(int(form["totals"][name]) for name in shares) == int(form["totals"]["machines"])


def test_signature_chain_validity_and_revocation():
    other = throwaway_pki(test=False, name="b")
    statement = intake(REAL)
    data, later = encode_statement(statement), AT + timedelta(days=500)
    signature = sign_statement(data, REAL.station, AT)
    steps = {
        "signature": verify_statement(data.replace(b"PF1ABCDE", b"PF1ABCDF"), signature, REAL.trust, AT),
        "chain": verify_statement(data, signature, other.trust, AT),
        "validity": verify_statement(data, signature, REAL.trust, later),
        "revocation": verify_statement(data, signature, REAL.revoking(), AT),
        "issuer": _verified(intake(other), REAL),
    }
    of_ca = verify_statement(data, signature, REAL.revoking_ca(), AT)
    assert of_ca.failed_step is not None
    assert (of_ca.failed_step.name, of_ca.failure) == ("revocation", FailureKind.REVOKED)
    for name, report in steps.items():
        assert report.failed_step is not None
        assert report.failed_step.name == name


def test_a_time_stamp_keeps_a_statement_valid_after_its_certificate_expired():
    data, later = encode_statement(full_lot(REAL)), AT + timedelta(days=500)
    signature = sign_statement(data, REAL.station, AT)
    digest = hashlib.sha256(signature).digest()
    stamp = response_of(make_token(digest, leaf_key(REAL, LeafKind.TIME_STAMPING), 7, AT))
    assert not verify_statement(data, signature, REAL.trust, later).valid
    assert verify_statement(data, signature, REAL.trust, later, time_stamp=stamp).valid
    other = response_of(make_token(hashlib.sha256(b"x").digest(), leaf_key(REAL, LeafKind.TIME_STAMPING), 8, AT))
    report = verify_statement(data, signature, REAL.trust, later, time_stamp=other)
    assert report.failed_step is not None
    assert report.failed_step.name == "time stamp"


def test_a_specimen_is_what_a_test_root_signs():
    test = throwaway_pki(test=True, name="t")
    good = _verified(intake(test), test, test)
    assert good.valid
    assert "TEST" in good.remarks[0]
    lying = _verified(replace(intake(test), specimen=False), test, test)
    assert lying.failed_step is not None
    assert lying.failed_step.name == "specimen"


def test_a_specimen_says_so_in_its_page():
    test = throwaway_pki(test=True, name="t")
    report = verify_statement_document(_sealed(destruction(test, Language.FRENCH), test), test.trust, AT)
    assert report.valid


def test_a_drilled_disk_is_never_called_destroyed():
    drilled = destruction(REAL, technique=DestructionTechnique.DRILL)
    assert drilled.result is DestructionResult.DAMAGED
    report = _verified(replace(drilled, result=DestructionResult.DESTROY))
    assert report.failed_step is not None
    assert report.failed_step.name == "content"


def test_one_person_is_no_witness_of_herself():
    assert not _verified(replace(destruction(REAL), witness="op-7f3a")).valid


def test_a_page_of_another_statement_is_not_sealed():
    statement = intake(REAL)
    data = encode_statement(statement)
    signature = sign_statement(data, REAL.station, AT)
    page = render_statement(replace(statement, received_on="2026-11-19"), data, signature)
    with pytest.raises(CertificateError, match="2026-11-20"):
        seal_statement(page, statement, data, REAL.station, AT)


def test_a_sealed_page_that_says_something_else_is_refused():
    """As a dishonest station would seal it: the seal is right, the page is not."""
    from agent.certificate.seal import seal_pdf  # noqa: PLC0415

    lot = full_lot(REAL)
    data = encode_statement(lot)
    better = replace(lot, headline=LotHeadline.SANITIZED)
    page = render_statement(better, data, sign_statement(data, REAL.station, AT))
    report = verify_statement_document(seal_pdf(page, REAL.station, AT, "Seal"), REAL.trust, AT)
    assert report.failed_step is not None
    assert report.failed_step.name == "page"


def test_one_flipped_byte_of_the_document_is_seen():
    pdf = bytearray(_sealed(intake(REAL)))
    pdf[len(pdf) // 3] ^= 1
    report = verify_statement_document(bytes(pdf), REAL.trust, AT)
    assert report.failed_step is not None
    assert report.failed_step.name == "seal"


def test_forms_that_two_readers_could_understand_differently():
    data = encode_statement(intake(REAL))
    for bad in (data + b" ", data.replace(b'{"', b'{ "', 1), data.replace(b'"4"', b"4"), b"[]", b"\xff", b""):
        if bad != data:
            with pytest.raises(MalformedRecord):
                decode_statement(bad, INTAKE)
    with pytest.raises(MalformedRecord):
        decode_statement(data, LOT)


def test_unknown_fields_are_kept_readable():
    assert decode_statement(_changed(intake(REAL), zz_later="x"), INTAKE) == intake(REAL)


def test_an_empty_lot_has_a_page():
    pdf = _sealed(make_lot(REAL, (), policy=POLICY))
    assert verify_statement_document(pdf, REAL.trust, AT).valid
