"""A record has one form, and whatever could be read differently is refused."""

import json
import time
import tracemalloc
from dataclasses import replace

import pytest
import rfc8785

from agent.certificate.record import MAXIMUM_BYTES, MAXIMUM_TOKENS, decode_record, encode_record
from agent.errors import MalformedRecord
from agent.model.json_form import to_json_form
from agent.model.record import SCHEMA, Headline, Outcome, Record
from tests.samples import KINDS, sample_record


@pytest.fixture
def record() -> Record:
    return sample_record("laptop")


def _with(record: Record, **changes: object) -> bytes:
    return rfc8785.dumps({**to_json_form(record), **changes})


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "hostile"])
def test_a_record_comes_back_as_it_was(kind: str) -> None:
    record = sample_record(kind)
    assert decode_record(encode_record(record)) == record


def test_enums_come_back_as_enums(record: Record) -> None:
    back = decode_record(encode_record(record))
    assert back.headline is Headline.SANITIZED
    assert back.drives[0].outcome is Outcome.SANITIZED


def test_hostile_text_is_normalised_and_nothing_else() -> None:
    record = sample_record("hostile")
    back = decode_record(encode_record(record))
    assert [d.identity.serial for d in back.drives] == [d.identity.serial for d in record.drives]
    assert encode_record(back) == encode_record(record)


def test_broken_device_text_still_makes_a_record(record: Record) -> None:
    identity = replace(record.drives[0].identity, serial="AB\udc80C")
    broken = replace(record, drives=(replace(record.drives[0], identity=identity),))
    assert decode_record(encode_record(broken)).drives[0].identity.serial == "AB\ufffdC"


def test_the_bytes_are_canonical_json_with_integers_as_strings(record: Record) -> None:
    data = encode_record(record)
    assert rfc8785.dumps(json.loads(data)) == data
    assert json.loads(data)["drives"][0]["identity"]["capacity_bytes"] == "512110190592"


def test_an_unknown_field_is_tolerated(record: Record) -> None:
    assert decode_record(_with(record, added_later={"a": ["1"]})) == record


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"schema": "ardoise-record/2"}, "schema"),
        ({"schema": None}, "schema"),
        ({"headline": "PERFECT"}, "schema"),
        ({"drives": "none"}, "schema"),
        ({"drives": {}}, "schema"),
        ({"salt": "short"}, "salt"),
        ({"record_id": "0191aaaa-0000-4abc-8def-0123456789ab"}, "version 7"),
        ({"specimen": "false"}, "schema"),
        ({"operator": {"id": ["x"]}}, "schema"),
        ({"x": 1}, "number"),
        ({"x": 1.5}, "number"),
    ],
)
def test_other_content_is_refused(record: Record, changes: dict[str, object], why: str) -> None:
    with pytest.raises(MalformedRecord, match=why):
        decode_record(_with(record, **changes))


def test_a_missing_field_is_refused(record: Record) -> None:
    form = to_json_form(record)
    del form["salt"]
    with pytest.raises(MalformedRecord):
        decode_record(rfc8785.dumps(form))


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"x"', b"NaN", b"1" * 5000, b"[" * 100_000]
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedRecord):
        decode_record(data)


def test_a_second_spelling_is_refused(record: Record) -> None:
    data = encode_record(record)
    for other in (
        data + b"\n",
        b" " + data,
        b"\xef\xbb\xbf" + data,
        data.replace(b"laptop", b"l\\u0061ptop"),
        json.dumps(json.loads(data)).encode(),
    ):
        if other != data:
            with pytest.raises(MalformedRecord):
                decode_record(other)


def test_the_size_is_limited_both_ways(record: Record) -> None:
    large = replace(record, tool=replace(record.tool, helpers=("x" * MAXIMUM_BYTES,)))
    with pytest.raises(MalformedRecord, match="are allowed"):
        encode_record(large)
    with pytest.raises(MalformedRecord, match="are allowed"):
        decode_record(b" " * (MAXIMUM_BYTES + 1))


def test_depth_is_limited_before_parsing(record: Record) -> None:
    deep = json.loads("[" * 20 + "]" * 20)
    with pytest.raises(MalformedRecord, match="deeper"):
        decode_record(_with(record, zz=deep))
    brackets = replace(record, operator=replace(record.operator, id='["[[[[[[[[[[[[[[[[[[[[[[[\\"[['))
    assert decode_record(encode_record(brackets)) == brackets


_HALF = MAXIMUM_BYTES // 2
_EXPENSIVE = {
    "a string without an end": b'"' + b'\\"' * (_HALF - 1),
    "quotes": b'"' * MAXIMUM_BYTES,
    "backslashes": b'"' + b"\\" * (MAXIMUM_BYTES - 1),
    "backslashes outside of strings": b"\\" * MAXIMUM_BYTES,
    "opened and never closed": b"[" * MAXIMUM_BYTES,
    "opened and closed": b"[]" * _HALF,
    "many empty objects": b"[" + b"{}," * (MAXIMUM_BYTES // 3 - 1) + b"{}]",
    "many empty strings": b"[" + b'"",' * (MAXIMUM_BYTES // 3 - 1) + b'""]',
    "an escape without an end": b'["' + b"\\u" * (_HALF - 1),
    "marks that combine": ('"\u1f82' + "\u0323" * (_HALF - 3) + '"').encode(),
    "a long number": b"1" * MAXIMUM_BYTES,
}


@pytest.mark.parametrize("data", _EXPENSIVE.values(), ids=_EXPENSIVE.keys())
def test_refusing_takes_time_in_proportion(data: bytes) -> None:
    # Anybody may send these to a registry: whatever grows with the square of 2 MiB stops it for hours.
    assert len(data) <= MAXIMUM_BYTES
    begun = time.process_time()
    with pytest.raises(MalformedRecord):
        decode_record(data)
    assert time.process_time() - begun < 1


def test_the_number_of_parts_is_limited_both_ways(record: Record) -> None:
    many = ("x",) * MAXIMUM_TOKENS
    with pytest.raises(MalformedRecord, match="strings and brackets"):
        encode_record(replace(record, tool=replace(record.tool, helpers=many)))
    with pytest.raises(MalformedRecord, match="strings and brackets"):
        decode_record(_with(record, added_later=list(many)))


@pytest.mark.parametrize("wrong", [{}, None, "", [], {"node": ""}])
@pytest.mark.parametrize("count", [999, 30_000])
def test_refusing_takes_memory_in_proportion(wrong: object, count: int) -> None:
    data = rfc8785.dumps({"schema": SCHEMA, "drives": [wrong] * count})
    tracemalloc.start()
    begun = time.process_time()
    try:
        with pytest.raises(MalformedRecord):
            decode_record(data)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000 + 100 * len(data)
        assert time.process_time() - begun < 2
    finally:
        tracemalloc.stop()


def test_nulls_by_the_million_are_refused_cheaply() -> None:
    half = b'{"drives":[' + b"null," * (MAXIMUM_BYTES // 5 - 20)
    test_refusing_takes_time_in_proportion(half + b'null],"schema":"' + SCHEMA.encode() + b'"}')


def test_a_bracket_after_an_escaped_quote_is_still_text(record: Record) -> None:
    for text in ('\\"' + "[" * 40, '\\\\"' + "{" * 40, "\n" + "[" * 40, "[" * 40 + "\\"):
        tricky = replace(record, operator=replace(record.operator, id=text))
        assert decode_record(encode_record(tricky)) == tricky
