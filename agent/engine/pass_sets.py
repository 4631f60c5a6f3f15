"""The named sequences of passes, as data; whatever their name, an overwrite reaches Clear (NIST SP 800-88r2 FAQ Q6)."""

from agent.errors import UsageError
from agent.model.sanitization import PassKind, PassSet, PassSpec

_RANDOM = PassSpec(PassKind.RANDOM)
_ZEROS = PassSpec(PassKind.PATTERN, "00")
_ONES = PassSpec(PassKind.PATTERN, "ff")
_AA = PassSpec(PassKind.PATTERN, "aa")

PASS_SETS: tuple[PassSet, ...] = (
    PassSet(
        "random",
        "Random data, one pass",
        "NIST SP 800-88r2, Clear: one pass over every addressable byte",
        (_RANDOM,),
    ),
    PassSet(
        "zeros",
        "Zeros, one pass",
        "NIST SP 800-88r2, Clear: one pass of a fixed value",
        (_ZEROS,),
    ),
    PassSet(
        "ones",
        "Ones, one pass",
        "NIST SP 800-88r2, Clear: one pass of a fixed value",
        (_ONES,),
    ),
    PassSet(
        "dod-3",
        "Character, complement, random; the last pass verified",
        'DoD 5220.22-M (NISPOM), January 1995, clearing and sanitization matrix, method "d"; '
        "no longer accepted by the DoD for sanitizing since 2007",
        (_ZEROS, _ONES, _RANDOM),
    ),
    PassSet(
        "hmg-is5-enhanced",
        "Zeros, ones, random; the last pass verified",
        "HMG Infosec Standard 5, enhanced overwrite; withdrawn",
        (_ZEROS, _ONES, _RANDOM),
    ),
    PassSet(
        "vsitr-7",
        "Zeros and ones three times in turn, then 0xAA",
        "BSI VSITR (1998); not in force since 2009",
        (_ZEROS, _ONES, _ZEROS, _ONES, _ZEROS, _ONES, _AA),
    ),
    PassSet(
        "schneier-7",
        "Ones, zeros, then random five times",
        "B. Schneier, Applied Cryptography, 2nd edition (1996)",
        (_ONES, _ZEROS, _RANDOM, _RANDOM, _RANDOM, _RANDOM, _RANDOM),
    ),
)


def find_pass_set(name: str) -> PassSet:
    """The pass set of this name; raises UsageError, which lists those that exist."""
    for pass_set in PASS_SETS:
        if pass_set.name == name:
            return pass_set
    known = ", ".join(p.name for p in PASS_SETS)
    raise UsageError(f"There is no pass set {name!r}.", f"Known are: {known}.")
