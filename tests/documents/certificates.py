"""Draws the certificates and records of docs/images, to be looked at: three languages, long names, 24 drives, none, failed.

python -m tests.documents.certificates docs/images
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from agent.certificate.page import render_page
from agent.certificate.qr import qr_svg
from agent.certificate.record import encode_record
from agent.model.language import Language
from agent.model.machine import Environment
from agent.model.record import Record, SessionEnd, machine_headline
from tests.samples import failed_drive, sample_record, sanitized_drive, throwaway_pki
from tests.samples_full import STATED, full_record, own_erase_drive

_LONG_NAME = "Coopérative d\u2019insertion et de réemploi numérique de l\u2019agglomération"


def records() -> Iterator[tuple[str, Record, bool, tuple[int, ...]]]:
    """Name of the picture, record, whether it is a station's provisional copy, and which pages."""
    english, french, german = Language.ENGLISH, Language.FRENCH, Language.GERMAN
    laptop = replace(sample_record("laptop"), stated=STATED)
    for language in Language:
        yield f"certificate-{language}", replace(laptop, language=language), False, (1, 2)
    yield "certificate-provisional-de", replace(laptop, language=german), True, (1,)
    for language in (french, german):
        yield f"certificate-partial-{language}", replace(full_record(), language=language), False, (1, 2, 4)
    yield "certificate-own-erase-fr", replace(_with(own_erase_drive()), language=french), False, (1, 2)
    yield "certificate-24-en", replace(sample_record("many"), language=english), False, (1,)
    yield "certificate-long-names-fr", _long_names(french), False, (1, 2)
    yield "certificate-hostile-de", replace(sample_record("hostile"), language=german), False, (1,)
    yield "record-no-medium-fr", replace(sample_record("no-drive"), language=french), False, (1,)
    yield "record-failed-de", replace(_with(failed_drive()), language=german), False, (1, 2)
    interrupted = replace(_with(failed_drive(), ended=SessionEnd.INTERRUPTED), language=french)
    yield "record-interrupted-fr", interrupted, False, (1,)
    yield "certificate-specimen-en", sample_record("tablet", environment=Environment.SIMULATED), True, (1,)


def _with(*drives: object, ended: SessionEnd = SessionEnd.COMPLETED) -> Record:
    base = sample_record("laptop")
    return replace(base, drives=drives, ended=ended, headline=machine_headline(drives, base.host, ended))  # type: ignore[arg-type]


def _long_names(language: Language) -> Record:
    drives = (
        sanitized_drive("Micron_5200_MTFDDAK1T9TDC-1AR16ABYY-ÉDITION", "W" * 40, 1_920_383_410_176, "/dev/sda"),
        sanitized_drive("INTEL SSDPEKKF512G8 NVMe INTEL 512GB", "BTHH84650ABC512D-éàüß", node="/dev/nvme1n1"),
    )
    base = _with(*drives)
    host = replace(
        base.host,
        manufacturer="Société générale d\u2019équipements électroniques",
        model="Précision Tour 7920 à châssis rackable, édition œuvre",
    )
    return replace(base, host=host, language=language, issuer=replace(base.issuer, organisation=_LONG_NAME))


def draw(folder: Path) -> None:
    """Write all pictures."""
    with tempfile.TemporaryDirectory() as work:
        pdf = Path(work) / "page.pdf"
        for name, record, provisional, pages in records():
            data = encode_record(record)
            pdf.write_bytes(
                render_page(
                    record,
                    data,
                    b"signature",
                    proofs={} if provisional else {"crl.pem": b"list"},
                    code=qr_svg(record, hashlib.sha256(data).hexdigest(), throwaway_pki().station),
                )
            )
            for page in pages:
                place = folder / (f"{name}-{page}" if len(pages) > 1 else name)
                command = ["pdftoppm", "-r", "80", "-png", "-singlefile", "-f", str(page), "-l", str(page)]
                subprocess.run([*command, str(pdf), str(place)], check=True)


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
