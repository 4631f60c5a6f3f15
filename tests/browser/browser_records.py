"""Records that a trusted station signed and should not have: the page and `ardoise verify` say the same of each."""

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from asn1crypto import algos, cms, core
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.cades import P256_ORDER, sign_detached
from agent.certificate.record import encode_record
from agent.certificate.verify import verify_record
from agent.model.json_form import to_json_form
from tests.browser.page import Card, VerifyPage
from tests.samples import AT, sample_record, throwaway_pki

PKI = throwaway_pki(test=False, name="q")
KINDS = ("laptop", "server", "tablet", "sampled", "excluded", "hostile", "no-drive")
NOW = AT + timedelta(days=30)

Verdict = tuple[str | None, str | None]


@pytest.fixture
def judged(page: VerifyPage, tmp_path: Path) -> "Judge":
    """The page with this test's root."""
    root = tmp_path / "root.pem"
    root.write_bytes(PKI.root.certificate.public_bytes(Encoding.PEM))
    page.trust(root)
    page.judge_at(NOW)
    return Judge(page, tmp_path)


class Judge:
    """Asks the page and the Python verifier about the same bytes."""

    def __init__(self, page: VerifyPage, folder: Path) -> None:
        self.page, self.folder = page, folder

    def differing(self, evidence: dict[str, tuple[bytes, bytes]]) -> dict[str, tuple[Verdict, Verdict]]:
        """Where the two verdicts (kind and step) differ, by name: the page's and ours."""
        cards = self.cards(evidence)
        ours = {name: _ours(*pair) for name, pair in evidence.items()}
        theirs = {name: (card.kind, card.step) for name, card in cards.items()}
        assert theirs.keys() == ours.keys()
        return {name: (theirs[name], ours[name]) for name in ours if theirs[name] != ours[name]}

    def cards(self, evidence: dict[str, tuple[bytes, bytes]]) -> dict[str, Card]:
        """What the page says, by name."""
        files = []
        for name, (record, signature) in evidence.items():
            for ending, data in ((".json", record), (".json.p7s", signature)):
                files.append(self.folder / f"{name}{ending}")
                files[-1].write_bytes(data)
        return {card.path.removesuffix(".json"): card for card in self.page.verify(*files)}


def _ours(record: bytes, signature: bytes) -> Verdict:
    report = verify_record(record, signature, PKI.trust, NOW)
    return (report.failure, report.failed_step.name if report.failed_step else None)


def _signed(data: bytes) -> tuple[bytes, bytes]:
    return data, sign_detached(data, PKI.station, AT)


def _form(kind: str = "laptop") -> dict[str, Any]:
    form: dict[str, Any] = json.loads(json.dumps(to_json_form(sample_record(kind, issuer=PKI.station.issuer))))
    return form


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from _leaves(each, (*path, key))


def _changed(value: Any, dice: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if value is None:
        return dice.choice(["0", "", [], {}, True])
    if isinstance(value, list):
        return dice.choice([[], value + value[-1:], value[:-1]])
    if isinstance(value, dict):
        return dice.choice([None, {}, []])
    if value.isdecimal():
        return str(dice.choice([0, int(value) + 1, int(value) * 2, max(0, int(value) - 512), -1, 10**39]))
    words = [
        "",
        "none",
        "full",
        "sampled",
        "clear",
        "purge",
        "sanitized",
        "failed",
        "USB",
        "NVMe",
        "SATA",
        "overwrite",
        "completed",
        "0" * 64,
    ]
    return dice.choice([*words, f"{value}x", value.upper()])


def _mutated(form: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    paths = [path for path in _leaves(form) if path and path[0] not in {"issuer", "salt", "record_id"}]
    *parents, last = dice.choice(paths)
    place: Any = form
    for key in parents:
        place = place[key]
    place[last] = _changed(place[last], dice)
    return form


@pytest.mark.parametrize("kind", KINDS)
def test_evidence_is_weighed_alike(judged: Judge, kind: str) -> None:
    dice = random.Random(kind)
    count = 12 if kind == "server" else 60
    forms = [_mutated(_form(kind), dice) for _ in range(count)]
    evidence = {f"{kind}-{n}": _signed(rfc8785.dumps(form)) for n, form in enumerate(forms)}
    assert judged.differing(evidence) == {}


SPELLINGS = {
    "space": (b'","', b'", "'),
    "newline": (b"}\n", b"}"),
    "bom": (b"{", b"\xef\xbb\xbf{"),
    "slash": (b"NIST", b"NI\\/ST"),
    "escaped-letter": (b"SANITIZED", b"S\\u0041NITIZED"),
    "upper-case-escape": (b"SANITIZED", b"\\u001FANITIZED"),
    "half-character": (b"SANITIZED", b"\\ud800"),
    "overlong": (b"SANITIZED", b"\xc1\x81"),
    "surrogate-bytes": (b"SANITIZED", b"\xed\xa0\x80"),
    "control": (b"SANITIZED", b"SANI\x01TIZED"),
    "delete-is-plain": (b"op-7f3a", b"op-\x7f"),
    "number": (b'"specimen":false', b'"specimen":0'),
    "exponent": (b'"specimen":false', b'"specimen":1e400'),
    "minus-zero": (b'"sequence":"1"', b'"sequence":"-0"'),
    "plus": (b'"sequence":"1"', b'"sequence":"+1"'),
    "leading-zero": (b'"sequence":"1"', b'"sequence":"01"'),
    "arabic-digit": (b'"sequence":"1"', b'"sequence":"\xd9\xa1"'),
    "nan": (b'"specimen":false', b'"specimen":NaN'),
    "undefined": (b'"specimen":false', b'"specimen":undefined'),
    "february-30": (b"2026-11-21T", b"2026-02-30T"),
    "hour-24": (b"T14:30:00.000Z", b"T24:00:00.000Z"),
    "leap-second": (b"T14:30:00.000Z", b"T23:59:60.000Z"),
    "year-0": (b"2026-11-21T", b"0000-11-21T"),
    "year-999": (b"2026-11-21T", b"0999-11-21T"),
    "offset": (b"T14:30:00.000Z", b"T14:30:00.000+"),
    "trailing": (b"}", b"},"),
}


def test_spellings_are_refused_alike(judged: Judge) -> None:
    data = encode_record(sample_record(issuer=PKI.station.issuer))
    evidence = {name: _signed(data.replace(old, new, 1)) for name, (old, new) in SPELLINGS.items()}
    evidence["trailing-newline"] = _signed(data + b"\n")
    evidence["empty"] = _signed(b"")
    evidence["not-an-object"] = _signed(b"[]")
    assert judged.differing(evidence) == {}
    cards = judged.cards(evidence)
    tolerated = {"newline", "slash", "delete-is-plain"}
    assert {name for name, card in cards.items() if card.verdict != "refused"} <= tolerated


def test_keys_that_mean_something_to_javascript(judged: Judge) -> None:
    names = ("__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "length")
    evidence = {
        f"key-{n}": _signed(rfc8785.dumps({**_form(), name: {"headline": "SANITIZED"}}))
        for n, name in enumerate(names)
    }
    for number, field in enumerate(("headline", "drives", "specimen")):
        form = _form()
        evidence[f"missing-{number}"] = _signed(rfc8785.dumps({"__proto__": {field: form.pop(field)}, **form}))
    nested = _form()
    nested["drives"][0]["__proto__"] = {"outcome": "sanitized"}
    nested["drives"][0]["outcome"] = "failed"
    evidence["nested"] = _signed(rfc8785.dumps(nested))
    assert judged.differing(evidence) == {}
    cards = judged.cards(evidence)
    assert all(cards[f"missing-{n}"].step == "record form" for n in range(3))
    assert {
        name: card.step for name, card in cards.items() if card.verdict != "valid" and name.startswith("key")
    } == {}


def test_keys_are_sorted_by_utf_16(judged: Judge) -> None:
    form = rfc8785.dumps({**_form(), "zz\ue000": "1", "zz\U0001f600": "2"})
    swapped = form.replace(
        '"zz\U0001f600":"2","zz\ue000":"1"'.encode(), '"zz\ue000":"1","zz\U0001f600":"2"'.encode()
    )
    assert swapped != form
    assert judged.differing({"right": _signed(form), "wrong": _signed(swapped)}) == {}


def test_size_depth_and_number_of_tokens(judged: Judge) -> None:
    deep = {
        f"deep-{n}": _signed(rfc8785.dumps({**_form(), "zz": json.loads("[" * n + "]" * n)}))
        for n in (14, 15, 16, 17)
    }
    wide = {
        f"wide-{n}": _signed(rfc8785.dumps({**_form(), "zz": ["" for _ in range(n)]})) for n in (90_000, 100_000)
    }
    large = {f"large-{n}": _signed(rfc8785.dumps({**_form(), "zz": "x" * n})) for n in (2_000_000, 2_097_152)}
    evidence = {**deep, **wide, **large}
    assert judged.differing(evidence) == {}
    assert {name for name, card in judged.cards(evidence).items() if card.verdict == "valid"} == {
        "deep-14",
        "deep-15",
        "wide-90000",
        "large-2000000",
    }


def test_flipped_bytes_of_the_signature(judged: Judge) -> None:
    record, signature = _signed(encode_record(sample_record(issuer=PKI.station.issuer)))
    evidence = {}
    for at in range(0, len(signature), 5):
        changed = bytearray(signature)
        changed[at] ^= 1 << (at % 8)
        evidence[f"flip-{at}"] = (record, bytes(changed))
    cards = judged.cards(evidence)
    assert {card.verdict for card in cards.values()} == {"refused"}
    assert {card.step for card in cards.values()} <= {"signature", "chain"}


def _with_signature(envelope: bytes, r: int, s: int) -> bytes:
    """The envelope with other numbers in its ECDSA signature, all lengths fitting."""
    info = cms.ContentInfo.load(envelope)
    info["content"]["signer_infos"][0]["signature"] = algos.DSASignature({"r": r, "s": s}).dump()
    return bytes(info.dump(force=True))


def test_numbers_of_the_ecdsa_signature(judged: Judge) -> None:
    record, envelope = _signed(encode_record(sample_record(issuer=PKI.station.issuer)))
    der = cms.ContentInfo.load(envelope)["content"]["signer_infos"][0]["signature"].native
    r, s = decode_dss_signature(der)
    pairs = {
        "same": (r, s), "high-s": (r, P256_ORDER - s), "zero-s": (r, 0), "zero-r": (0, s), "zero": (0, 0), "r-plus-n": (r + P256_ORDER, s),
        "s-plus-n": (r, s + P256_ORDER), "negative": (-r, s), "n": (P256_ORDER, P256_ORDER), "one": (1, 1), "swapped": (s, r),
    }  # fmt: skip
    evidence = {name: (record, _with_signature(envelope, *pair)) for name, pair in pairs.items()}
    assert judged.differing(evidence) == {}
    assert [name for name, card in judged.cards(evidence).items() if card.verdict != "refused"] == ["same"]


def test_other_encodings_of_the_same_envelope(judged: Judge) -> None:
    record, envelope = _signed(encode_record(sample_record(issuer=PKI.station.issuer)))
    info = cms.ContentInfo.load(envelope)
    signer = info["content"]["signer_infos"][0]
    signer["unsigned_attrs"] = [{"type": "1.2.3.4", "values": [core.Null()]}]
    body = envelope[4:]
    forms = {
        "unsigned": bytes(info.dump(force=True)), "longer-length": b"\x30\x83\x00" + envelope[2:4] + body, "indefinite": b"\x30\x80" + body + b"\0\0",
        "trailing": envelope + b"\0", "cut": envelope[:-1], "empty": b"", "twice": envelope + envelope, "large": envelope + bytes(20_000),
    }  # fmt: skip
    evidence = {name: (record, data) for name, data in forms.items()}
    assert judged.differing(evidence) == {}
    assert {card.step for card in judged.cards(evidence).values()} == {"signature"}
