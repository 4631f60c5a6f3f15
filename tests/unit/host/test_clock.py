"""What the kernel says of its clock, compared with what adjtimex(8)'s own interface gives Python elsewhere."""

import ctypes

import pytest

from agent.host import clock


class Kernel:
    """Answers adjtimex as the kernel does."""

    def __init__(self, state: int, status: int) -> None:
        self.state, self.status = state, status

    def adjtimex(self, asked: object) -> int:
        found = ctypes.cast(asked, ctypes.POINTER(clock._Timex)).contents  # type: ignore[arg-type]
        assert found.modes == 0, "asking must set nothing"
        found.status = self.status
        return self.state


@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        # adjtimex(2): TIME_OK 0, TIME_INS 1, TIME_ERROR 5; STA_PLL 0x1, STA_UNSYNC 0x40, STA_NANO 0x2000.
        (0, 0x2001, "system, synchronized"),
        (1, 0x0001, "system, synchronized"),
        (5, 0x0040, "system, not synchronized"),
        (0, 0x0040, "system, not synchronized"),
        (5, 0x0001, "system, not synchronized"),
        (-1, 0x0000, "system"),
    ],
)
def test_the_kernels_answer(monkeypatch: pytest.MonkeyPatch, state: int, status: int, said: str) -> None:
    monkeypatch.setattr(clock.ctypes, "CDLL", lambda _: Kernel(state, status))
    assert clock.clock_source() == said


def test_this_kernel_answers() -> None:
    assert clock.clock_source() in {"system, synchronized", "system, not synchronized", "system"}


def test_the_place_of_the_status() -> None:
    """<sys/timex.h>: an int and four longs stand before it."""
    word = ctypes.sizeof(ctypes.c_long)
    assert clock._Timex.status.offset == 5 * word
    assert ctypes.sizeof(clock._Timex) >= 208
