"""The sealed page of a statement: PDF/A-3a and PDF/UA-1 by Typst, with the statement and its signature attached."""

from datetime import datetime

from agent.certificate.document import extract_text
from agent.certificate.page import Attachment, compile_page, template
from agent.certificate.page_text import missing_words
from agent.certificate.seal import seal_pdf
from agent.certificate.statement import kind_of
from agent.certificate.statement_text import statement_words
from agent.certificate.statement_view import statement_view
from agent.certificate.station import StationKey
from agent.errors import CertificateError
from agent.model.statement import Statement


def render_statement(statement: Statement, data: bytes, signature: bytes) -> bytes:
    """The unsealed PDF of a statement; raises CertificateError."""
    kind = kind_of(statement)
    attached = (
        Attachment(kind.json_name, data, "data", "application/json", "What was signed: canonical JSON"),
        Attachment(
            kind.signature_name,
            signature,
            "supplement",
            "application/pkcs7-signature",
            f"Detached CAdES signature of {kind.json_name}",
        ),
    )
    return compile_page(template("statement.typ"), statement_view(statement, data), attached, statement.issued_at)


def seal_statement(pdf: bytes, statement: Statement, data: bytes, key: StationKey, signing_time: datetime) -> bytes:
    """The sealed document; raises CertificateError where the page does not say what the statement says."""
    missing = missing_words(extract_text(pdf), statement_words(statement, data))
    if missing:
        raise CertificateError(f"The page does not show {missing[0]!r}; it is not sealed.", "Report this.")
    return seal_pdf(pdf, key, signing_time, "Sealed by the station that signed the statement")
