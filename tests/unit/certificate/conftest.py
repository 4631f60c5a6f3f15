"""One valid certificate for this area's tests, made once for each process."""

from dataclasses import dataclass

import pytest

from agent.certificate.cades import sign_detached
from agent.certificate.page import render_page
from agent.certificate.record import encode_record
from agent.certificate.seal import seal_page
from tests.samples import AT, Pki, sample_record, throwaway_pki


@dataclass(frozen=True)
class Good:
    """A valid certificate in all its parts."""

    pki: Pki
    record: bytes
    signature: bytes
    pdf: bytes


@pytest.fixture(scope="session")
def good() -> Good:
    """The laptop's certificate."""
    pki = throwaway_pki()
    record = sample_record("laptop")
    data = encode_record(record)
    signature = sign_detached(data, pki.station, AT)
    return Good(pki, data, signature, seal_page(render_page(record, data, signature), pki.station, AT))
