"""The page that a donor reads: PDF/A-3a and PDF/UA-1 by Typst, byte-deterministic, with the evidence attached.

Device text reaches the template only as strings of a JSON value, never as markup; nothing is read from disk but the
template and its fonts, and nothing from the network.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from agent.certificate.page_view import page_view
from agent.errors import CertificateError
from agent.model.language import Language
from agent.model.record import Record

_FOLDER = Path(__file__).parent / "page"
_COMMON = "common.typ"


@dataclass(frozen=True)
class Attachment:
    """One file inside a PDF; `relationship` is that of PDF/A-3 (ISO 19005-3, Annex E), lower-case as Typst has it."""

    name: str
    contents: bytes
    relationship: str
    media_type: str
    description: str


_PROOFS = {
    "record.json.p7s.tsr": ("application/timestamp-reply", "Time-stamp of record.json.p7s (RFC 3161)"),
    "record.json.tlog-proof": (
        "text/plain",
        "Proof that the record stands in the transparency log (C2SP tlog-proof)",
    ),
    "crl.pem": ("application/x-pem-file", "The issuing CA's revocation list when this document was sealed"),
    "root-crl.pem": ("application/x-pem-file", "The root's revocation list when this document was sealed"),
}


def render_page(
    record: Record,
    record_bytes: bytes,
    signature: bytes,
    template: bytes | None = None,
    *,
    language: Language | None = None,
    proofs: Mapping[str, bytes] | None = None,
    code: bytes = b"",
) -> bytes:
    """The unsealed PDF of a record; `template` replaces the Typst source; raises CertificateError.

    `code` is the drawing of a signed code for the paper (qr.py). `language` is the record's own where none is given. `proofs` are attached by their names; a page without any is a
    station's own, and marked as provisional.
    """
    source = template if template is not None else (_FOLDER / "certificate.typ").read_bytes()
    view = page_view(record, record_bytes, language, provisional=not proofs)
    alternative = f"{view['headline']}, SHA-256 {hashlib.sha256(record_bytes).hexdigest()}"
    view |= {"_code": code.decode("ascii"), "_code_alt": alternative}
    attached = (*evidence_attachments(record_bytes, signature), *map(_proof, (proofs or {}).items()))
    return compile_page(source, view, attached, record.time.issued_at)


def evidence_attachments(record_bytes: bytes, signature: bytes) -> tuple[Attachment, ...]:
    """The two files that every document of a record carries."""
    return (
        Attachment(
            "record.json",
            record_bytes,
            "data",
            "application/json",
            "The evidence: canonical JSON, as it was signed",
        ),
        Attachment(
            "record.json.p7s",
            signature,
            "supplement",
            "application/pkcs7-signature",
            "Detached CAdES signature of record.json",
        ),
    )


def compile_page(
    source: bytes, view: Mapping[str, object], attached: tuple[Attachment, ...], made_at: datetime
) -> bytes:
    """The PDF that a template makes of a view, with the parts that all templates share; raises CertificateError."""
    files: Any = {"main.typ": source, _COMMON: (_FOLDER / _COMMON).read_bytes()}
    files.update({f"attached/{file.name}.json": _as_text(file.contents) for file in attached})
    listed = [
        {"name": f.name, "relationship": f.relationship, "type": f.media_type, "description": f.description}
        for f in attached
    ]
    try:
        pdf: bytes = typst.compile(
            files,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"view": json.dumps(view), "attached": json.dumps(listed)},
            pdf_standards=["a-3a", "ua-1"],
            timestamp=max(0, int(made_at.timestamp())),
        )
    except RuntimeError as error:  # TypstError is one
        raise CertificateError(f"The page can't be made: {error}.", "Check the template.") from error
    return pdf


def _as_text(contents: bytes) -> bytes:
    # The compiler takes files of text only: as one string of JSON where it is text, else as a list of byte values.
    try:
        return json.dumps(contents.decode("utf-8"), ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        return json.dumps(list(contents)).encode("ascii")


def _proof(item: tuple[str, bytes]) -> Attachment:
    name, contents = item
    media_type, description = _PROOFS[name]
    return Attachment(name, contents, "supplement", media_type, description)


def template(name: str) -> bytes:
    """The source of one of this package's own templates."""
    return (_FOLDER / name).read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(_FOLDER / "fonts")])
