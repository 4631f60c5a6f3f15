"""Base45 (RFC 9285): bytes in the letters of a QR code's alphanumeric mode."""

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}


def encode(data: bytes) -> str:
    """Two bytes become three letters, a last one two; the least significant letter comes first."""
    letters = []
    for start in range(0, len(data), 2):
        part = data[start : start + 2]
        number = int.from_bytes(part)
        for _ in range(len(part) + 1):
            number, rest = divmod(number, 45)
            letters.append(_LETTERS[rest])
    return "".join(letters)


def decode(text: str) -> bytes:
    """The bytes back; raises ValueError for what no encoder writes."""
    data = bytearray()
    for start in range(0, len(text), 3):
        part = text[start : start + 3]
        if len(part) == 1 or any(letter not in _VALUES for letter in part):
            raise ValueError("not Base45")
        number = sum(_VALUES[letter] * 45**place for place, letter in enumerate(part))
        size = len(part) - 1
        if number >= 256**size:
            raise ValueError("a group of letters stands for more than its bytes can hold")
        data += number.to_bytes(size)
    return bytes(data)
