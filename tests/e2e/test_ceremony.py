"""docs/ceremony.md as it stands: every command of it runs, passphrases typed at a terminal, one office from birth to theft."""

import json
import os
import pty
import re
import select
import shlex
import shutil
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest

CEREMONY = Path(__file__).parents[2] / "docs" / "ceremony.md"
ROOT_WORDS, CA_WORDS, BACKUP_WORDS, STICK_WORDS = (
    "keeper alone knows these", "office alone knows these", "envelope holds these words", "technician types these"
)  # fmt: skip
ANSWERS = {
    "New passphrase for the root": ROOT_WORDS,
    "Passphrase of the root": ROOT_WORDS,
    "New passphrase for the backups": BACKUP_WORDS,
    "New passphrase for the issuing CA": CA_WORDS,
    "Passphrase of the issuing CA": CA_WORDS,
    "New passphrase for the station": STICK_WORDS,
    "Passphrase of the station": STICK_WORDS,
}
LIMIT = 60


def commands() -> list[str]:
    """The lines of all code blocks, in their order."""
    blocks = re.findall(r"^```sh\n(.*?)^```", CEREMONY.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


def answer(prompt: str, argv: list[str]) -> str:
    """What the person types; a backup is opened with the backups' own passphrase."""
    from_backup = "--root" in argv or argv[2] in {"check-backup", "restore"}
    return BACKUP_WORDS if prompt == "Passphrase of the root" and from_backup else ANSWERS[prompt]


def at_terminal(argv: list[str], folder: Path) -> tuple[int, str, list[str]]:
    """Run with a terminal, typing what is asked for: exit code, all that was shown, the prompts."""
    path = os.pathsep.join(filter(None, (str(CEREMONY.parents[1]), os.environ.get("PYTHONPATH", ""))))
    environment = {**os.environ, "PYTHONPATH": path}
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-m", "agent", *argv[1:]], environment)
    shown, prompts, seen = b"", [], 0
    begun = time.monotonic()
    while time.monotonic() - begun < LIMIT:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:
            break
        if not data:
            break
        shown += data
        asked = re.search(r"([A-Z][\w ]+): $", shown[seen:].decode(errors="replace"))
        if asked:
            again = asked[1] == "Once more"
            prompts.append(prompts[-1] if again else asked[1])
            seen = len(shown)
            os.write(terminal, answer(prompts[-1], argv).encode() + b"\n")
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), shown.decode(errors="replace"), prompts


def variables(folder: Path, shown: str) -> dict[str, str]:
    """What a person carries from one command to the next by ear or by eye."""
    found = re.search(r"\n\s+((?:[A-Z2-7]{4} ){5}[A-Z2-7]{4})\s", shown)
    values = {"HEARD": found[1]} if found else {}
    index = folder / "office" / "issued.json"
    if index.exists():
        known = json.loads(index.read_text())
        stations = [row for row in known["stations"] if row["name"] == "stick-07"]
        values |= {"SERIAL": stations[-1]["serial"]} if stations else {}
        values["CA_SERIAL"] = known["authorities"][-1]["serial"]
    return values


@pytest.mark.timeout(280)
def test_every_command_of_the_ceremony(tmp_path: Path, allow_programs) -> None:
    allow_programs("openssl")
    told: dict[str, str] = {}
    ran: list[str] = []
    everything = ""
    for line in commands():
        argv = shlex.split(string.Template(line).substitute(told))
        if argv[0] == "openssl":
            _openssl_agrees(argv, tmp_path)
            continue
        code, shown, _ = at_terminal(argv, tmp_path)
        assert code == 0, f"{line}\n{shown}"
        everything += shown
        ran.append(argv[2])
        told |= variables(tmp_path, shown)
    wanted = "init backup check-backup issue-registry request enrol accept list crl root-crl renew accept revoke renew-ca"
    assert ran == [*wanted.split(), "revoke-ca", "renew-ca", "restore", "backup"]
    assert everything.count("written, read back, opened, and it signs for this root") == 4
    assert not (tmp_path / "office" / "root.key.pem").exists()
    for words in (ROOT_WORDS, CA_WORDS, BACKUP_WORDS, STICK_WORDS):
        assert words not in everything
        assert not [p for p in tmp_path.rglob("*") if p.is_file() and words.encode() in p.read_bytes()]
    assert not list(tmp_path.rglob(".*.new"))


def _openssl_agrees(argv: list[str], folder: Path) -> None:
    """At the page's end both stick and CA are revoked, and the auditor's command says so."""
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "certificate revoked" in done.stdout + done.stderr


@pytest.mark.timeout(120)
def test_a_wrong_passphrase_at_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    argv = ["ardoise", "pki", "request", "station", "--name", "stick-07"]
    assert at_terminal(argv, tmp_path)[0] == 0
    monkeypatch.setitem(ANSWERS, "Passphrase of the station", "not these words")
    before = {p.name: p.read_bytes() for p in (tmp_path / "station").iterdir()}
    shutil.copytree(tmp_path / "station", tmp_path / "bundle")
    assert at_terminal(["ardoise", "pki", "init", "office", "--organisation", "X"], tmp_path)[0] == 0
    heard = variables(tmp_path, at_terminal(["ardoise", "pki", "request", "other", "--name", "o"], tmp_path)[1])
    enrol = [
        "ardoise",
        "pki",
        "enrol",
        "office",
        "other/station.csr.pem",
        "--fingerprint",
        heard["HEARD"],
        "--out",
        "out",
    ]
    assert at_terminal(enrol, tmp_path)[0] == 0
    code, shown, _ = at_terminal(["ardoise", "pki", "accept", "station", "out"], tmp_path)
    assert (code, "The passphrase does not open" in shown) == (3, True)
    assert "Traceback" not in shown
    assert {p.name: p.read_bytes() for p in (tmp_path / "station").iterdir()} == before
