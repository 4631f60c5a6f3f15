"""How much of a medium must be read back before its record may call it sanitized."""

from dataclasses import replace

import pytest

from agent.model.record import Outcome, medium_outcome
from agent.model.sanitization import VerificationKind
from tests.samples import sanitized_drive

SECTOR = 512
SIZE = 1_000_000 * SECTOR


def outcome(kind: VerificationKind, expected: int) -> Outcome:
    """The outcome of a medium that was written in full and of which exactly `expected` bytes were read back well."""
    drive = sanitized_drive(capacity=SIZE)
    assert drive.verification is not None
    check = replace(
        drive.verification,
        kind=kind,
        bytes_expected=expected,
        bytes_read=expected,
        bytes_matching=expected,
        sample_seed="c0ffee00" * 4 if kind is VerificationKind.SAMPLED else "",
    )
    return medium_outcome(replace(drive, verification=check))


@pytest.mark.parametrize(
    ("kind", "expected", "wanted"),
    [
        (VerificationKind.FULL, SIZE, Outcome.SANITIZED),
        (VerificationKind.FULL, SIZE - SECTOR, Outcome.FAILED),
        (VerificationKind.SAMPLED, SIZE // 10, Outcome.SANITIZED),
        (VerificationKind.SAMPLED, SIZE // 20, Outcome.SANITIZED),
        (VerificationKind.SAMPLED, SIZE // 20 - SECTOR, Outcome.FAILED),
        (VerificationKind.SAMPLED, SECTOR, Outcome.FAILED),
        (VerificationKind.SAMPLED, 0, Outcome.FAILED),
        (VerificationKind.SAMPLED, SIZE + SECTOR, Outcome.FAILED),
    ],
)
def test_a_read_back_of_too_little_proves_nothing(kind: VerificationKind, expected: int, wanted: Outcome) -> None:
    assert outcome(kind, expected) is wanted
