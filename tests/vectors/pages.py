"""Sealed documents: what was changed, added, cut off, or sealed by another."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.certificate.document import find_seal
from agent.certificate.page import compile_page, evidence_attachments, render_page, template
from agent.certificate.page_view import page_view
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page, seal_pdf
from agent.model.language import Language
from agent.model.machine import Environment
from agent.model.record import Record
from tests.samples import AT, Pki
from tests.vectors.case import Case, good, ruled, sealed, signed
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
        *ruled("language", _languages(a)),
        *ruled("flipped byte", _flipped(pdf)),
        *ruled("swapped attachment", _swapped(a)),
        *ruled("record and PDF that disagree", _disagreeing(a)),
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


def _languages(a: Pki) -> list[Case]:
    made = {language.value: replace(good(a), language=language) for language in Language if language.value != "en"}
    return [Case(f"good-{code}", sealed(a, record), f"a certificate in {code}") for code, record in made.items()]


def _flipped(pdf: bytes) -> list[Case]:
    """One bit changed in each part of a document."""
    seal = find_seal(pdf)
    places = {
        "record": (pdf.index(b"stream", pdf.index(b"/EmbeddedFile")) + 60, "seal"),
        "page": (pdf.index(b"stream") + 40, "seal"),
        "seal": (seal.byte_range[1] + 1000, "seal"),
        "trailer": (pdf.rindex(b"startxref") - 40, "seal"),
    }
    return [
        Case(f"flipped-{name}", {"certificate.pdf": _flip(pdf, at)}, f"a bit of the {name} changed", "seal", step)
        for name, (at, step) in places.items()
    ]


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _swapped(a: Pki) -> list[Case]:
    """A page with another record or signature than its own, sealed by the very station that signed both."""
    mine, other = good(a), good(a, number=2)
    files, others = signed(a, encode_record(mine)), signed(a, encode_record(other))
    record = seal_pdf(render_page(mine, others["record.json"], others["record.json.p7s"]), a.station, AT)
    signature = seal_pdf(render_page(mine, files["record.json"], others["record.json.p7s"]), a.station, AT)
    return [
        Case("swapped-record", {"certificate.pdf": record}, "the page of another record", "seal", "page"),
        Case(
            "swapped-signature",
            {"certificate.pdf": signature},
            "another record's signature",
            "signature",
            "signature",
        ),
    ]


def _disagreeing(a: Pki) -> list[Case]:
    """One printed value that is not the record's, and two that changed places; each value in turn: tests/browser/browser_printed.py."""

    def other_figure(view: dict[str, Any]) -> None:
        facts = view["pages"][0]["medium"]["facts"]
        at = next(n for n, (label, _) in enumerate(facts) if label == "Firmware")
        facts[at] = ("Firmware", "7" + facts[at][1][1:])

    def other_order(view: dict[str, Any]) -> None:
        one, other, *_ = view["media"]["rows"]
        one["serial"], other["serial"] = other["serial"], one["serial"]

    made = {
        "figure": (good(a), "another firmware on the page of a medium", other_figure),
        "order": (good(a, "excluded"), "the serial numbers of two media have changed places", other_order),
    }
    return [
        Case(f"disagrees-{name}", {"certificate.pdf": _with_view(a, record, change)}, why, "seal", "page")
        for name, (record, why, change) in made.items()
    ]


def _with_view(a: Pki, record: Record, change: Callable[[dict[str, Any]], None]) -> bytes:
    files = signed(a, encode_record(record))
    view = page_view(record, files["record.json"], provisional=True)
    change(view)
    attached = evidence_attachments(files["record.json"], files["record.json.p7s"])
    return seal_pdf(compile_page(template("certificate.typ"), view, attached, AT), a.station, AT)
