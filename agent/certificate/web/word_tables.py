"""The words of pages as data for verify.html, from the tables that the pages are made with: none is written twice."""

import json
from collections.abc import Mapping

from agent.certificate.words.labels import LABELS
from agent.certificate.words.phrases import PHRASES
from agent.certificate.words.say import BYTES, ORDER, QUOTES
from agent.certificate.words.sentences import SENTENCES
from agent.certificate.words.terms import MONTHS, TERMS
from agent.model.passes import RANDOM_GENERATOR


def page_words() -> dict[str, object]:
    """All that words/say.py looks up, by the name of its table; each entry in the order of `languages`."""
    return {
        "languages": [language.value for language in ORDER],
        "texts": {**SENTENCES, **LABELS},
        "terms": {kind: dict(terms) for kind, terms in TERMS.items()},
        "phrases": PHRASES,
        "months": MONTHS,
        "quotes": {language.value: marks for language, marks in QUOTES.items()},
        "bytes": {language.value: word for language, word in BYTES.items()},
        "generator": RANDOM_GENERATOR,
    }


def constant(name: str, tables: Mapping[str, object]) -> str:
    """JavaScript that holds these tables, an entry a line; JSON is JavaScript (ECMA-262, since 2019)."""
    return f"const {name} = {{\n" + "".join(f"  {key}: {_lines(table)},\n" for key, table in tables.items()) + "};"


def _lines(table: object) -> str:
    if isinstance(table, Mapping):
        return "{\n" + "".join(f"    {compact(key)}: {compact(value)},\n" for key, value in table.items()) + "  }"
    if isinstance(table, tuple):
        return "[\n" + "".join(f"    {compact(value)},\n" for value in table) + "  ]"
    return compact(table)


def compact(value: object) -> str:
    """A value as JSON without needless spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
