"""What several tests of the host layer share."""

import pytest

from agent.host import sg_io
from tests.unit.host.scsi_answers import Answers


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """The drive behind every node; it answers what a test lists."""
    answers = Answers()
    monkeypatch.setattr(sg_io, "on_node", answers)
    return answers
