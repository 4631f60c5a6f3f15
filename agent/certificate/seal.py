"""The PDF's seal: PAdES (EN 319 142-1), certified, no changes allowed, one signature over the whole file.

A station's provisional document is sealed B-B, the registry's final one B-T: its seal carries a time stamp of itself.

pyHanko writes the field and the placeholder; the envelope is the record's own form (cades.py), so that one strict verifier
serves both. Only what the page really says is sealed: its text is extracted and compared first.
"""

import hashlib
import io
from datetime import datetime

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from agent.certificate.cades import Stamper, sign_digest
from agent.certificate.document import faults_of_page, read_attachments
from agent.certificate.record import decode_record
from agent.certificate.station import StationKey
from agent.errors import CertificateError

FIELD_NAME = "Seal"

BY_STATION = "Sealed by the station that signed the record"
BY_REGISTRY = "Sealed by the registry that archived the record"

# Hex digits; a time stamp holds two certificates more.
_RESERVED = 8192
_RESERVED_STAMPED = 16384


def seal_page(pdf: bytes, key: StationKey, signing_time: datetime) -> bytes:
    """A station's sealed document; raises CertificateError where the page does not say what its attached record says."""
    _check_words(pdf)
    return seal_pdf(pdf, key, signing_time)


def seal_final(pdf: bytes, key: StationKey, signing_time: datetime, stamp: Stamper) -> bytes:
    """The registry's sealed document, its seal time-stamped; raises CertificateError as `seal_page` does."""
    _check_words(pdf)
    return seal_pdf(pdf, key, signing_time, BY_REGISTRY, stamp)


def _check_words(pdf: bytes) -> None:
    record_bytes, _ = read_attachments(pdf)
    faults = faults_of_page(pdf, decode_record(record_bytes), record_bytes)
    if faults:
        raise CertificateError(
            f"The page does not say what its record says: {faults[0]!r}; it is not sealed.", "Check the template."
        )


class _RepeatableWriter(IncrementalPdfFileWriter):
    """pyHanko's writer without what would differ between two runs: sealing again at the same moment gives the same bytes."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        first = super()._handle_id(prev)[0]  # type: ignore[no-untyped-call]
        return generic.ArrayObject([first, generic.ByteStringObject(hashlib.sha256(first).digest()[:16])])

    def _update_meta(self) -> None:
        """Leave the metadata as the page has it: sealing changes nothing that it describes."""


def seal_pdf(
    pdf: bytes, key: StationKey, signing_time: datetime, reason: str = BY_STATION, stamp: Stamper | None = None
) -> bytes:
    """Seal a page whose words the caller has compared with what is attached."""
    writer = _RepeatableWriter(io.BytesIO(pdf))
    steps = PdfCMSEmbedder().write_cms(field_name=FIELD_NAME, writer=writer)
    next(steps)
    placeholder = SignatureObject(
        timestamp=signing_time.replace(microsecond=0),
        subfilter=SigSeedSubFilter.PADES,
        name=key.issuer.station,
        reason=reason,
        bytes_reserved=_RESERVED if stamp is None else _RESERVED_STAMPED,
    )
    certify = SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=certify))
    prepared, output = steps.send(SigIOSetup(md_algorithm="sha256"))
    envelope = sign_digest(prepared.document_digest, key, None, stamp).hex().encode("ascii")
    # Filled in here and not by pyHanko, which writes upper-case digits: one canonical spelling leaves nothing to vary.
    output.seek(prepared.reserved_region_start + 1)
    output.write(envelope)
    return bytes(output.getvalue())
