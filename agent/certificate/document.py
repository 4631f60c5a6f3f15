"""The sealed PDF as a verifier sees it: where the seal is, what is attached, what the page says.

The seal is found in the raw bytes: a ByteRange that covers the whole file but one canonical hex string. A PDF parser is
asked only about documents whose seal a trusted station made.
"""

import hashlib
import io
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from agent.certificate.page_text import page_faults
from agent.certificate.report import FailureKind, StepFailed
from agent.certificate.visible import look_at
from agent.certificate.words import Words
from agent.model.language import Language
from agent.model.record import Record

MAXIMUM_BYTES = 16 * 1024 * 1024
RECORD_NAME = "record.json"
SIGNATURE_NAME = "record.json.p7s"
TIME_STAMP_NAME = "record.json.p7s.tsr"
LOG_PROOF_NAME = "record.json.tlog-proof"
CRL_NAME = "crl.pem"
ROOT_CRL_NAME = "root-crl.pem"
PROVISIONAL_NAMES = frozenset({RECORD_NAME, SIGNATURE_NAME})
FINAL_NAMES = PROVISIONAL_NAMES | {TIME_STAMP_NAME, LOG_PROOF_NAME, CRL_NAME}

T = TypeVar("T")

_LAST = threading.local()

# Each one costs a look at the hex digits that it would leave out.
_MOST_RANGES = 1000
_BYTE_RANGE = re.compile(rb"/ByteRange ?\[0 (\d{1,9}) (\d{1,9}) (\d{1,9})\]")
_CANONICAL_HEX = re.compile(rb"<((?:[0-9a-f]{2}){256,16384})>")


@dataclass(frozen=True)
class Seal:
    """Where the seal stands, the envelope in it, and the SHA-256 of all other bytes."""

    byte_range: tuple[int, int, int, int]
    envelope: bytes
    digest: bytes


def find_seal(pdf: bytes) -> Seal:
    """The one seal of a document that covers all of it; raises StepFailed SEAL."""
    if len(pdf) > MAXIMUM_BYTES:
        raise _seal_failed(f"The document takes {len(pdf)} bytes, {MAXIMUM_BYTES} are allowed.")
    ranges = {_numbers(match) for match in _BYTE_RANGE.finditer(pdf)}
    if len(ranges) > _MOST_RANGES:
        raise _seal_failed("The document holds too many signature ranges.")
    # Device text may stand in the attached record in clear, so what only looks like a ByteRange is passed over.
    whole = [r for r in ranges if _covers_all(pdf, r)]
    if len(whole) != 1:
        raise _seal_failed(
            "No single signature covers the whole document: something was added, cut off or changed."
        )
    (byte_range,) = whole
    _, before, after, _ = byte_range
    return Seal(byte_range, _envelope(pdf[before:after]), hashlib.sha256(pdf[:before] + pdf[after:]).digest())


def check_certified(pdf: bytes, seal: Seal) -> None:
    """The seal is the only signature field, certifies the document and allows no changes; raises StepFailed SEAL."""
    # Without the seal's hexadecimal digits, over which the parser takes longer than over all the rest; nobody asks for them.
    _guarded(lambda: _check_certified(_open(pdf, seal), seal), "The document's structure can't be read.")


def read_attachments(pdf: bytes) -> tuple[bytes, bytes]:
    """The record and its signature, of a provisional or of a final document; raises StepFailed SEAL."""
    attached = _whole_set(pdf)
    return attached[RECORD_NAME], attached[SIGNATURE_NAME]


def read_proofs(pdf: bytes) -> dict[str, bytes]:
    """What a final document carries beside record and signature, by name; empty for a provisional one; raises StepFailed SEAL."""
    return {name: data for name, data in _whole_set(pdf).items() if name not in PROVISIONAL_NAMES}


def attached_files(pdf: bytes) -> dict[str, list[bytes]]:
    """Every attached file by its name, whatever the document is; raises StepFailed SEAL."""
    return _guarded(lambda: _attachments(pdf), "The document's attachments can't be read.")


def _whole_set(pdf: bytes) -> dict[str, bytes]:
    attached = attached_files(pdf)
    names = frozenset(attached)
    is_whole = names in {PROVISIONAL_NAMES, FINAL_NAMES, FINAL_NAMES | {ROOT_CRL_NAME}}
    if not is_whole or any(len(contents) != 1 for contents in attached.values()):
        raise _seal_failed(
            "The document does not carry exactly one record, its signature and, if final, its proofs."
        )
    return {name: contents[0] for name, contents in attached.items()}


def extract_text(pdf: bytes) -> str:
    """The text of all pages, in the order of drawing; raises StepFailed SEAL."""
    pages = _guarded(
        lambda: [str(page.extract_text()) for page in _open(pdf).pages], "The pages' text can't be read."
    )
    return "\n".join(pages)


def check_page(pdf: bytes, record: Record, record_bytes: bytes) -> str:
    """The page says what the record says, every string of it; raises StepFailed SEAL."""
    language = page_language(pdf)
    faults = faults_of_page(pdf, record, record_bytes)
    if faults:
        raise _seal_failed(f"The page does not say what the record says: {faults[0]!r}.")
    return f"every printed string is the record's (language: {language.value})"


def faults_of_page(pdf: bytes, record: Record, record_bytes: bytes) -> list[str]:
    """What the page lacks, says too much or hides, in the language that it names; a document without proofs is provisional."""
    language, provisional = page_language(pdf), not read_proofs(pdf)
    pages = look_at(pdf, Words(language).term(record.headline))

    def faults(text: str) -> list[str]:
        return page_faults(text, record, record_bytes, language, provisional=provisional)

    # What one reader of PDF finds is there; the slower one is asked only where the first did not find all.
    missing = faults(pages.text) and faults(extract_text(pdf))
    return missing or ([pages.unseen] if pages.unseen else [])


def page_language(pdf: bytes) -> Language:
    """The language that the document's catalog names (ISO 32000-1, 14.9.2); raises StepFailed SEAL."""
    return _guarded(
        lambda: Language(str(_open(pdf).trailer["/Root"]["/Lang"])), "The document names no known language."
    )


def _open(pdf: bytes, seal: Seal | None = None) -> Any:  # noqa: ANN401 - pypdf is imported only where a document is read
    from pypdf import PdfReader  # noqa: PLC0415

    # One reader for the steps of one verification; each thread has its own, for a reader seeks while it reads.
    if getattr(_LAST, "pdf", None) is not pdf:
        data = pdf if seal is None else _without_digits(pdf, seal)
        _LAST.reader, _LAST.pdf = PdfReader(io.BytesIO(data), strict=True), pdf
    return _LAST.reader


def _without_digits(pdf: bytes, seal: Seal) -> bytes:
    _, before, after, _ = seal.byte_range
    return pdf[:before] + b"<00>" + b" " * (after - before - 4) + pdf[after:]


@lru_cache(maxsize=1)
def _attachments(pdf: bytes) -> dict[str, list[bytes]]:
    return {name: list(contents) for name, contents in _open(pdf).attachments.items()}


def _guarded(read: Callable[[], T], message: str) -> T:
    # A record alone is verified without a PDF parser, so it is imported only here and in _open.
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    try:
        return read()
    except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise _seal_failed(message) from error


def _check_certified(reader: Any, seal: Seal) -> None:  # noqa: ANN401
    root = reader.trailer["/Root"]
    fields = [field.get_object() for field in root["/AcroForm"]["/Fields"]]
    if len(fields) != 1 or tuple(fields[0]["/V"]["/ByteRange"]) != seal.byte_range:
        raise _seal_failed("The document has another signature field than its seal's.")
    signature = fields[0]["/V"]
    if signature["/SubFilter"] != "/ETSI.CAdES.detached" or signature["/Type"] != "/Sig":
        raise _seal_failed("The seal is not a PAdES signature.")
    transform = signature["/Reference"][0].get_object()
    if root["/Perms"]["/DocMDP"] != signature or transform["/TransformMethod"] != "/DocMDP":
        raise _seal_failed("The document is not certified.")
    if transform["/TransformParams"]["/P"] != 1:
        raise _seal_failed("The document's seal allows changes.")


def _numbers(match: re.Match[bytes]) -> tuple[int, int, int, int]:
    return (0, int(match[1]), int(match[2]), int(match[3]))


def _covers_all(pdf: bytes, byte_range: tuple[int, int, int, int]) -> bool:
    _, before, after, rest = byte_range
    return before < after and after + rest == len(pdf) and _CANONICAL_HEX.fullmatch(pdf, before, after) is not None


def _envelope(gap: bytes) -> bytes:
    padded = bytes.fromhex(gap[1:-1].decode("ascii"))
    # DER, X.690 8.1.3.5: the outer SEQUENCE says its length in two bytes; what follows it is padding.
    length = 4 + int.from_bytes(padded[2:4])
    if padded[:2] != b"\x30\x82" or length > len(padded) or any(padded[length:]):
        raise _seal_failed("The seal is not one DER value padded with zeros.")
    return padded[:length]


def _seal_failed(message: str) -> StepFailed:
    return StepFailed(FailureKind.SEAL, message)
