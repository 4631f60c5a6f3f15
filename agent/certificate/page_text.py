"""Which words a page must show for a record, and how device text is written on it.

`shown` is part of the format: a verifier years later looks for exactly what it wrote.
"""

import hashlib
import re
import unicodedata

from agent.model.drive import HiddenAreaState, printable
from agent.model.language import Language
from agent.model.machine import Environment
from agent.model.record import DocumentKind, Outcome, Record, document_kind

_SPACE = re.compile(r"[\s\u00ad\u200b]+")

# What the page's fonts surely hold: Latin with its extensions, Greek, Cyrillic, common punctuation.
_SHOWN = re.compile(
    r"[^\x20-\x7e\u00a1-\u00ac\u00ae-\u017f\u0391-\u03a9\u03b1-\u03c9\u0410-\u044f\u2013\u2014\u2018-\u201e\u2022\u2026\u20ac]"
)

_TITLES = {
    DocumentKind.CERTIFICATE: "Certificate of Sanitization",
    DocumentKind.PARTIAL_CERTIFICATE: "Partial Certificate of Sanitization",
    DocumentKind.RECORD: "Sanitization Record",
}

_CAUTIONS = {
    DocumentKind.CERTIFICATE: "",
    DocumentKind.PARTIAL_CERTIFICATE: "This machine is not wholly sanitized: only the media marked \u201csanitized\u201d are certified.",
    DocumentKind.RECORD: "This is a record, not a certificate of sanitization.",
}
SPECIMEN = "SPECIMEN"
PROVISIONAL = {Language.ENGLISH: "PROVISIONAL", Language.FRENCH: "PROVISOIRE", Language.GERMAN: "VORLÄUFIG"}
"""What a station's own copy is marked with until the registry has made the final one."""
SANITIZED = frozenset({Outcome.SANITIZED, Outcome.SANITIZED_WITH_EXCEPTIONS})


def shown(text: str, limit: int = 64) -> str:
    """Text of a device or person as one line of the page: what can't be shown safely becomes '?'."""
    return _SHOWN.sub("?", printable(unicodedata.normalize("NFC", text), limit))


def title(record: Record) -> str:
    """What the document is called: a partial certificate where only some media are sanitized, a record where none is."""
    return _TITLES[document_kind(record)]


def caution(record: Record) -> str:
    """What must stand on a page that is no certificate for the whole machine; empty on one that is."""
    return _CAUTIONS[document_kind(record)]


def hidden_areas_caution(record: Record) -> str:
    """What must stand beside the headline where nobody asked sanitized media for hidden areas; empty where all were asked."""
    count = sum(
        drive.outcome in SANITIZED and drive.hidden_areas.state is HiddenAreaState.NOT_EXAMINED
        for drive in record.drives
    )
    media = "1 medium was" if count == 1 else f"{count} media were"
    return f"Hidden areas (HPA, DCO, AMA) of {media} not examined: not covered." if count else ""


def verified_words(
    record: Record, record_bytes: bytes, language: Language | None = None, *, provisional: bool = False
) -> list[str]:
    """The texts of the record that every verifier looks for, the headline first; they change only with the record's schema."""
    words = [record.headline.value, record.record_id, hashlib.sha256(record_bytes).hexdigest()]
    words += [SPECIMEN] if record.specimen else []
    words += [PROVISIONAL[language or record.language]] if provisional else []
    for drive in record.drives:
        words += [shown(drive.identity.model), shown(drive.identity.serial), drive.outcome.value]
    return [word for word in words if word]


def sealed_words(
    record: Record, record_bytes: bytes, language: Language | None = None, *, provisional: bool = False
) -> list[str]:
    """Everything that must stand on a page before it is sealed, whatever the template looks like."""
    words = [
        title(record),
        shown(record.issuer.organisation),
        shown(record.issuer.station),
        shown(record.host.serial),
    ]
    words += [caution(record), hidden_areas_caution(record)]
    if record.environment is not Environment.LIVE_IMAGE:
        words.append(record.environment.value)
    return [
        *verified_words(record, record_bytes, language, provisional=provisional),
        *(word for word in words if word),
    ]


def missing_words(page_text: str, words: list[str]) -> list[str]:
    """The words that a page's extracted text does not hold; line breaks and spaces do not count."""
    text = _SPACE.sub("", page_text)
    return [word for word in words if _SPACE.sub("", word) not in text]
