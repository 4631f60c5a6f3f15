"""The PDF's seal: PAdES B-B (EN 319 142-1), certified, no changes allowed, one signature over the whole file.

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

from agent.certificate.cades import sign_digest
from agent.certificate.document import extract_text, read_attachments
from agent.certificate.page_text import missing_words, sealed_words
from agent.certificate.record import decode_record
from agent.certificate.station import StationKey
from agent.errors import CertificateError

FIELD_NAME = "Seal"

# Hex digits; twice what today's envelope needs, so that a time stamp will fit.
_RESERVED = 8192


def seal_page(pdf: bytes, key: StationKey, signing_time: datetime) -> bytes:
    """The sealed document; raises CertificateError where the page does not say what its attached record says."""
    record_bytes, _ = read_attachments(pdf)
    record = decode_record(record_bytes)
    missing = missing_words(extract_text(pdf), sealed_words(record, record_bytes))
    if missing:
        raise CertificateError(f"The page does not show {missing[0]!r}; it is not sealed.", "Check the template.")
    return seal_pdf(pdf, key, signing_time)


class _RepeatableWriter(IncrementalPdfFileWriter):
    """pyHanko's writer without what would differ between two runs: sealing again at the same moment gives the same bytes."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        first = super()._handle_id(prev)[0]  # type: ignore[no-untyped-call]
        return generic.ArrayObject([first, generic.ByteStringObject(hashlib.sha256(first).digest()[:16])])

    def _update_meta(self) -> None:
        """Leave the metadata as the page has it: sealing changes nothing that it describes."""


def seal_pdf(
    pdf: bytes,
    key: StationKey,
    signing_time: datetime,
    reason: str = "Sealed by the station that signed the record",
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
        bytes_reserved=_RESERVED,
    )
    certify = SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=certify))
    prepared, output = steps.send(SigIOSetup(md_algorithm="sha256"))
    envelope = sign_digest(prepared.document_digest, key, None).hex().encode("ascii")
    # Filled in here and not by pyHanko, which writes upper-case digits: one canonical spelling leaves nothing to vary.
    output.seek(prepared.reserved_region_start + 1)
    output.write(envelope)
    return bytes(output.getvalue())
