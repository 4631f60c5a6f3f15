"""The station's folder: who signs, with what, and whether it may sign for this environment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from agent.certificate.station import StationKey, check_belongs, load_private_key, load_station_key
from agent.errors import Refused, StationError
from agent.key_mode import is_shared, keeps_modes
from agent.model.machine import Environment
from agent.workflow.clock_check import clock_remark

KEY, CERTIFICATE, CHAIN, ROOT, REGISTRY, LOG_KEY = (
    "station.key.pem",
    "station.cert.pem",
    "chain.pem",
    "root.pem",
    "registry.pub.pem",
    "log.vkey",
)
REQUEST, NEXT_KEY, TOKEN = "station.csr.pem", "next.key.pem", "station.token.json"
EXPIRES_SOON = timedelta(days=30)


@dataclass(frozen=True)
class Station:
    """An opened station: its folder, its key, its root, and the registry's key where it has one (PEM)."""

    folder: Path
    key: StationKey
    root_pem: bytes
    registry_key: bytes | None


def open_station(folder: Path, passphrase: bytes, at: datetime) -> Station:
    """Open a station's key; raises StationError (incomplete, expired), KeyLocked (wrong passphrase)."""
    parts = {name: _read(folder / name) for name in (CERTIFICATE, CHAIN, ROOT)}
    # A dead clock must not stop the work, and expiry can't be judged by it.
    judged_at = None if clock_remark(at) else at
    if _in_token(folder):
        private_key = open_private_key(folder, passphrase)
        key = check_belongs(private_key, parts[CERTIFICATE], parts[CHAIN], parts[ROOT], at=judged_at)
    else:
        key_pem = _read_private(folder / KEY)
        key = load_station_key(key_pem, parts[CERTIFICATE], parts[CHAIN], parts[ROOT], passphrase, judged_at)
    registry = folder / REGISTRY
    return Station(folder, key, parts[ROOT], registry.read_bytes() if registry.is_file() else None)


def open_private_key(folder: Path, passphrase: bytes, name: str = KEY) -> ec.EllipticCurvePrivateKey:
    """The station's private key from its file or in its token, without its certificate; raises StationError, KeyLocked."""
    if name != KEY or not _in_token(folder):
        return load_private_key(_read_private(folder / name), passphrase)
    from agent.host.token import TokenPlace, open_token_key  # noqa: PLC0415 - only who has a token needs its library

    return open_token_key(TokenPlace.from_json(_read(folder / TOKEN)), passphrase)


def expiry_notice(key: StationKey, now: datetime) -> tuple[str, ...]:
    """That the certificate ends within 30 days, while a renewal is still simple; empty otherwise or by an implausible clock."""
    left = key.not_after - now
    if clock_remark(now) or left > EXPIRES_SOON:
        return ()
    end = f"ends on {key.not_after:%Y-%m-%d}, in {max(left.days, 0)} days"
    return (f"The certificate of {key.issuer.station!r} {end}: let the office renew it (`ardoise pki renew`).",)


def _in_token(folder: Path) -> bool:
    return not (folder / KEY).exists() and (folder / TOKEN).is_file()


def read_passphrase(path: Path) -> bytes:
    """The first line of a passphrase file, without its line end; raises StationError."""
    data = _read(path)
    line = data.split(b"\n", 1)[0].rstrip(b"\r")
    if not line:
        raise StationError(f"{path} holds no passphrase.", "Put the passphrase into its first line.")
    return line


def log_key_of(folder: Path) -> bytes | None:
    """The key of the registry's log (log.vkey), where the station has it."""
    path = folder / LOG_KEY
    return path.read_bytes() if path.is_file() else None


def check_may_sign(station: Station, environment: Environment) -> None:
    """Raise Refused where a simulated run would be signed under a real root (DESIGN section 3)."""
    if environment is Environment.SIMULATED and not station.key.is_test:
        raise Refused(
            "A simulated machine is signed for only under a throw-away root.",
            "Make one with `ardoise pki init DIR --test` and issue a station from it.",
        )


def _read_private(path: Path) -> bytes:
    # On a FAT stick the mode is the mount's, and no owner can change it; there the passphrase has to do.
    if is_shared(path) and keeps_modes(path):
        raise StationError(f"Group or others may read the key {path}.", f"As its owner: chmod 600 {path}.")
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StationError(f"{path} can't be read: {error.strerror}.", "Check the station's folder.") from error
