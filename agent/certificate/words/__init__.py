"""The words of documents in the three languages of a page: one entry holds all three, so that none can be forgotten.

What is signed keeps its English values; these only show it. A verifier years later computes the same page, so an entry is
part of the format: it changes only with the record's schema.
"""

from agent.certificate.words.say import Words, is_known_phrase

__all__ = ["Words", "is_known_phrase"]
