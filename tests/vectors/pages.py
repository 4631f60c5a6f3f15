"""Sealed documents: what was changed, added, cut off, or sealed by another."""

from agent.certificate.page import render_page
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from agent.model.machine import Environment
from tests.samples import AT, Pki
from tests.vectors.case import Case, good, sealed, signed
from tests.vectors.forge import with_white_box


def page_cases(a: Pki, b: Pki) -> list[Case]:
    """Documents whose seal, page or attachments are not what they should be."""
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
