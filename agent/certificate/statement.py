"""Statements beside the record: their canonical bytes, their signature, and what each kind is called."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from agent.certificate import canonical
from agent.certificate.cades import sign_detached
from agent.certificate.station import StationKey
from agent.errors import MalformedRecord
from agent.model.acceptance import ACCEPTANCE_SCHEMA, Acceptance
from agent.model.destruction import DESTRUCTION_SCHEMA, DestructionRecord
from agent.model.intake import INTAKE_SCHEMA, IntakeReceipt
from agent.model.json_form import JsonFormError, from_json_form, to_json_form
from agent.model.lot import LOT_SCHEMA, Lot
from agent.model.statement import Statement

S = TypeVar("S", bound=Statement)
S_co = TypeVar("S_co", bound=Statement, covariant=True)

_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Kind(Generic[S_co]):
    """One kind of statement: its schema, the stem of its files, and how large it may be."""

    schema: str
    name: str
    type: type[S_co]
    limits: canonical.Limits

    @property
    def json_name(self) -> str:
        """The statement's file."""
        return f"{self.name}.json"

    @property
    def signature_name(self) -> str:
        """The file of its detached signature."""
        return f"{self.name}.json.p7s"

    @property
    def pdf_name(self) -> str:
        """The file of its sealed page."""
        return f"{self.name}.pdf"


LOT = Kind(LOT_SCHEMA, "lot", Lot, canonical.Limits("lot", 32 * _MEBIBYTE, 4_000_000))
INTAKE = Kind(INTAKE_SCHEMA, "intake", IntakeReceipt, canonical.Limits("intake receipt", 8 * _MEBIBYTE, 1_000_000))
DESTRUCTION = Kind(
    DESTRUCTION_SCHEMA,
    "destruction",
    DestructionRecord,
    canonical.Limits("destruction record", _MEBIBYTE, 10_000),
)
ACCEPTANCE = Kind(ACCEPTANCE_SCHEMA, "acceptance", Acceptance, canonical.Limits("acceptance", _MEBIBYTE, 10_000))

KINDS: tuple[Kind[Statement], ...] = (
    LOT, INTAKE, DESTRUCTION, ACCEPTANCE,
)  # fmt: skip


def kind_of(statement: Statement) -> Kind[Statement]:
    """The kind of a statement."""
    return next(kind for kind in KINDS if isinstance(statement, kind.type))


def encode_statement(statement: Statement) -> bytes:
    """The canonical bytes that are signed; raises MalformedRecord."""
    return canonical.encode(to_json_form(statement), kind_of(statement).limits)


def decode_statement(data: bytes, kind: Kind[S]) -> S:
    """The statement that these bytes are the one canonical form of; raises MalformedRecord."""
    what = kind.limits.what
    document = canonical.parse(data, kind.limits)
    if not isinstance(document, dict) or document.get("schema") != kind.schema:
        raise MalformedRecord(f"The {what} is not of the schema {kind.schema}.", "A newer verifier may know it.")
    try:
        statement = from_json_form(document, kind.type)
    except JsonFormError as error:
        raise MalformedRecord(f"The {what} does not follow its schema: {error}.") from error
    if not canonical.holds(document, to_json_form(statement)):
        raise MalformedRecord(f"The {what}'s fields are not in the form that its schema asks for.")
    if not canonical.UUID7.fullmatch(statement.statement_id) or not canonical.SALT.fullmatch(statement.salt):
        raise MalformedRecord(f"The {what}'s id is no UUID of version 7, or its salt is not 32 hex digits.")
    return statement


def sign_statement(data: bytes, key: StationKey, at: datetime) -> bytes:
    """The detached signature, in the record's own form."""
    return sign_detached(data, key, at)


def is_day(text: str) -> bool:
    """Whether this is a calendar day as ISO 8601 writes it."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
