"""Only the one shape of chain is accepted, however well its signatures verify."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from agent.certificate.pki import make_crl, make_issuing_ca
from agent.certificate.report import FailureKind, StepFailed
from agent.certificate.revocation import check_revocation
from agent.certificate.trust import (
    CA_USAGE,
    STATION_USAGE,
    Trust,
    check_validity,
    find_chain,
    is_test_root,
    load_trust,
)
from agent.errors import UsageError
from tests.samples import AT, fixed_key, throwaway_pki

Change = Callable[[x509.CertificateBuilder], x509.CertificateBuilder]
PKI = throwaway_pki()
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


def _issue(
    like: x509.Certificate, issuer_key: ec.EllipticCurvePrivateKey, change: Change, **options: object
) -> bytes:
    key = options.get("key", like.public_key())
    builder = x509.CertificateBuilder().subject_name(like.subject).issuer_name(options.get("issuer", like.issuer))  # type: ignore[arg-type]
    builder = builder.public_key(key).serial_number(5)  # type: ignore[arg-type]
    builder = builder.not_valid_before(like.not_valid_before_utc).not_valid_after(like.not_valid_after_utc)
    algorithm = options.get("hash", hashes.SHA256())
    return change(builder).sign(issuer_key, algorithm).public_bytes(Encoding.DER)  # type: ignore[arg-type]


def _leaf(change: Change, **options: object) -> bytes:
    return _issue(PKI.station.chain.leaf, PKI.issuing_ca.private_key, change, **options)


def _ca(change: Change, **options: object) -> bytes:
    return _issue(PKI.issuing_ca.certificate, PKI.root.private_key, change, **options)


def _usage(usage: x509.KeyUsage, *, critical: bool = True) -> Change:
    return lambda builder: builder.add_extension(usage, critical=critical)


def _ca_with(
    length: int | None, usage: x509.KeyUsage = CA_USAGE, *, ca: bool = True, critical: bool = True
) -> Change:
    constraints = x509.BasicConstraints(ca, length)
    return lambda builder: builder.add_extension(constraints, critical=critical).add_extension(usage, critical=True)


def _and(first: Change, extension: x509.ExtensionType, *, critical: bool) -> Change:
    return lambda builder: first(builder).add_extension(extension, critical=critical)


def _refused(leaf: bytes = PKI.station.leaf, issuing_ca: bytes = PKI.station.issuing_ca) -> bool:
    try:
        find_chain(leaf, issuing_ca, PKI.trust)
    except StepFailed as failure:
        return failure.kind is FailureKind.UNTRUSTED
    return False


def test_the_plain_shape_is_accepted() -> None:
    assert not _refused()
    assert not _refused(leaf=_leaf(_usage(STATION_USAGE)))
    assert not _refused(leaf=_leaf(_and(_usage(STATION_USAGE), UNKNOWN, critical=False)))
    assert not _refused(issuing_ca=_ca(_ca_with(0)))


@pytest.mark.parametrize(
    "change",
    [
        lambda builder: builder,
        _usage(STATION_USAGE, critical=False),
        _usage(CA_USAGE),
        _and(_usage(STATION_USAGE), x509.BasicConstraints(ca=True, path_length=None), critical=True),
        _and(_usage(STATION_USAGE), x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=False),
        _and(_usage(STATION_USAGE), UNKNOWN, critical=True),
    ],
)
def test_other_leaves_are_refused(change: Change) -> None:
    assert _refused(leaf=_leaf(change))


@pytest.mark.parametrize(
    "change",
    [
        lambda builder: builder,
        _ca_with(None),
        _ca_with(1),
        _ca_with(None, ca=False),
        _ca_with(0, STATION_USAGE),
        _ca_with(0, critical=False),
        _and(_ca_with(0), UNKNOWN, critical=True),
    ],
)
def test_other_issuing_cas_are_refused(change: Change) -> None:
    assert _refused(issuing_ca=_ca(change))


def test_other_algorithms_are_refused() -> None:
    assert _refused(leaf=_leaf(_usage(STATION_USAGE), hash=hashes.SHA384()))
    assert _refused(leaf=_leaf(_usage(STATION_USAGE), key=ec.generate_private_key(ec.SECP384R1()).public_key()))
    assert _refused(issuing_ca=_ca(_ca_with(0), hash=hashes.SHA512()))


def test_a_forged_link_is_refused() -> None:
    stranger = fixed_key("stranger")
    assert _refused(leaf=_issue(PKI.station.chain.leaf, stranger, _usage(STATION_USAGE)))
    assert _refused(issuing_ca=_issue(PKI.issuing_ca.certificate, stranger, _ca_with(0)))
    assert _refused(leaf=_leaf(_usage(STATION_USAGE), issuer=PKI.root.certificate.subject))
    assert _refused(leaf=b"\x30\x00")
    with pytest.raises(StepFailed, match="trusted root"):
        find_chain(PKI.station.leaf, PKI.station.issuing_ca, Trust(()))


def test_the_right_root_is_found_among_several() -> None:
    roots = throwaway_pki(name="b").trust.roots + PKI.trust.roots
    assert find_chain(PKI.station.leaf, PKI.station.issuing_ca, Trust(roots)).root == PKI.root.certificate


def test_an_expired_station() -> None:
    with pytest.raises(StepFailed, match="station") as failed:
        check_validity(PKI.station.chain, AT + timedelta(days=401))
    assert failed.value.kind is FailureKind.EXPIRED


def test_an_expired_ca_or_root_counts_too() -> None:
    five_years = make_issuing_ca(PKI.root, AT).certificate
    long_lived = replace(PKI.station.chain, leaf=PKI.root.certificate, issuing_ca=five_years)
    with pytest.raises(StepFailed, match="issuing CA"):
        check_validity(long_lived, AT + timedelta(days=366 * 6))
    only_root = replace(long_lived, leaf=_future(), issuing_ca=_future())
    with pytest.raises(StepFailed, match="root"):
        check_validity(only_root, AT + timedelta(days=366 * 21))


def _future() -> x509.Certificate:
    return throwaway_pki(name="future", at=AT + timedelta(days=366 * 20)).issuing_ca.certificate


def test_a_list_is_judged_by_its_signature_name_and_age() -> None:
    chain, other = PKI.station.chain, throwaway_pki(name="c", organisation="Another")
    good = make_crl(PKI.issuing_ca, (), 1, AT)
    assert "not revoked" in check_revocation(chain, (good,), AT)
    forged = make_crl(replace(PKI.issuing_ca, private_key=fixed_key("stranger")), (), 1, AT)
    for crl, at, why in (
        (make_crl(other.issuing_ca, (), 1, AT), AT, "not one of the CA"),
        (forged, AT, "signature"),
        (good, AT + timedelta(days=91), "out of date"),
    ):
        with pytest.raises(StepFailed, match=why) as failed:
            check_revocation(chain, (crl,), at)
        assert failed.value.kind is FailureKind.UNTRUSTED


def test_an_old_list_still_revokes() -> None:
    with pytest.raises(StepFailed) as failed:
        check_revocation(PKI.station.chain, PKI.revoking().crls, AT + timedelta(days=300))
    assert failed.value.kind is FailureKind.REVOKED


def test_of_several_lists_the_one_that_the_ca_signed_is_looked_at() -> None:
    chain, other = PKI.station.chain, throwaway_pki(name="c", organisation="Another")
    foreign = make_crl(other.issuing_ca, (), 9, AT + timedelta(days=9))
    forged = make_crl(replace(PKI.issuing_ca, private_key=fixed_key("stranger")), (), 9, AT + timedelta(days=9))
    old, (revoking,) = make_crl(PKI.issuing_ca, (), 1, AT - timedelta(days=1)), PKI.revoking().crls
    for crls in ((foreign, forged, old, revoking), (revoking, old, forged, foreign)):
        with pytest.raises(StepFailed) as failed:
            check_revocation(chain, crls, AT)
        assert failed.value.kind is FailureKind.REVOKED
    assert "not revoked" in check_revocation(chain, (forged, old, foreign), AT)
    bundle = b"".join(each.public_bytes(Encoding.PEM) for each in (foreign, revoking))
    root = PKI.root.certificate.public_bytes(Encoding.PEM)
    assert load_trust(root, bundle).crls == (foreign, revoking)
    with pytest.raises(UsageError, match="more than one"):
        load_trust(root, root_crl=make_crl(PKI.root, (), 1, AT).public_bytes(Encoding.PEM) * 2)
    with pytest.raises(UsageError, match="Something else"):
        load_trust(root, bundle + root)


def test_what_may_be_trusted() -> None:
    root = PKI.root.certificate.public_bytes(Encoding.PEM)
    assert load_trust(root + root).roots == PKI.trust.roots * 2
    for pem in (b"", b"nothing", PKI.issuing_ca.certificate.public_bytes(Encoding.PEM)):
        with pytest.raises(UsageError):
            load_trust(pem)
    with pytest.raises(UsageError, match="CRL"):
        load_trust(root, b"nothing")


def test_a_test_root_is_known_by_a_whole_word() -> None:
    assert is_test_root(PKI.root.certificate)
    assert not is_test_root(throwaway_pki(name="real", test=False, organisation="TEST GmbH").root.certificate)
