"""The JSON form takes exactly what it gives: no word is bent until it fits."""

import tracemalloc

import pytest

from agent.model.job import JobState
from agent.model.json_form import MAXIMUM_LIST, JsonFormError, from_json_form, to_json_form
from agent.model.machine import MachineInventory, StorageController
from agent.model.passes import PassKind, PassSpec, SectorError

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


def _inventory(**changes):
    texts = dict.fromkeys(MachineInventory.__dataclass_fields__, "")
    return {**texts, "memory_bytes": "0", "batteries": [], "controllers": [], "looked_at": [], **changes}


def test_a_list_is_a_list():
    assert from_json_form(_inventory(looked_at=["a", "b"]), MachineInventory).looked_at == ("a", "b")
    for wrong in ("ab", {}, {"a": "b"}, None, True):
        with pytest.raises(JsonFormError, match="not a list"):
            from_json_form(_inventory(looked_at=wrong), MachineInventory)


def test_a_list_has_an_end():
    longest = from_json_form(_inventory(looked_at=["x"] * MAXIMUM_LIST), MachineInventory)
    assert len(longest.looked_at) == MAXIMUM_LIST
    with pytest.raises(JsonFormError, match="1001, 1000 are allowed"):
        from_json_form(_inventory(looked_at=["x"] * (MAXIMUM_LIST + 1)), MachineInventory)


@pytest.mark.parametrize("wrong", [{}, None, "x", [], {"address": {}}])
def test_refusing_takes_little_memory(wrong):
    # An exception for every missing field of every element took thousands of times what was sent.
    form = _inventory(controllers=[wrong] * MAXIMUM_LIST)
    tracemalloc.start()
    try:
        with pytest.raises(JsonFormError):
            from_json_form(form, MachineInventory)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_the_first_wrong_field_is_named():
    for form, words in (
        ({"lba": "7", "sector_count": "1"}, "not a SectorError: the field 'error' is missing"),
        ({**ERROR, "lba": "x"}, "not a SectorError: not a decimal string: 'x'"),
        ({**ERROR, "error": ["x" * 10_000] * 100}, "not a SectorError: not a string: "),
    ):
        with pytest.raises(JsonFormError) as raised:
            from_json_form(form, SectorError)
        assert str(raised.value).startswith(words)
        assert len(str(raised.value)) < 500
