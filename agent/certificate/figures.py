"""Sizes, shares and durations as a page writes them: never more than is true."""


def percent(part: int, whole: int) -> str:
    """A share in percent with two digits, rounded down: only all of it is 100 %."""
    if whole <= 0:
        return "0 %"
    if part == whole:
        return "100 %"
    hundredths = part * 10_000 // whole
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def capacity(size: int) -> str:
    """Bytes in the decimal units that drives are sold by."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= factor:
            return f"{size / factor:.4g} {unit}"
    return f"{size} bytes"


def grouped(number: int) -> str:
    """Digits in groups of three, by spaces that no line breaks at."""
    return f"{number:,}".replace(",", "\u00a0")


def duration(milliseconds: int) -> str:
    """A measured duration in the two units that matter."""
    seconds = milliseconds // 1000
    if seconds >= 3600:
        return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"
    return (
        f"{seconds // 60} min {seconds % 60:02d} s"
        if seconds >= 60
        else f"{seconds}.{milliseconds % 1000 // 100} s"
    )
