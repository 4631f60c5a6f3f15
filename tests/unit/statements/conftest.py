"""A lot on disk: evidence folders of constructed records, and a station that the commands can open."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agent.certificate.cades import sign_detached
from agent.certificate.page import render_page
from agent.certificate.pki import lock_key
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from agent.model.record import Record, document_kind
from tests.samples import AT, Pki, sample_record, throwaway_pki

PASSPHRASE = "a slate is wiped clean"


@dataclass(frozen=True)
class Workshop:
    """A station's folder, its chain, and a folder for a lot."""

    pki: Pki
    station: Path
    passphrase: Path
    lot: Path

    @property
    def root(self) -> Path:
        """What is trusted."""
        return self.station / "root.pem"

    @property
    def signing(self) -> list[str]:
        """The options that name the key."""
        return ["--station", str(self.station), "--passphrase-file", str(self.passphrase)]

    @property
    def trusting(self) -> list[str]:
        """The options that name the root."""
        return ["--trust", str(self.root)]

    def add(self, record: Record, name: str = "") -> Path:
        """The evidence folder of a record, inside the lot."""
        folder = self.lot / (name or record.record_id)
        folder.mkdir(parents=True)
        for file, data in evidence_files(self.pki, record).items():
            (folder / file).write_bytes(data)
        return folder

    def laptop(self, number: int = 1, kind: str = "laptop") -> Record:
        """A record of this station."""
        return sample_record(kind, issuer=self.pki.station.issuer, number=number, sequence=number)


def evidence_files(pki: Pki, record: Record) -> dict[str, bytes]:
    """Record, signature and sealed page."""
    data = encode_record(record)
    signature = sign_detached(data, pki.station, AT)
    page = seal_page(render_page(record, data, signature), pki.station, AT)
    return {"record.json": data, "record.json.p7s": signature, document_kind(record).file_name: page}


def make_workshop(folder: Path, pki: Pki) -> Workshop:
    """A workshop in this folder; its key is locked with few rounds, so that tests are quick."""
    station = folder / "station"
    station.mkdir(parents=True)
    chain = pki.station.chain
    (station / "station.key.pem").touch(mode=0o600)
    (station / "station.key.pem").write_bytes(
        lock_key(pki.station.private_key, PASSPHRASE.encode(), iterations=2048)
    )
    for name, certificate in (("station.cert", chain.leaf), ("chain", chain.issuing_ca), ("root", chain.root)):
        (station / f"{name}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "passphrase").write_text(PASSPHRASE + "\n")
    (folder / "lot").mkdir()
    return Workshop(pki, station, folder / "passphrase", folder / "lot")


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop under a root that is not for tests; its clock stands at the records' moment."""
    monkeypatch.setattr("agent.host.clock.SystemClock.now", lambda _: AT)
    return make_workshop(tmp_path, throwaway_pki(test=False))
