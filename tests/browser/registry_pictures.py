"""Pictures of the registry's pages with constructed records: `python -m tests.browser.registry_pictures docs/images`."""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import requests

from agent.certificate.evidence import Evidence, encode_evidence
from agent.certificate.record import encode_record
from agent.model.record import Record
from tests.browser.page import open_browser
from tests.samples import AT, sample_record
from tests.unit.server_stub.proven import proven_registry

_MACHINES = (
    ("laptop", "LENOVO", "ThinkPad T480s", "PF1ABFF1C"), ("laptop", "Dell Inc.", "Latitude 7490", "7QX4868C"),
    ("tablet", "Microsoft Corporation", "Surface Pro 7", "0198746FB"), ("server", "Dell Inc.", "PowerEdge R730xd", "S3VER042"),
    ("laptop", "HP", "EliteBook 840 G5", "5CG8292986"), ("no-drive", "LENOVO", "ThinkPad T480s", "PF1ABCD33"),
    ("many", "Dell Inc.", "PowerEdge R740xd2", "8VX70FE8"), ("hostile", "[bold]", "To be filled by O.E.M.", "0"),
    ("laptop", "Fujitsu", "LIFEBOOK U748", "DSDK001294"), ("laptop", "Apple Inc.", "MacBookPro14,1", "C02VKAAD0"),
)  # fmt: skip
_STATIONS = ("atelier-1", "atelier-2", "stick-brest")
_SIZE = (1200, 900)


def records() -> Iterator[Record]:
    """Machines of three stations; one station leaves a number out, and one was restored from a copy."""
    numbers, last = dict.fromkeys(_STATIONS, 0), dict.fromkeys(_STATIONS, "")
    for at, (kind, maker, model, serial) in enumerate(_MACHINES):
        station = _STATIONS[at % len(_STATIONS)]
        made = sample_record(kind, number=at + 1)
        numbers[station] += 2 if at == 7 else 0 if at == 8 else 1
        link = replace(made.station_link, sequence=numbers[station], previous_record_sha256=last[station])
        host = replace(made.host, manufacturer=maker, model=model, serial=serial)
        issuer = replace(made.issuer, station=station)
        made = replace(made, station_link=link, host=host, issuer=issuer)
        last[station] = _evidence(made).record_sha256
        yield made


def _evidence(record: Record) -> Evidence:
    return Evidence(encode_record(record), b"signed", b"%PDF-")


def main() -> None:
    """Write the list, one record and the stations into a folder."""
    folder = Path(sys.argv[1])
    now = AT
    with (
        tempfile.TemporaryDirectory() as place,
        tempfile.TemporaryDirectory() as profile,
        proven_registry(Path(place), clock=lambda: now) as url,
    ):
        for record in records():
            now += timedelta(minutes=7)
            evidence = _evidence(record)
            address = f"{url}/v1/certificates/{evidence.record_sha256}"
            requests.put(address, data=encode_evidence(evidence), timeout=60).raise_for_status()
        browser = open_browser(Path(profile), loopback=True)
        browser.set_window_size(*_SIZE)
        for name, page in (("registry", "/"), ("registry-stations", "/stations")):
            browser.get(url + page)
            browser.save_screenshot(str(folder / f"{name}.png"))
        browser.quit()


if __name__ == "__main__":
    main()
