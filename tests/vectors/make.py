"""Makes the certificates of this folder, good and bad, with the verdict that each must get (index.json).

    python -m tests.vectors.make

Keys are computed from fixed words, so anybody holds them: no root of this folder may be trusted for anything. All else is
fixed too (clock, salts, serial numbers), so that making them again changes nothing. Verdicts are written down by hand in
CASES, never copied from the verifier's answer.
"""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from unittest import mock

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.cades import sign_detached
from agent.certificate.page import render_page
from agent.certificate.pki import make_crl
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from agent.model.json_form import to_json_form
from agent.model.machine import Environment
from agent.model.record import Record, document_kind
from tests.samples import AT, Pki, sample_record, throwaway_pki
from tests.vectors.forge import forged_headline, forged_outcome, short_write, with_white_box, wrong_usage

FOLDER = Path(__file__).parent
LATER = AT + timedelta(days=30)


@dataclass(frozen=True)
class Case:
    """One vector: its files by name, and the verdict that they must get."""

    name: str
    files: dict[str, bytes]
    why: str
    failure: str | None = None
    step: str | None = None
    trust: str = "root"
    crl: str | None = None
    at: datetime = LATER


def good(
    pki: Pki, kind: str = "laptop", *, number: int = 1, environment: Environment = Environment.LIVE_IMAGE
) -> Record:
    """A record that names the station of this chain."""
    return sample_record(kind, issuer=pki.station.issuer, number=number, environment=environment)


def signed(pki: Pki, data: bytes) -> dict[str, bytes]:
    """Record and signature under their names."""
    return {"record.json": data, "record.json.p7s": sign_detached(data, pki.station, AT)}


def sealed(pki: Pki, record: Record) -> dict[str, bytes]:
    """The sealed document of a record."""
    files = signed(pki, encode_record(record))
    page = render_page(record, files["record.json"], files["record.json.p7s"])
    name = document_kind(record).file_name
    return {name: seal_page(page, pki.station, AT)}


def cases() -> list[Case]:
    """Every vector."""
    a, b = _pki("a", test=False), _pki("b", test=False)
    return [*_valid(a), *_malformed(a), *_untrusted(a, b), *_contradicting(a), *_documents(a, b)]


def _pki(name: str, *, test: bool, days: int = 400) -> Pki:
    return throwaway_pki(test=test, name=name, organisation="Société des vecteurs", days=days)


def _valid(a: Pki) -> list[Case]:
    test = _pki("t", test=True)
    specimen = good(test, "tablet", environment=Environment.SIMULATED)
    clock = good(a)
    wrong_clock = replace(clock.time, issued_at=datetime(2009, 1, 1, tzinfo=AT.tzinfo), clock_plausible=False)
    return [
        Case("good-certificate", sealed(a, good(a)), "one medium, sanitized"),
        Case("good-record", signed(a, encode_record(good(a))), "the same as record and signature"),
        Case("good-crl", signed(a, encode_record(good(a))), "not in the issuing CA's list", crl="empty"),
        Case("incomplete", sealed(a, good(a, "server")), "authentic, seven of eight media"),
        Case("no-medium", sealed(a, good(a, "no-drive")), "authentic, nothing found"),
        Case(
            "hostile-text",
            sealed(a, good(a, "hostile")),
            "device text with markup, a ByteRange, control characters",
        ),
        Case("specimen", sealed(test, specimen), "a simulated machine under a TEST root", trust="test"),
        Case(
            "clock-2009",
            signed(a, encode_record(replace(clock, time=wrong_clock))),
            "a dead clock is only a remark",
        ),
    ]


def _malformed(a: Pki) -> list[Case]:
    data = encode_record(good(a))
    form = to_json_form(good(a))
    spaced = data.replace(b'","', b'", "', 1)
    twice = data.replace(b'{"drives"', b'{"bus":"a","bus":"b","drives"', 1)
    numbers = rfc8785.dumps({**form, "salt": 1})
    decomposed = data.replace("é".encode(), "e\u0301".encode())
    deep = rfc8785.dumps({**form, "zz": json.loads("[" * 40 + "]" * 40)})
    newer = rfc8785.dumps({**form, "zz_new_field": ["1", {"a": "b"}]})
    other = rfc8785.dumps({**form, "schema": "ardoise-record/2"})
    unknown = rfc8785.dumps({**form, "headline": "PERFECT"})
    refused = {"failure": "malformed", "step": "record form"}
    return [
        Case("not-canonical", signed(a, spaced), "one space too much", **refused),
        Case("duplicate-key", signed(a, twice), "a field named twice", **refused),
        Case("json-number", signed(a, numbers), "an integer that is not a decimal string", **refused),
        Case("not-nfc", signed(a, decomposed), "a letter with a combining accent", **refused),
        Case("deep", signed(a, deep), "40 levels", **refused),
        Case("other-schema", signed(a, other), "a schema that this verifier does not know", **refused),
        Case("unknown-headline", signed(a, unknown), "a word that is no headline", **refused),
        Case("newer-field", signed(a, newer), "a field of a later version of the program is tolerated"),
    ]


def _untrusted(a: Pki, b: Pki) -> list[Case]:
    mine, other = (encode_record(good(a, number=n)) for n in (1, 2))
    swapped = {"record.json": mine, "record.json.p7s": sign_detached(other, a.station, AT)}
    short = _pki("s", test=False, days=10)
    odd = wrong_usage(a)
    return [
        Case("swapped", swapped, "the signature of another record", "signature", "signature"),
        Case("unknown-signer", signed(b, encode_record(good(b))), "a chain to another root", "untrusted", "chain"),
        Case(
            "wrong-usage",
            signed(odd, encode_record(good(odd))),
            "a certificate for key agreement",
            "untrusted",
            "chain",
        ),
        Case(
            "expired",
            signed(short, encode_record(good(short))),
            "the station's 10 days are over",
            "expired",
            "validity",
            "s",
        ),
        Case(
            "too-early",
            signed(a, mine),
            "before the certificate's begin",
            "not yet valid",
            "validity",
            at=AT - timedelta(9),
        ),
        Case("revoked", signed(a, mine), "the station is on the list", "revoked", "revocation", crl="revoked"),
        Case("foreign-crl", signed(a, mine), "a list of another CA", "untrusted", "revocation", crl="foreign"),
        Case(
            "stale-crl",
            signed(a, mine),
            "the list is out of date",
            "untrusted",
            "revocation",
            crl="empty",
            at=AT + timedelta(91),
        ),
    ]


def _contradicting(a: Pki) -> list[Case]:
    specimen = good(a, "tablet", environment=Environment.SIMULATED)
    denied = replace(specimen, specimen=False)
    other_station = replace(good(a).issuer, station="stick-z")
    said = ("contradiction", "evidence")
    return [
        Case("specimen-real-root", signed(a, encode_record(specimen)), "under a real root", "specimen", "specimen"),
        Case(
            "specimen-denied",
            signed(a, encode_record(denied)),
            "simulated, not marked",
            "contradiction",
            "specimen",
        ),
        Case("short-write", signed(a, encode_record(short_write(good(a)))), "512 bytes not written", *said),
        Case(
            "forged-headline",
            signed(a, encode_record(forged_headline(good(a, "server")))),
            "one medium failed",
            *said,
        ),
        Case(
            "forged-outcome",
            signed(a, encode_record(forged_outcome(good(a, "server")))),
            "a failed medium called sanitized",
            *said,
        ),
        Case(
            "other-issuer",
            signed(a, encode_record(replace(good(a), issuer=other_station))),
            "the record names another station",
            "contradiction",
            "issuer",
        ),
    ]


def _documents(a: Pki, b: Pki) -> list[Case]:
    pdf = sealed(a, good(a))["certificate.pdf"]
    files = signed(a, encode_record(good(a)))
    foreign_seal = seal_page(render_page(good(a), files["record.json"], files["record.json.p7s"]), b.station, AT)
    unsealed = render_page(good(a), files["record.json"], files["record.json.p7s"])
    cut = pdf[: len(pdf) - 1]
    upper = pdf.replace(b"<3082", b"<3082".upper(), 1)
    at = pdf.rindex(b"/Contents <3082") + len(b"/Contents <")
    upper = pdf[:at] + pdf[at : at + 600].upper() + pdf[at + 600 :]
    padding = pdf.index(b">", at) - 2
    padded = pdf[:padding] + b"01" + pdf[padding + 2 :]
    form = ("seal", "seal form")
    return [
        Case("white-box", {"certificate.pdf": with_white_box(pdf)}, "a white box in an appended revision", *form),
        Case("unsealed", {"certificate.pdf": unsealed}, "no seal at all", *form),
        Case("truncated", {"certificate.pdf": cut}, "the last byte is missing", *form),
        Case("appended", {"certificate.pdf": pdf + b"\n"}, "one byte too many", *form),
        Case("upper-case-hex", {"certificate.pdf": upper}, "the same seal spelled otherwise", *form),
        Case("padding", {"certificate.pdf": padded}, "something behind the seal", *form),
        Case(
            "sealed-by-another",
            {"certificate.pdf": foreign_seal},
            "another station's seal",
            "untrusted",
            "seal chain",
        ),
        Case(
            "sealed-by-another-trusted",
            {"certificate.pdf": foreign_seal},
            "both roots trusted",
            "seal",
            "same station",
            "both",
        ),
        Case(
            "specimen-certificate",
            sealed(a, good(a, "tablet", environment=Environment.SIMULATED)),
            "real root",
            "specimen",
            "specimen",
        ),
    ]


def roots() -> dict[str, bytes]:
    """The roots by the names that cases use."""
    pem = {name: _pem(_pki(name, test=name == "t", days=10 if name == "s" else 400)) for name in "abst"}
    return {"root": pem["a"], "test": pem["t"], "s": pem["s"], "both": pem["a"] + pem["b"]}


def crls() -> dict[str, bytes]:
    """The lists by the names that cases use."""
    a, b = _pki("a", test=False), _pki("b", test=False)
    entry = (a.station.chain.leaf.serial_number, AT, x509.ReasonFlags.key_compromise)
    lists = {"empty": make_crl(a.issuing_ca, (), 1, AT), "revoked": make_crl(a.issuing_ca, (entry,), 2, AT)}
    lists["foreign"] = make_crl(b.issuing_ca, (), 1, AT)
    return {name: crl.public_bytes(Encoding.PEM) for name, crl in lists.items()}


def _pem(pki: Pki) -> bytes:
    return pki.root.certificate.public_bytes(Encoding.PEM)


def write(folder: Path) -> None:
    """Write all vectors and their index into a folder."""
    index = []
    with mock.patch("cryptography.x509.random_serial_number", _serials()):
        throwaway_pki.cache_clear()
        made, trust, lists = cases(), roots(), crls()
    throwaway_pki.cache_clear()
    for prefix, group in (("root", trust), ("crl", lists)):
        for name, data in group.items():
            (folder / f"{prefix}-{name}.pem").write_bytes(data)
    for case in made:
        for name, data in case.files.items():
            place = folder / case.name / name
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(data)
        index.append(_entry(case))
    (folder / "index.json").write_text(json.dumps(index, indent=1, ensure_ascii=False) + "\n")


def _entry(case: Case) -> dict[str, str | None]:
    first = next(iter(case.files))
    crl = None if case.crl is None else f"crl-{case.crl}.pem"
    return {
        "file": f"{case.name}/{first}",
        "why": case.why,
        "trust": f"root-{case.trust}.pem",
        "crl": crl,
        "at": case.at.isoformat(),
        "failure": case.failure,
        "failed_step": case.step,
    }


def _serials() -> Callable[[], int]:
    counter = itertools.count(1)
    return lambda: (1 << 120) + next(counter)


if __name__ == "__main__":
    write(FOLDER)
