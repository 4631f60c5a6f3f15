"""The published schemas are those of the program, and a validator that is not ours accepts and refuses by them."""

import json
from pathlib import Path

import jsonschema
import pytest

from agent.certificate.json_schema import schema_of
from agent.certificate.record import encode_record
from agent.certificate.statement import encode_statement
from agent.model.acceptance import ACCEPTANCE_SCHEMA, Acceptance, Decision
from agent.model.language import Language
from tests.samples import KINDS, sample_record, throwaway_pki
from tests.samples_full import full_record
from tests.schemas import SCHEMAS, file_name, schema_bytes
from tests.statement_samples import destruction, full_lot, head, intake

PKI = throwaway_pki(test=False)
VECTORS = Path(__file__).parents[2] / "vectors"
PUBLISHED = Path(__file__).parents[3] / "docs" / "schema"


ACCEPTED = Acceptance(
    schema=ACCEPTANCE_SCHEMA,
    **head(PKI),
    record_id=sample_record().record_id,
    record_sha256="ab" * 32,
    record_headline="SANITIZED",
    operator="op-1",
    validator="val-1",
    decision=Decision.REJECT,
    reason="wrong lot",
)
SAMPLES = [
    *(encode_record(sample_record(kind, issuer=PKI.station.issuer)) for kind in KINDS),
    encode_record(full_record()),
    *(encode_statement(full_lot(PKI, language)) for language in Language),
    encode_statement(intake(PKI)),
    encode_statement(destruction(PKI)),
    encode_statement(ACCEPTED),
]


def _validator(schema: str) -> jsonschema.Draft202012Validator:
    made = schema_of(SCHEMAS[schema], schema)
    jsonschema.Draft202012Validator.check_schema(made)
    return jsonschema.Draft202012Validator(made)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_published_schema_is_the_program_s(schema: str) -> None:
    """Made anew by `make schemas`; a difference here is a change of what is signed."""
    assert (PUBLISHED / file_name(schema)).read_bytes() == schema_bytes(schema)


@pytest.mark.parametrize("path", sorted(VECTORS.glob("good*/record.json")), ids=lambda path: path.parent.name)
def test_the_vectors_records_follow_the_schema(path: Path) -> None:
    _validator("ardoise-record/1").validate(json.loads(path.read_bytes()))


@pytest.mark.parametrize("data", SAMPLES, ids=range(len(SAMPLES)))
def test_what_stations_sign_follows_its_schema(data: bytes) -> None:
    form = json.loads(data)
    _validator(form["schema"]).validate(form)


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "ardoise-lot/2"},
        {"salt": "00"},
        {"headline": "PERFECT"},
        {"specimen": "false"},
        {"issued_at": "2026-11-21"},
        {"entries": {}},
        {"totals": {"machines": 7}},
    ],
)
def test_what_they_can_not_sign_does_not(change: dict) -> None:
    form = json.loads(encode_statement(full_lot(PKI))) | change
    assert not _validator("ardoise-lot/1").is_valid(form)


def test_a_missing_field_is_refused_and_an_unknown_one_is_not() -> None:
    form = json.loads(encode_statement(intake(PKI)))
    assert _validator("ardoise-intake/1").is_valid({**form, "zz": "later"})
    del form["machines"]
    assert not _validator("ardoise-intake/1").is_valid(form)
