"""The language of a document's page; what is signed keeps its English words."""

from enum import StrEnum


class Language(StrEnum):
    """A language that documents are made in (BCP 47)."""

    ENGLISH = "en"
    FRENCH = "fr"
    GERMAN = "de"
