"""The record's bytes: RFC 8785 in NFC, built exactly once, and read back strictly (canonical.py says how)."""

from agent.certificate import canonical
from agent.errors import MalformedRecord
from agent.model.json_form import JsonFormError, from_json_form, to_json_form
from agent.model.record import SCHEMA, Record

MAXIMUM_BYTES = 2 * 1024 * 1024
MAXIMUM_DEPTH = 16
MAXIMUM_TOKENS = 100_000  # strings and brackets; a medium takes about 250

_LIMITS = canonical.Limits("record", MAXIMUM_BYTES, MAXIMUM_TOKENS, MAXIMUM_DEPTH)


def encode_record(record: Record) -> bytes:
    """The canonical bytes that are signed; half characters of broken device text become U+FFFD; raises MalformedRecord."""
    return canonical.encode(to_json_form(record), _LIMITS)


def decode_record(data: bytes) -> Record:
    """The record that these bytes are the one canonical form of; raises MalformedRecord."""
    document = canonical.parse(data, _LIMITS)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise MalformedRecord(f"The record is not of the schema {SCHEMA}.", "A newer verifier may know its schema.")
    try:
        record = from_json_form(document, Record)
    except JsonFormError as error:
        raise MalformedRecord(f"The record does not follow its schema: {error}.") from error
    if not canonical.holds(document, to_json_form(record)):
        raise MalformedRecord("The record's fields are not in the form that its schema asks for.")
    if not canonical.UUID7.fullmatch(record.record_id) or not canonical.SALT.fullmatch(record.salt):
        raise MalformedRecord("The record's id is no UUID of version 7, or its salt is not 32 hex digits.")
    return record
