"""A station's key in a PKCS#11 token: made there, used there, never read out (PKCS#11 v2.40, CKM_ECDSA).

The key is an `EllipticCurvePrivateKey` like any other, so whatever signs with a file's key signs with a token's. A token's
ECDSA is random where a file's is deterministic (RFC 6979); `sign_low_s` gives both the lower S.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import utils as asymmetric_utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

from agent.errors import KeyLocked, StationError, ToolMissing, UsageError

# A stick's folder is writable for whoever holds it, and a library runs with all rights: only those of the system are loaded.
_LIBRARY_FOLDERS = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt")
_LABEL = "ardoise station"
_CHECK = "Plug the token in, and see docs/ceremony.md."


@dataclass(frozen=True)
class TokenPlace:
    """Where a key is: the token's library, its label and serial, and the key's id in it."""

    module: str
    label: str
    serial: str
    key_id: str

    def to_json(self) -> bytes:
        """As station.token.json holds it; nothing in it is secret."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> "TokenPlace":
        """The place in a station's folder; raises StationError."""
        try:
            values = json.loads(data)
            return cls(*(str(values[name]) for name in ("module", "label", "serial", "key_id")))
        except (ValueError, KeyError, TypeError) as error:
            raise StationError("station.token.json does not say where the key is.", _CHECK) from error


class TokenKey(ec.EllipticCurvePrivateKey):
    """A P-256 key whose private operation is the token's; nothing of it can be read, printed or copied."""

    def __init__(self, session: Any, key: Any, public_key: ec.EllipticCurvePublicKey) -> None:  # noqa: ANN401 - no types
        self._session = session
        self._key = key
        self._public_key = public_key

    def close(self) -> None:
        """Log out; the token asks for its PIN again. A process is logged in to a token once (PKCS#11 v2.40, 5.6)."""
        self._session.close()

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:  # noqa: ANN401
        """ECDSA over SHA-256 in DER; the token gets the digest and answers with r and s."""
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            raise UnsupportedAlgorithm("a station signs with SHA-256 only")
        import pkcs11  # noqa: PLC0415 - see _library

        digest = hashes.Hash(hashes.SHA256())
        digest.update(data)
        try:
            raw = self._key.sign(digest.finalize(), mechanism=pkcs11.Mechanism.ECDSA)
        except pkcs11.PKCS11Error as error:
            raise StationError("The token did not sign.", _CHECK) from error
        half = len(raw) // 2
        numbers = (int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
        return asymmetric_utils.encode_dss_signature(*numbers)

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public_key

    @property
    def curve(self) -> ec.EllipticCurve:
        """P-256."""
        return self._public_key.curve

    @property
    def key_size(self) -> int:
        """256."""
        return self._public_key.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:  # noqa: ARG002
        """Not what a station's key is for."""
        raise UnsupportedAlgorithm("a station's key only signs")

    def private_numbers(self) -> NoReturn:
        """Not to be had."""
        raise UnsupportedAlgorithm("the key does not leave its token")

    def private_bytes(self, *_: object, **__: object) -> NoReturn:
        """Not to be had."""
        raise UnsupportedAlgorithm("the key does not leave its token")

    def __copy__(self) -> "TokenKey":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "TokenKey":
        return self


def make_token_key(module: Path, label: str, pin: bytes) -> tuple[TokenPlace, TokenKey]:
    """Make a new key in a token; raises StationError, KeyLocked (wrong PIN), UsageError, ToolMissing."""
    pkcs11 = _library()
    token = _find_token(str(module), lambda t: not label or t.label.strip() == label)
    session = _login(token, pin, writes=True)
    key_id = os.urandom(8)
    from pkcs11.util.ec import encode_named_curve_parameters  # noqa: PLC0415 - see _library

    try:
        parameters = session.create_domain_parameters(
            pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
        )
        private = {
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
            pkcs11.Attribute.PRIVATE: True,
        }
        parameters.generate_keypair(
            mechanism=pkcs11.Mechanism.EC_KEY_PAIR_GEN,
            id=key_id,
            label=_LABEL,
            store=True,
            private_template=private,
        )
    except pkcs11.PKCS11Error as error:
        raise StationError("The token can't make a key on the curve P-256.", _CHECK) from error
    place = TokenPlace(str(module), token.label.strip(), _serial(token), key_id.hex())
    return place, _key_in(session, place)


def open_token_key(place: TokenPlace, pin: bytes) -> TokenKey:
    """The station's key in its token; raises StationError (absent), KeyLocked (wrong PIN), ToolMissing."""
    token = _find_token(place.module, lambda t: (t.label.strip(), _serial(t)) == (place.label, place.serial))
    return _key_in(_login(token, pin), place)


def _key_in(session: Any, place: TokenPlace) -> TokenKey:  # noqa: ANN401 - python-pkcs11 has no types
    pkcs11 = _library()
    from pkcs11.util.ec import encode_ec_public_key  # noqa: PLC0415 - see _library

    try:
        key_id = bytes.fromhex(place.key_id)
        private = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=key_id)
        public = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, id=key_id)
        loaded = load_der_public_key(encode_ec_public_key(public))
    except (pkcs11.PKCS11Error, ValueError) as error:
        raise StationError("The token does not hold the station's key.", _CHECK) from error
    if not isinstance(loaded, ec.EllipticCurvePublicKey) or not isinstance(loaded.curve, ec.SECP256R1):
        raise StationError("The token's key is not on the curve P-256.", _CHECK)
    return TokenKey(session, private, loaded)


def _find_token(module: str, wanted: Any) -> Any:  # noqa: ANN401 - python-pkcs11 has no types
    pkcs11 = _library()
    path = Path(module).resolve()
    if not path.is_absolute() or not any(path.is_relative_to(folder) for folder in _LIBRARY_FOLDERS):
        raise UsageError(
            f"The token's library {module!r} is not one of the system's.",
            "Install its package (opensc-pkcs11, ykcs11) and give the path below /usr/lib.",
        )
    try:
        found = [t for t in pkcs11.lib(str(path)).get_tokens() if wanted(t)]
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
        raise StationError(f"The token's library {module!r} can't be used.", _CHECK) from error
    if len(found) != 1:
        raise StationError(
            "The station's token is not there." if not found else "Several tokens are there.",
            _CHECK if not found else "Choose one by --token-label.",
        )
    return found[0]


def _login(token: Any, pin: bytes, *, writes: bool = False) -> Any:  # noqa: ANN401 - python-pkcs11 has no types
    pkcs11 = _library()
    try:
        return token.open(user_pin=pin.decode("utf-8"), rw=writes)
    except pkcs11.PinLocked as error:
        raise KeyLocked(
            "The token has locked itself after too many wrong PINs.", "Unblock it with its PUK."
        ) from error
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, UnicodeDecodeError) as error:
        # Not tried again by itself: a token counts, and locks itself.
        raise KeyLocked("The PIN does not open the token.", "Mind the number of tries that are left.") from error
    except pkcs11.PKCS11Error as error:
        raise StationError("The token can't be opened.", _CHECK) from error


def _serial(token: Any) -> str:  # noqa: ANN401 - python-pkcs11 has no types
    serial = token.serial
    return serial.hex() if isinstance(serial, bytes) else str(serial).strip()


def _library() -> Any:  # noqa: ANN401 - python-pkcs11 has no types
    try:
        import pkcs11  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise ToolMissing(
            "Tokens need the package python-pkcs11.", "Install it: pip install 'ardoise[token]'."
        ) from error
    return pkcs11
