"""The table of states, written out a second time and compared arrow by arrow."""

import itertools

import pytest

from agent.model.job import IllegalTransition, JobState, check_transition

ALLOWED = frozenset(
    line.strip()
    for line in """
ready -> confirmed
ready -> refused
confirmed -> checking
confirmed -> failed
confirmed -> interrupted
confirmed -> unknown
checking -> sanitizing
checking -> failed
checking -> interrupted
checking -> unknown
sanitizing -> sanitizing
sanitizing -> verifying
sanitizing -> failed
sanitizing -> interrupted
sanitizing -> unknown
verifying -> sanitizing
verifying -> sanitized
verifying -> sanitized with exceptions
verifying -> failed
verifying -> interrupted
verifying -> unknown
""".splitlines()
)


@pytest.mark.parametrize(("old", "new"), itertools.product(JobState, JobState))
def test_every_arrow(old, new):
    if f"{old} -> {new}" in ALLOWED:
        assert check_transition(old, new) is new
    else:
        with pytest.raises(IllegalTransition):
            check_transition(old, new)


def test_final_states():
    assert {s for s in JobState if s.is_final} == {
        JobState.SANITIZED, JobState.SANITIZED_WITH_EXCEPTIONS, JobState.FAILED, JobState.INTERRUPTED,
        JobState.UNKNOWN, JobState.REFUSED,
    }  # fmt: skip
