"""Which of several records decides: one that no other is known to follow, and of several such ones the worst."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from agent.model.lot import LotEntry

T = TypeVar("T")

Badness = tuple[bool, ...]


def deciding(found: Iterable[T], entry: Callable[[T], LotEntry], badness: Callable[[T], Badness]) -> T:
    """The one that decides, whatever order they come in; of equally bad ones that with the smallest digest."""
    # Latest first, so that what follows another is met at once.
    candidates = sorted(found, key=lambda each: (entry(each).issued_at, entry(each).record_sha256), reverse=True)
    last = [one for one in candidates if not any(_order(entry(one), entry(other)) > 0 for other in candidates)]
    # Numbers and clocks that contradict each other in a circle leave none: then each may be the last.
    return max(sorted(last or candidates, key=lambda each: entry(each).record_sha256), key=badness)


def _order(one: LotEntry, other: LotEntry) -> int:
    """1 where `other` is later, -1 where it is earlier, 0 where nobody can tell."""
    if one.station == other.station:
        # Two records with one number are a fork: either may be the later one.
        return (other.sequence > one.sequence) - (other.sequence < one.sequence)
    if not one.clock_plausible or not other.clock_plausible:
        return 0
    return (other.issued_at > one.issued_at) - (other.issued_at < one.issued_at)
