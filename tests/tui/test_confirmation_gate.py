"""The confirmation's rules (DESIGN section 5, users.md E12, E16), without a screen."""

import itertools

import pytest

from agent.tui.confirmation_gate import ALPHABET, ConfirmationGate, GateTimes, Phase, Remark
from agent.workflow.confirmation import INVARIANT_LETTERS

CODE = "KRTB"
TIMES = GateTimes()
HUMAN = 0.25


class Hand:
    """Somebody who acts on the gate, and a clock that moves with it."""

    def __init__(self, *, armed: bool = True) -> None:
        self.now = 1000.0
        self.gate = ConfirmationGate(CODE, self.now)
        if armed:
            self.wait(TIMES.arm_seconds)

    def wait(self, seconds: float) -> int:
        """Let time pass in ticks of a tenth; how often the gate fired."""
        fired = 0
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            fired += self.gate.tick(self.now)
        return fired

    def type(self, text: str, pause: float = HUMAN) -> None:
        for character in text:
            self.now += pause
            self.gate.key(character, self.now)

    def enter(self, pause: float = HUMAN) -> None:
        self.now += pause
        self.gate.key("\r", self.now, is_enter=True)


def test_alphabet_is_the_one_that_codes_are_made_of() -> None:
    assert ALPHABET == INVARIANT_LETTERS


@pytest.mark.parametrize("typed", [CODE, CODE.lower()])
def test_right_code_at_human_pace_fires_once_after_the_countdown(typed: str) -> None:
    hand = Hand()
    hand.type(typed)
    assert hand.gate.phase is Phase.SETTLING
    assert hand.wait(TIMES.settle_seconds + 0.1) == 0
    assert hand.gate.phase is Phase.COUNTDOWN
    assert hand.wait(TIMES.countdown_seconds - 0.5) == 0
    assert hand.wait(1.0) == 1
    assert hand.wait(30) == 0


def test_enter_alone_never_counts() -> None:
    hand = Hand()
    for _ in range(30):
        hand.enter()
    assert hand.wait(60) == 0
    assert hand.gate.phase is Phase.TYPING
    assert hand.gate.remark is Remark.ENTER_IS_NOTHING


@pytest.mark.parametrize("scan", ["5CD1234ABCXYZ9", CODE * 3 + CODE[:2], "BBBBBBBBBBBBBB", CODE])
@pytest.mark.parametrize("armed", [True, False])
def test_a_scan_and_enter_changes_nothing(scan: str, armed: bool) -> None:
    hand = Hand(armed=armed)
    hand.type(scan, pause=0.1 / 14)
    hand.enter(pause=0.1 / 14)
    assert hand.gate.typed == ""
    assert hand.gate.remark is Remark.TOO_FAST
    assert hand.wait(60) == 0
    assert hand.gate.phase is Phase.TYPING


def test_four_keys_within_a_tenth_of_a_second_clear_even_the_right_code() -> None:
    hand = Hand()
    hand.type(CODE, pause=0.0333)
    assert hand.gate.phase is Phase.BURST
    assert hand.wait(60) == 0


def test_keys_after_a_burst_count_only_after_quiet() -> None:
    hand = Hand()
    hand.type("XXXX", pause=0.01)
    hand.type(CODE, pause=0.3)
    assert hand.gate.phase is Phase.BURST
    hand.wait(TIMES.quiet_seconds + 0.1)
    hand.type(CODE)
    assert hand.gate.phase is Phase.SETTLING


def test_a_slow_scanner_that_goes_on_after_the_code_does_not_fire() -> None:
    hand = Hand()
    hand.type(CODE + "1", pause=0.05)
    assert hand.wait(60) == 0


def test_wrong_code_is_cleared() -> None:
    hand = Hand()
    hand.type("BCDF")
    assert (hand.gate.typed, hand.gate.remark) == ("", Remark.WRONG_CODE)
    assert hand.wait(60) == 0


@pytest.mark.parametrize("other", ["1", "a", "?", "é"])
def test_a_character_outside_the_alphabet_clears(other: str) -> None:
    hand = Hand()
    hand.type("KRT" + other + "B")
    assert hand.wait(60) == 0
    assert hand.gate.phase is Phase.TYPING


def test_no_single_slow_sequence_of_other_letters_fires() -> None:
    for letters in itertools.islice(itertools.permutations("KRTB", 4), 1, None):
        hand = Hand()
        hand.type("".join(letters))
        assert hand.wait(20) == 0, letters


def test_nothing_is_taken_before_it_is_armed() -> None:
    hand = Hand(armed=False)
    hand.type(CODE, pause=0.3)
    assert hand.gate.remark is Remark.TOO_EARLY
    assert hand.gate.typed == ""
    assert hand.wait(60) == 0


def test_a_burst_does_not_shorten_the_arming() -> None:
    hand = Hand(armed=False)
    hand.type("XXXX", pause=0.01)
    hand.wait(0.7)
    assert hand.gate.phase is Phase.ARMING
    hand.wait(TIMES.arm_seconds)
    assert hand.gate.phase is Phase.TYPING


@pytest.mark.parametrize("key", [("x", False), (None, False), ("\r", True), (" ", False)])
def test_any_key_stops_the_countdown(key: tuple[str | None, bool]) -> None:
    hand = Hand()
    hand.type(CODE)
    hand.wait(9)
    assert hand.gate.phase is Phase.COUNTDOWN
    assert hand.gate.key(key[0], hand.now, is_enter=key[1])
    assert (hand.gate.phase, hand.gate.remark, hand.gate.typed) == (Phase.TYPING, Remark.STOPPED, "")
    assert hand.wait(60) == 0


def test_seconds_that_nobody_saw_are_not_counted() -> None:
    hand = Hand()
    hand.type(CODE)
    hand.wait(1)
    hand.now += 3600
    assert not hand.gate.tick(hand.now)
    assert hand.gate.remaining_seconds(hand.now) > 8


def test_holding_long_enough_leads_to_the_same_countdown() -> None:
    hand = Hand()
    hand.gate.press(hand.now)
    assert hand.wait(TIMES.hold_seconds - 0.3) == 0
    assert hand.gate.phase is Phase.HOLDING
    hand.wait(0.5)
    hand.gate.release(hand.now)
    assert hand.gate.phase is Phase.COUNTDOWN
    assert hand.wait(TIMES.countdown_seconds + 1) == 1


def test_letting_go_early_changes_nothing() -> None:
    hand = Hand()
    hand.gate.press(hand.now)
    hand.wait(1)
    hand.gate.release(hand.now)
    assert hand.gate.remark is Remark.LET_GO
    assert hand.wait(60) == 0


def test_short_taps_do_not_add_up() -> None:
    hand = Hand()
    for _ in range(20):
        hand.gate.press(hand.now)
        hand.wait(0.5)
        hand.gate.release(hand.now)
    assert hand.wait(60) == 0


def test_a_tap_stops_the_countdown_and_starts_no_hold() -> None:
    hand = Hand()
    hand.type(CODE)
    hand.wait(2)
    hand.gate.press(hand.now)
    assert hand.gate.remark is Remark.STOPPED
    assert hand.wait(60) == 0


def test_holding_before_it_is_armed_does_not_count() -> None:
    hand = Hand(armed=False)
    hand.gate.press(hand.now)
    assert hand.wait(60) == 0


def test_an_empty_code_never_fires() -> None:
    gate = ConfirmationGate("", 0.0)
    gate.tick(3.0)
    gate.key("B", 4.0)
    assert not any(gate.tick(4.0 + n / 10) for n in range(300))
