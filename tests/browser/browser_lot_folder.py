"""A lot given to verify.html together with its certificates: they are matched by digest, the missing ones named, lies refused."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.record import encode_record
from agent.certificate.statement import encode_statement, sign_statement
from agent.certificate.statement_page import render_statement, seal_statement
from agent.certificate.timestamp import make_token, response_of
from agent.certificate.trust import LeafKind
from agent.model.lot import Lot, LotPolicy
from agent.model.sanitization import Method
from tests.browser.page import Card, VerifyPage
from tests.samples import AT, leaf_key, sample_record, throwaway_pki
from tests.statement_samples import entry, make_lot, many_records
from tests.vectors.case import signed

_PKI = throwaway_pki(test=False)
_RECORDS = many_records(_PKI, 4)[1:]
_POLICY = LotPolicy(Method.CLEAR, acceptance_required=False, acceptor_may_be_operator=True)


def _card(page: VerifyPage, folder: Path, lot: Lot, records: list[bytes]) -> Card:
    """The lot's card, where these records were given with it."""
    data = encode_statement(lot)
    files = {"lot.json": data, "lot.json.p7s": sign_statement(data, _PKI.station, AT)}
    for number, record in enumerate(records):
        files |= {f"{number}.{name}": each for name, each in signed(_PKI, record).items()}
    for name, each in files.items():
        (folder / name).write_bytes(each)
    root = folder / "root.pem"
    root.write_bytes(_PKI.root.certificate.public_bytes(Encoding.PEM))
    page.trust(root)
    page.judge_at(AT + timedelta(days=30))
    return next(each for each in page.verify(*(folder / name for name in files)) if each.path == "lot.json")


@pytest.mark.parametrize(("given", "verdict"), [(0, "statement"), (2, "incomplete"), (3, "statement")])
def test_the_certificates_of_a_lot(page: VerifyPage, tmp_path: Path, given: int, verdict: str) -> None:
    lot = make_lot(_PKI, tuple(map(entry, _RECORDS)), policy=_POLICY)
    card = _card(page, tmp_path, lot, [encode_record(record) for record in _RECORDS[:given]])
    assert card.verdict == verdict, card.text
    assert ("The lot was checked alone" in card.text) == (given == 0)
    assert (f"{given} of 3 records of the lot are here and valid" in card.text) == (given > 0)
    assert ("Each record of the lot was given" in card.text) == (given == 3)
    left_out = hashlib.sha256(encode_record(_RECORDS[2])).hexdigest()
    assert (left_out in card.text) == (given == 2)


def test_a_certificate_that_is_not_valid_counts_as_missing(page: VerifyPage, tmp_path: Path) -> None:
    lot = make_lot(_PKI, tuple(map(entry, _RECORDS)), policy=_POLICY)
    changed = encode_record(_RECORDS[0]).replace(b"LENOVO", b"LENOVA")
    card = _card(page, tmp_path, lot, [changed])
    assert card.verdict == "incomplete", card.text
    assert "0 of 3 records of the lot are here and valid" in card.text


@pytest.mark.parametrize(
    "lie",
    [
        {"operator": "op-none"},
        {"record_id": "019aa001-5e00-7abc-8def-0123456789ac"},
        {"station": "stick-z"},
        {"sequence": 77},
        {"media": ()},
        {"serial": "PF-OTHER"},
        {"asset_tag": "CD35-99999"},
        {"manufacturer": "Dell"},
        {"clock_plausible": False},
        {"issued_at": AT + timedelta(hours=1)},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_lot_that_says_something_else_of_a_record(
    page: VerifyPage, tmp_path: Path, lie: dict[str, object]
) -> None:
    entries = (entry(_RECORDS[0], **lie), entry(_RECORDS[1]))
    card = _card(page, tmp_path, make_lot(_PKI, entries, policy=_POLICY), [*map(encode_record, _RECORDS[:2])])
    assert card.verdict == "refused", card.text
    assert "something else of a record" in card.text
    assert "LOT:" not in card.text


def test_every_kind_of_record_is_found_the_same(page: VerifyPage, tmp_path: Path) -> None:
    kinds = ("laptop", "tablet", "server", "many", "no-drive", "hostile", "excluded")
    records = [
        sample_record(kind, issuer=_PKI.station.issuer, number=number, sequence=number)
        for number, kind in enumerate(kinds, 1)
    ]
    lot = make_lot(_PKI, tuple(map(entry, records)), policy=_POLICY)
    card = _card(page, tmp_path, lot, [*map(encode_record, records)])
    assert card.verdict == "incomplete", card.text
    assert "7 of 7 records of the lot are here and valid" in card.text


def test_a_time_stamp_beside_keeps_the_summary_valid(page: VerifyPage, tmp_path: Path) -> None:
    lot = make_lot(_PKI, tuple(map(entry, _RECORDS)), policy=_POLICY)
    data = encode_statement(lot)
    signature = sign_statement(data, _PKI.station, AT)
    pdf = seal_statement(render_statement(lot, data, signature), lot, data, _PKI.station, AT)
    authority = leaf_key(_PKI, LeafKind.TIME_STAMPING)
    stamp = response_of(make_token(hashlib.sha256(signature).digest(), authority, 7, AT))
    files = {"lot.pdf": pdf, "lot.json.p7s.tsr": stamp}
    for name, each in files.items():
        (tmp_path / name).write_bytes(each)
    root = tmp_path / "root.pem"
    root.write_bytes(_PKI.root.certificate.public_bytes(Encoding.PEM))
    page.trust(root)
    page.judge_at(AT + timedelta(days=500))
    (alone,) = page.verify(tmp_path / "lot.pdf")
    assert (alone.kind, alone.step) == ("expired", "validity"), alone.text
    (stamped,) = page.verify(*(tmp_path / name for name in files))
    assert stamped.verdict == "statement", stamped.text
