"""What stands between a person and the first write (DESIGN section 5): pace, code, arming, hold, countdown. No screen in here.

A barcode scanner is a keyboard that ends with Enter, so Enter never counts, a burst of keys clears what was typed, and a code
counts only after a moment of silence. All times are monotonic seconds that the caller passes in.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

ALPHABET = "BCDEFGHIJKLNOPRSTUVX"
"""Letters that are the same key on every keyboard layout in use (users.md F05)."""


@dataclass(frozen=True)
class GateTimes:
    """Seconds of each rule; a burst is `burst_keys` keys within `burst_seconds`."""

    arm_seconds: float = 2.0
    burst_keys: int = 4
    burst_seconds: float = 0.1
    quiet_seconds: float = 0.5
    settle_seconds: float = 0.3
    hold_seconds: float = 3.0
    countdown_seconds: float = 10.0
    longest_tick_seconds: float = 0.5


class Phase(StrEnum):
    """Where the confirmation stands; only FIRED lets the work begin."""

    ARMING = "arming"
    TYPING = "typing"
    BURST = "burst"
    SETTLING = "settling"
    HOLDING = "holding"
    COUNTDOWN = "countdown"
    FIRED = "fired"


class Remark(StrEnum):
    """What the dialog has to say about the last thing that happened."""

    NONE = ""
    TOO_EARLY = "too early"
    TOO_FAST = "too fast"
    WRONG_CODE = "wrong code"
    ENTER_IS_NOTHING = "enter is nothing"
    LET_GO = "let go"
    STOPPED = "stopped"


class ConfirmationGate:
    """One confirmation dialog's rules; `key`, `press`, `release` and `tick` take the time at which they happened."""

    def __init__(self, code: str, opened_at: float, times: GateTimes | None = None) -> None:
        self._code = code.upper()
        self._times = times or GateTimes()
        self._keys: deque[float] = deque(maxlen=self._times.burst_keys)
        self._opened_at = opened_at
        self._since = opened_at
        self._last_tick = opened_at
        self._counted = 0.0
        self.phase = Phase.ARMING
        self.typed = ""
        self.remark = Remark.NONE

    def key(self, character: str | None, at: float, *, is_enter: bool = False) -> bool:
        """Take any key; True where it has been dealt with, so that it must do nothing else."""
        self._keys.append(at)
        if self.phase is Phase.FIRED:
            return True
        if self.phase is Phase.COUNTDOWN:
            self._go(Phase.TYPING, at, Remark.STOPPED)
            return True
        if self._is_burst() or self.phase is Phase.BURST:
            self._go(Phase.BURST, at, Remark.TOO_FAST)
            return True
        return self._single_key(character, at, is_enter=is_enter)

    def press(self, at: float) -> None:
        """Take the finger or button going down on the hold button; while the countdown runs it stops it."""
        if self.phase is Phase.COUNTDOWN:
            self._go(Phase.TYPING, at, Remark.STOPPED)
        elif self.phase in {Phase.TYPING, Phase.SETTLING}:
            self._go(Phase.HOLDING, at)
        elif self.phase is Phase.ARMING:
            self.remark = Remark.TOO_EARLY

    def release(self, at: float) -> None:
        """Take the finger going up, or leaving the button."""
        self.tick(at)
        if self.phase is Phase.HOLDING:
            self._go(Phase.TYPING, at, Remark.LET_GO)

    def stop(self, at: float) -> bool:
        """Stop a running countdown; True where there was one."""
        if self.phase is not Phase.COUNTDOWN:
            return False
        self._go(Phase.TYPING, at, Remark.STOPPED)
        return True

    def tick(self, at: float) -> bool:
        """Let time pass; True exactly once, at the end of the countdown."""
        step = min(max(0.0, at - self._last_tick), self._times.longest_tick_seconds)
        self._last_tick = max(at, self._last_tick)
        waited = at - self._since
        if self.phase is Phase.ARMING and waited >= self._times.arm_seconds:
            self._go(Phase.TYPING, at)
        elif self.phase is Phase.BURST and waited >= self._times.quiet_seconds:
            self._end_burst(at)
        elif (self.phase is Phase.SETTLING and waited >= self._times.settle_seconds) or (
            self.phase is Phase.HOLDING and waited >= self._times.hold_seconds
        ):
            self._go(Phase.COUNTDOWN, at, keep=True)
        elif self.phase is Phase.COUNTDOWN:
            # Seconds that nobody could see (a frozen screen, a suspended laptop) are not counted.
            self._counted += step
            if self._counted >= self._times.countdown_seconds:
                self._go(Phase.FIRED, at)
                return True
        return False

    def remaining_seconds(self, at: float) -> float:
        """Seconds until the running wait (arming, hold, countdown) ends; 0 where none runs."""
        if self.phase is Phase.COUNTDOWN:
            return max(0.0, self._times.countdown_seconds - self._counted)
        whole = {Phase.ARMING: self._times.arm_seconds, Phase.HOLDING: self._times.hold_seconds}.get(self.phase)
        return 0.0 if whole is None else max(0.0, whole - (at - self._since))

    def _single_key(self, character: str | None, at: float, *, is_enter: bool) -> bool:
        if self.phase is Phase.ARMING:
            if character or is_enter:
                self.remark = Remark.TOO_EARLY
            return bool(character) or is_enter
        if is_enter:
            self.remark = Remark.ENTER_IS_NOTHING
            self.typed = ""
            self._back_to_typing(at)
            return False
        if not character or not character.isprintable() or character == " ":
            if self.phase is Phase.SETTLING:
                self._go(Phase.TYPING, at)
            return False
        self._letter(character.upper(), at)
        return True

    def _letter(self, letter: str, at: float) -> None:
        self.remark = Remark.NONE
        if self.phase is not Phase.TYPING or letter not in ALPHABET:
            self._go(Phase.TYPING, at, Remark.WRONG_CODE)
            return
        self.typed += letter
        if len(self.typed) < len(self._code):
            return
        if self._code and self.typed == self._code:
            self._go(Phase.SETTLING, at, keep=True)
        else:
            self._go(Phase.TYPING, at, Remark.WRONG_CODE)

    def _back_to_typing(self, at: float) -> None:
        if self.phase is not Phase.TYPING:
            self._go(Phase.TYPING, at, self.remark)

    def _end_burst(self, at: float) -> None:
        armed = at - self._opened_at >= self._times.arm_seconds
        self._go(Phase.TYPING if armed else Phase.ARMING, at if armed else self._opened_at, self.remark)

    def _is_burst(self) -> bool:
        full = len(self._keys) == self._times.burst_keys
        return full and self._keys[-1] - self._keys[0] <= self._times.burst_seconds

    def _go(self, phase: Phase, at: float, remark: Remark = Remark.NONE, *, keep: bool = False) -> None:
        self.phase, self._since, self.remark = phase, at, remark
        if not keep:
            self.typed = ""
        if phase is Phase.COUNTDOWN:
            self._counted = 0.0
