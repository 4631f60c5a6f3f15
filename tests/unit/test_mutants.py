"""A defect whose place has moved tests nothing any more."""

from pathlib import Path

import pytest

from tests.mutants.defects import DEFECTS as THEIRS
from tests.mutants.defects import Defect
from tests.mutants.proof_defects import PROOF_DEFECTS

DEFECTS = (*THEIRS, *PROOF_DEFECTS)

_REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("defect", DEFECTS, ids=[d.name.replace(" ", "-") for d in DEFECTS])
def test_its_place_is_there_once(defect: Defect) -> None:
    assert (_REPOSITORY / defect.file).read_text().count(defect.old) == 1


def test_its_tests_are_there() -> None:
    named = {path for defect in DEFECTS for path in defect.tests if path.startswith("tests/")}
    assert named
    assert [path for path in named if not (_REPOSITORY / path).exists()] == []
