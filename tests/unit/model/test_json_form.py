"""The JSON form takes exactly what it gives: no word is bent until it fits."""

import pytest

from agent.model.job import JobState, SectorError
from agent.model.json_form import JsonFormError, from_json_form, to_json_form
from agent.model.machine import StorageController
from agent.model.sanitization import PassKind, PassSpec

ERROR = {"lba": "7", "sector_count": "1", "error": "x"}
CONTROLLER = {"address": "", "description": "", "driver": "", "raid_mode": False}


def test_what_goes_out_comes_back():
    for value in (SectorError(7, 1, "x"), StorageController("", "", "", True), PassSpec(PassKind.PATTERN, "00")):
        assert from_json_form(to_json_form(value), type(value)) == value
    assert to_json_form(SectorError(2**64, 1, "x"))["lba"] == str(2**64)


@pytest.mark.parametrize("lba", [7, "007", " 7", "1_0", "-0", "7.0", "", True, None, "٣", "9" * 41])
def test_integers_are_canonical_decimal_strings(lba):
    with pytest.raises(JsonFormError):
        from_json_form({**ERROR, "lba": lba}, SectorError)


@pytest.mark.parametrize("text", [7, None, True, ["x"], {}])
def test_text_is_text(text):
    with pytest.raises(JsonFormError):
        from_json_form({**ERROR, "error": text}, SectorError)


@pytest.mark.parametrize("flag", ["no", "false", "", 0, 1, None, []])
def test_truth_is_true_or_false(flag):
    with pytest.raises(JsonFormError):
        from_json_form({**CONTROLLER, "raid_mode": flag}, StorageController)


@pytest.mark.parametrize("kind", ["", "Random", "RANDOM", "anything", 1, None])
def test_an_enum_is_one_of_its_words(kind):
    with pytest.raises(JsonFormError):
        from_json_form({"kind": kind, "pattern_hex": ""}, PassSpec)
    with pytest.raises(JsonFormError):
        from_json_form(kind, JobState)


def test_no_number_is_a_fraction():
    with pytest.raises(JsonFormError):
        from_json_form(1.5, float)
