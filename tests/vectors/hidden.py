"""Pages that a trusted station sealed from a template of its own, and that hide their headline from whoever looks at them."""

from agent.certificate.page import render_page, template
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_pdf
from tests.samples import AT, Pki
from tests.vectors.case import Case, good, ruled, signed

_SHOWN = "headline-box(data.headline, data.headline_note, data._mark)"
_WORD = "#text(size: 18pt, weight: 700, data.headline)"
_BESIDE = "#text(size: 26pt, weight: 700)[ALL DONE]"

TEMPLATES: dict[str, tuple[str, str]] = {
    "white-on-white": ("white letters on white paper", "text(size: 18pt, weight: 700, fill: white, data.headline)"),
    "grey-on-white": ("letters a shade from white", "text(size: 18pt, weight: 700, fill: luma(200), data.headline)"),
    "under-a-box": ("a white box drawn over it", f"box[{_WORD}#place(top + left, dy: -9pt, rect(width: 100%, height: 30pt, fill: white))]"),
    "under-a-dark-box": ("a box of the letters' own colour", f"box[{_WORD}#place(top + left, dy: -9pt, rect(width: 100%, height: 30pt, fill: black))]"),
    "prefix-covered": ("the IN of INCOMPLETE covered", f"box[{_WORD}#place(top + left, dy: -2pt, rect(width: 19pt, height: 20pt, fill: white))]"),
    "tiny": ("one point high", "text(size: 1pt, data.headline)"),
    "off-page": ("beside the sheet", f"place(dx: -700pt)[{_WORD}]"),
    "under-a-picture": ("a picture that says something else over it",
        (f"box[{_WORD}#place(top + left, dy: -5pt, image(bytes(\"<svg xmlns='http://www.w3.org/2000/svg' width='170' height='22'>"
        "<rect width='170' height='22' fill='white'/><path d='M4 4h8v3h-5v4h5v9h-8v-3h5v-4h-5zM20 4l6 16h-3l-2-5h-4l-2 5h-3zM40 4h3l5 9v-9h3v16h-3l-5-9v9h-3z'/>"
        "</svg>\"), width: 170pt, alt: \"x\"))]")),
}  # fmt: skip


_COMMITTED = ("white-on-white", "under-a-box", "tiny", "off-page", "under-a-picture")
"""The others are seen by tests alone: each page takes a hundred kilobytes."""


def hiding(name: str) -> bytes:
    """The source of such a template."""
    source = template("certificate.typ").decode()
    if source.count(_SHOWN) != 1:
        raise AssertionError("the template shows its headline otherwise")
    return source.replace(_SHOWN, f"[#{TEMPLATES[name][1]} {_BESIDE} #data.headline_note]").encode()


def page(pki: Pki, name: str) -> bytes:
    """The unsealed page of a machine with a mounted medium, by such a template."""
    record = good(pki, "excluded")
    files = signed(pki, encode_record(record))
    return render_page(record, files["record.json"], files["record.json.p7s"], hiding(name))


def hidden_cases(a: Pki) -> list[Case]:
    """Sealed past the check that sealing makes."""
    made = [
        Case(f"hidden-{name}", {"certificate.pdf": seal_pdf(page(a, name), a.station, AT)}, why, "seal", "page")
        for name, (why, _) in TEMPLATES.items()
        if name in _COMMITTED
    ]
    return ruled("a restyled template that hides INCOMPLETE", made)
