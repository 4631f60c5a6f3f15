"""The named sequences of passes, as data; whatever their name, an overwrite reaches Clear (NIST SP 800-88r2 FAQ Q6)."""

from agent.model.passes import PassKind, PassSpec
from agent.model.sanitization import PassSet

_RANDOM = PassSpec(PassKind.RANDOM)
_ZEROS = PassSpec(PassKind.PATTERN, "00")
_ONES = PassSpec(PassKind.PATTERN, "ff")
_AA = PassSpec(PassKind.PATTERN, "aa")
# P. Gutmann's table of 1996: passes 5 to 31, for the encodings of drives of that time.
_GUTMANN_PATTERNS = (
    *("55", "aa", "924924", "492492", "249249"),
    *(f"{digit:x}{digit:x}" for digit in range(16)),
    *("924924", "492492", "249249", "6db6db", "b6db6d", "db6db6"),
)

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
    PassSet(
        "gutmann-35",
        "Random four times, 27 patterns, random four times",
        "P. Gutmann, Secure Deletion of Data from Magnetic and Solid-State Memory (1996), in the order of its table; "
        "its author calls it pointless for drives of today",
        (*(_RANDOM,) * 4, *(PassSpec(PassKind.PATTERN, p) for p in _GUTMANN_PATTERNS), *(_RANDOM,) * 4),
    ),
)
