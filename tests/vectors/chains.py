"""Signatures, certificates and lists of revoked ones: who may sign, and when."""

from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.cades import sign_detached
from agent.certificate.pki import make_crl
from agent.certificate.record import encode_record
from tests.samples import AT, Pki
from tests.vectors.case import Case, good, pki, signed
from tests.vectors.forge import wrong_usage


def untrusted_cases(a: Pki, b: Pki) -> list[Case]:
    """Signatures by somebody else, or at another time, than is trusted."""
    mine, other = (encode_record(good(a, number=n)) for n in (1, 2))
    swapped = {"record.json": mine, "record.json.p7s": sign_detached(other, a.station, AT)}
    short = pki("s", test=False, days=10)
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


def roots() -> dict[str, bytes]:
    """The roots by the names that cases use."""
    pem = {name: _pem(pki(name, test=name == "t", days=10 if name == "s" else 400)) for name in "abst"}
    return {"root": pem["a"], "test": pem["t"], "s": pem["s"], "both": pem["a"] + pem["b"]}


def crls() -> dict[str, bytes]:
    """The lists by the names that cases use."""
    a, b = pki("a", test=False), pki("b", test=False)
    entry = (a.station.chain.leaf.serial_number, AT, x509.ReasonFlags.key_compromise)
    lists = {"empty": make_crl(a.issuing_ca, (), 1, AT), "revoked": make_crl(a.issuing_ca, (entry,), 2, AT)}
    lists["foreign"] = make_crl(b.issuing_ca, (), 1, AT)
    return {name: crl.public_bytes(Encoding.PEM) for name, crl in lists.items()}


def _pem(pki: Pki) -> bytes:
    return pki.root.certificate.public_bytes(Encoding.PEM)
