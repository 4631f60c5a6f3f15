"""What an attacker, or a careless program, would do to a certificate."""

import io
from dataclasses import replace
from unittest import mock

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from agent.certificate.station import StationKey
from agent.model.record import Headline, Outcome, Record
from tests.samples import Pki


def with_white_box(pdf: bytes) -> bytes:
    """An appended revision that paints white over the upper half of the first page."""
    with mock.patch("os.urandom", bytes):
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    box = generic.StreamObject(stream_data=b"q 1 1 1 rg 50 350 500 450 re f Q")
    writer.add_stream_to_page(0, writer.add_object(box))
    writer._update_meta = lambda: None
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def wrong_usage(pki: Pki) -> Pki:
    """The same station with a certificate for key agreement."""
    real = pki.station.chain.leaf
    builder = (
        x509.CertificateBuilder().subject_name(real.subject).issuer_name(real.issuer).public_key(real.public_key())
    )
    builder = (
        builder.serial_number(77)
        .not_valid_before(real.not_valid_before_utc)
        .not_valid_after(real.not_valid_after_utc)
    )
    usage = x509.KeyUsage(False, False, False, False, True, False, False, False, False)
    leaf = builder.add_extension(usage, critical=True).sign(
        pki.issuing_ca.private_key, hashes.SHA256(), ecdsa_deterministic=True
    )
    return replace(pki, station=StationKey(replace(pki.station.chain, leaf=leaf), pki.station.private_key))


def short_write(record: Record) -> Record:
    """A record that claims success although its only pass stopped 512 bytes early."""
    drive = record.drives[0]
    short = replace(drive.passes[0], bytes_written=drive.identity.capacity_bytes - 512)
    return replace(record, drives=(replace(drive, passes=(short,)),))


def forged_headline(record: Record) -> Record:
    """A record of a server whose eighth drive failed, which claims all the same."""
    return replace(record, headline=Headline.SANITIZED)


def forged_outcome(record: Record) -> Record:
    """A record whose failed drive is called sanitized, and the headline with it."""
    drives = (*record.drives[:-1], replace(record.drives[-1], outcome=Outcome.SANITIZED))
    return replace(record, drives=drives, headline=Headline.SANITIZED)
