"""The page that a donor reads: PDF/A-3a and PDF/UA-1 by Typst, byte-deterministic, with the evidence attached.

Device text reaches the template only as strings of a JSON value, never as markup; nothing is read from disk but the
template and its fonts, and nothing from the network.
"""

import json
from datetime import datetime
from functools import cache
from pathlib import Path

import typst

from agent.certificate.page_view import page_view
from agent.errors import CertificateError
from agent.model.record import Record

_FOLDER = Path(__file__).parent / "page"


def render_page(record: Record, record_bytes: bytes, signature: bytes, template: bytes | None = None) -> bytes:
    """The unsealed PDF of a record; `template` replaces the Typst source; raises CertificateError."""
    source = template if template is not None else (_FOLDER / "certificate.typ").read_bytes()
    inputs = {
        "view": json.dumps(page_view(record, record_bytes)),
        "record": record_bytes.decode("utf-8"),
        # Inputs are text, so the signature travels as a list of byte values.
        "signature": json.dumps(list(signature)),
    }
    try:
        pdf = typst.compile(
            source,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=["a-3a", "ua-1"],
            timestamp=max(0, int(record.time.issued_at.timestamp())),
        )
    except RuntimeError as error:  # TypstError is one
        raise CertificateError(f"The page can't be made: {error}.", "Check the template.") from error
    return pdf


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(_FOLDER / "fonts")])


def compile_page(name: str, inputs: dict[str, str], made_at: datetime) -> bytes:
    """The PDF of one of this package's own templates; raises CertificateError."""
    try:
        return typst.compile(
            (_FOLDER / name).read_bytes(),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs=inputs,
            pdf_standards=["a-3a", "ua-1"],
            timestamp=max(0, int(made_at.timestamp())),
        )
    except RuntimeError as error:  # TypstError is one
        raise CertificateError(f"The page can't be made: {error}.", "Report this.") from error
