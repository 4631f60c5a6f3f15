"""The auditor's guide: its commands print what it says; the table of scopes is what the verifiers do."""

import hashlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pypdf import PdfReader

from agent.certificate.page_view import page_view
from agent.certificate.record import decode_record
from agent.certificate.verify import DOCUMENT_STEPS, FINAL_STEPS
from agent.certificate.verify_statement import STATEMENT_DOCUMENT_STEPS
from tests.conftest import Allow
from tests.documents.guide import guide_pdf
from tests.unit.certificate.finals import Final, make_final
from tests.vectors.scope import SHELL_STEPS

DOCS = Path("docs")
GUIDES = [DOCS / f"auditors-guide.{language}.md" for language in ("en", "fr")]


@pytest.fixture(scope="module")
def final() -> Final:
    return make_final()


@pytest.fixture
def folder(final: Final, tmp_path: Path) -> Path:
    (tmp_path / "certificate.pdf").write_bytes(final.pdf)
    (tmp_path / "root.pem").write_bytes(final.pki.root.certificate.public_bytes(Encoding.PEM))
    return tmp_path


def _commands(guide: Path) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", guide.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def _run(line: str, folder: Path) -> str:
    done = subprocess.run(["sh", "-c", line], check=False, cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, (line, done.stderr)
    return done.stdout + done.stderr


def test_both_guides_give_the_same_commands() -> None:
    assert _commands(GUIDES[0]) == _commands(GUIDES[1])
    assert len(_commands(GUIDES[0])) == 10


def test_the_commands_print_what_the_guide_says(folder: Path, final: Final, allow_programs: Allow) -> None:
    allow_programs("sh")
    said = {shlex.split(line)[0] + " " + shlex.split(line)[1]: _run(line, folder) for line in _commands(GUIDES[0])}
    assert "CAdES Verification successful" in said["openssl cms"]
    assert "Time stamp: Nov 21 14:35:00 2026 GMT" in said["openssl ts"]
    for words in ("Total document signed", "Signature is Valid", "Certificate is Trusted"):
        assert words in said["pdfsig -nssdir"]
    page = (folder / "page.txt").read_text()
    assert said["sha256sum record.json"].split()[0] in page
    assert "SANITIZED" in page
    assert (folder / "record.json").read_bytes() == final.record
    for guide in GUIDES:
        text = guide.read_text()
        for words in (
            "CAdES Verification successful",
            "Verification: OK",
            "Total document signed",
            "Certificate is Trusted",
        ):
            assert words in text


def test_the_commands_that_a_final_page_prints_do_what_they_say(
    folder: Path, final: Final, allow_programs: Allow
) -> None:
    allow_programs("sh")
    (folder / "certificate.pdf").rename(folder / "certificate.final.pdf")
    (folder / "log.vkey").write_bytes(final.log_vkey)
    record = decode_record(final.record)
    printed = page_view(record, final.record)["verify"]["commands"]
    lines = "\n".join(printed).replace("\\\n", " ").splitlines()
    assert [line.split()[0] for line in lines] == ["pdfdetach", "openssl", "openssl", "ardoise"]
    detached, stamped, signed, proven = (
        _run(f'ardoise() {{ {sys.executable} -m agent "$@"; }}; {line}', folder) for line in lines
    )
    assert hashlib.sha256(final.record).hexdigest() in detached
    assert "Verification: OK" in stamped
    assert "CAdES Verification successful" in signed
    assert "SANITIZED" in proven
    assert "degree reached: logged" in proven


def test_after_its_400_days_the_stamp_helps(folder: Path, allow_programs: Allow) -> None:
    allow_programs("sh")
    for line in _commands(GUIDES[0])[:1]:
        _run(line, folder)
    verify = _commands(GUIDES[0])[1]
    late = subprocess.run(
        ["sh", "-c", f"{verify} -attime 1900000000"], check=False, cwd=folder, capture_output=True, text=True
    )
    assert late.returncode != 0
    assert "certificate has expired" in late.stderr
    moment = _run('date -u -d "Nov 21 14:35:00 2026 GMT" +%s', folder).strip()
    assert "successful" in _run(f"{verify} -attime {moment}", folder)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_the_guide_on_paper_is_its_text_on_two_pages(guide: Path) -> None:
    pdf = guide.with_suffix(".pdf").read_bytes()
    assert guide_pdf(guide.read_text(), guide.suffixes[0][1:]) == pdf
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 2
    printed = "".join("".join(page.extract_text() for page in pages).split())
    for command in _commands(guide):
        # A command that goes on in the next line has a backslash on paper.
        assert "".join(command.split()).replace("\\", "") in printed.replace("\\", "")
    for cell in re.findall(r"^\| ([^|-][^|]*?) \|", guide.read_text(), re.MULTILINE):
        assert "".join(cell.split()) in printed


def _table() -> dict[str, list[str]]:
    rows = [
        line.strip("|").split("|")
        for line in (DOCS / "verifiers.md").read_text().partition("## Statements")[0].splitlines()
        if line.startswith("|")
    ]
    return {row[0].strip(): [cell.strip() for cell in row[2:]] for row in rows[2:]}


def test_the_table_has_a_row_for_each_step() -> None:
    assert set(_table()) == {*DOCUMENT_STEPS, *FINAL_STEPS}


def test_the_table_of_statements_names_each_step() -> None:
    table = (DOCS / "verifiers.md").read_text().partition("## Statements")[2].partition("##")[0]
    named = [
        step for line in table.splitlines()[4:] if line.startswith("|") for step in line.split("|")[1].split(",")
    ]
    assert [step.strip() for step in named] == list(STATEMENT_DOCUMENT_STEPS)


def test_ardoise_verify_checks_every_step() -> None:
    assert {row[0] for row in _table().values()} == {"checked"}


def test_the_shells_column_is_what_the_vectors_say_of_it() -> None:
    assert {step for step, row in _table().items() if row[2] == "checked"} == SHELL_STEPS
    assert {row[2] for row in _table().values()} == {"checked", "not checked"}


def test_the_page_and_we_know_the_same_steps() -> None:
    source = Path("agent/certificate/web/src/run.js").read_text()
    names = re.findall(r'"([a-z ]+)"', source.split("class Run", maxsplit=1)[0])
    assert set(names) == {*DOCUMENT_STEPS, *FINAL_STEPS}
