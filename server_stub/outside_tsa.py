"""A second time stamp from an authority outside: asked for after the receipt, again and again until it comes (RFC 3161 3.4).

Nothing waits for it, and nothing is called proven by it here: what is kept answers the question that was asked, and its
signature is for whoever has that authority's root (docs/registry.md).
"""

import hashlib
import logging
import secrets
import threading
from collections.abc import Callable

import requests
from asn1crypto import core, tsp
from sqlalchemy import select, update

from agent.certificate.cms_form import PARSER_ERRORS
from server_stub.store import Store
from server_stub.tables import certificates, proofs

TIMEOUTS = (5.0, 15.0)
MAXIMUM_ANSWER_BYTES = 64 * 1024
AGAIN_SECONDS = 300.0

_log = logging.getLogger("ardoise-registry")


class OutsideTsa:
    """One authority and the thread that asks it."""

    def __init__(self, store: Store, url: str, *, again_seconds: float = AGAIN_SECONDS) -> None:
        self._store = store
        self._url = url
        self._again = again_seconds
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="outside-tsa", daemon=True)

    def start(self) -> None:
        """Begin to ask for what is missing."""
        self._thread.start()

    def wake(self) -> None:
        """Look for something new at once."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread; an answer that is on its way is waited for."""
        self._stopped = True
        self._wake.set()
        self._thread.join(sum(TIMEOUTS) + 5)

    def stamp_missing(self) -> bool:
        """Ask for each record's stamp, oldest first, until one fails; whether all have theirs."""
        missing = (
            select(certificates.c.sequence, certificates.c.signature)
            .join(proofs)
            .where(proofs.c.outside_stamp.is_(None))
            .order_by(certificates.c.sequence)
            .limit(100)
        )
        while True:
            with self._store.engine.connect() as connection:
                rows = connection.execute(missing).all()
            if not rows:
                return True
            for row in rows:
                answer = None if self._stopped else self._ask(hashlib.sha256(row.signature).digest())
                if answer is None:
                    return False
                with self._store.writing() as connection:
                    connection.execute(
                        update(proofs).where(proofs.c.sequence == row.sequence).values(outside_stamp=answer)
                    )

    def _run(self) -> None:
        while not self._stopped:
            self._wake.clear()
            self.stamp_missing()
            self._wake.wait(self._again)

    def _ask(self, digest: bytes) -> bytes | None:
        nonce = secrets.randbits(64)
        try:
            answer = _post(self._url, _query(digest, nonce), lambda: self._stopped)
        except requests.RequestException as error:
            _log.warning("the outside time-stamping authority does not answer: %s", type(error).__name__)
            return None
        if not answers(answer, digest, nonce):
            _log.warning("the outside time-stamping authority answers something else than was asked")
            return None
        return answer


def answers(response: bytes, digest: bytes, nonce: int) -> bool:
    """Whether a response grants a token over this digest for this question; its signature is not looked at."""
    try:
        answer = tsp.TimeStampResp.load(response, strict=True)
        stated = answer["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed
        imprint = stated["message_imprint"]
        return (
            answer["status"]["status"].native in {"granted", "granted_with_mods"}
            and imprint["hash_algorithm"]["algorithm"].native == "sha256"
            and imprint["hashed_message"].native == digest
            and stated["nonce"].native == nonce
        )
    except PARSER_ERRORS:
        return False


def _query(digest: bytes, nonce: int) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}
    query = tsp.TimeStampReq(
        {"version": 1, "message_imprint": imprint, "nonce": core.Integer(nonce), "cert_req": True}
    )
    return bytes(query.dump())


def _post(url: str, query: bytes, stopped: Callable[[], bool]) -> bytes:
    body = bytearray()
    with requests.post(
        url,
        data=query,
        headers={"Content-Type": "application/timestamp-query"},
        timeout=TIMEOUTS,
        allow_redirects=False,
        stream=True,
    ) as response:
        for piece in response.iter_content(4096):
            body += piece
            if len(body) > MAXIMUM_ANSWER_BYTES or stopped():
                return b""
    return bytes(body) if response.status_code == 200 else b""
