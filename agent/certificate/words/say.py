"""Words, figures and dates bound to one language."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from agent.certificate import figures
from agent.certificate.words.labels import LABELS
from agent.certificate.words.phrases import PHRASES
from agent.certificate.words.sentences import SENTENCES
from agent.certificate.words.terms import MONTHS, TERMS
from agent.model.language import Language

ORDER = (Language.ENGLISH, Language.FRENCH, Language.GERMAN)
_PATTERNS = tuple((re.compile(pattern), (french, german)) for pattern, french, german in PHRASES)
_NARROW = "\u202f"
QUOTES = {
    Language.ENGLISH: ("\u201c", "\u201d"),
    Language.FRENCH: ("\u00ab\u202f", "\u202f\u00bb"),
    Language.GERMAN: ("\u201e", "\u201c"),
}
BYTES = {Language.ENGLISH: "bytes", Language.FRENCH: "octets", Language.GERMAN: "Byte"}


@dataclass(frozen=True)
class Words:
    """The words of one language."""

    language: Language

    def say(self, key: str, /, **values: object) -> str:
        """A label or a sentence with its values."""
        entry = LABELS[key] if key in LABELS else SENTENCES[key]
        return entry[ORDER.index(self.language)].format(**values)

    def term(self, value: StrEnum) -> str:
        """The word for a value of the record."""
        return TERMS[type(value).__name__][value.value][ORDER.index(self.language)]

    def named(self, kind: str, value: str) -> str:
        """The word for a value that the record keeps as plain text; as it stands where it is none of the kind."""
        entry = TERMS[kind].get(value)
        return value if entry is None else entry[ORDER.index(self.language)]

    def phrase(self, text: str) -> str:
        """A sentence that the program wrote into the record, in this language; in quotes as recorded where none is known."""
        known = self.known_phrase(text)
        return self.quoted(text) if known is None else known

    def known_phrase(self, text: str) -> str | None:
        """A sentence of the program in this language; None where none is known."""
        if self.language is Language.ENGLISH:
            return text
        for pattern, others in _PATTERNS:
            if found := pattern.fullmatch(text):
                template = others[ORDER.index(self.language) - 1]
                return template.format(*(self.named("Inner", group or "") for group in found.groups()))
        return None

    def quoted(self, text: str) -> str:
        """Text in this language's quotation marks."""
        first, last = QUOTES[self.language]
        return f"{first}{text}{last}"

    def number(self, text: str) -> str:
        """A figure with this language's decimal sign, its unit held to it."""
        text = text.replace(" ", "\u00a0")
        return text if self.language is Language.ENGLISH else text.replace(".", ",")

    def grouped(self, number: int) -> str:
        """Digits in groups of three, by narrow spaces that no line breaks at (ISO 80000-1 7.3.2)."""
        return f"{number:,}".replace(",", _NARROW)

    def bytes(self, number: int) -> str:
        """An exact number of bytes."""
        return f"{self.grouped(number)}\u00a0{BYTES[self.language]}"

    def percent(self, part: int, whole: int) -> str:
        """A share, rounded down: only all of it is 100 %."""
        return self.number(figures.percent(part, whole))

    def capacity(self, size: int) -> str:
        """A size in the decimal units that drives are sold by."""
        text = self.number(figures.capacity(size))
        if self.language is Language.FRENCH:
            text = re.sub(r"([TGM])B$", r"\1o", text)
        return text.replace("bytes", BYTES[self.language])

    def duration(self, milliseconds: int) -> str:
        """A measured duration in the two units that matter."""
        return self.number(figures.duration(milliseconds))

    def day(self, moment: datetime) -> str:
        """A date as a person writes it."""
        at = moment.astimezone(UTC)
        month = MONTHS[at.month - 1][ORDER.index(self.language)]
        first = {Language.FRENCH: "1er", Language.GERMAN: "1."}.get(self.language, "1")
        day = first if at.day == 1 else f"{at.day}." if self.language is Language.GERMAN else str(at.day)
        return f"{day}\u00a0{month}\u00a0{at.year}"

    def moment(self, moment: datetime) -> str:
        """Date and time in UTC (ISO 8601)."""
        return f"{moment.astimezone(UTC):%Y-%m-%d\u00a0%H:%M:%S}\u00a0UTC"


def is_known_phrase(text: str) -> bool:
    """Whether a sentence of the program has its translations."""
    return any(pattern.fullmatch(text) for pattern, _ in _PATTERNS)
