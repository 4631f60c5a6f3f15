"""The pages for people: plain HTML without scripts; they show no person, and of serials the last four characters only."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Query
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from agent.model.drive import printable
from server_stub.catalogue import SEARCH_LENGTH, Catalogue

_FOLDER = FilePath(__file__).parent / "pages"
_LARGEST_PAGE = 10**9

# Word -> (shape, class): a state is told by word and shape; colour only repeats it (blue done, yellow act, red failed).
_STATES = {
    "SANITIZED": ("square", "done"),
    "INCOMPLETE": ("triangle", "act"),
    "NO MEDIUM FOUND": ("diamond", "neutral"),
    "sanitized": ("square", "done"),
    "sanitized with exceptions": ("triangle", "act"),
    "failed": ("cross", "failed"),
    "interrupted": ("triangle", "act"),
    "unknown": ("triangle", "act"),
    "refused": ("triangle", "act"),
    "not selected": ("diamond", "neutral"),
}


def page_router(catalogue: Catalogue, *, sealing: bool = False) -> APIRouter:
    """The list, one certificate, the stations, the quarantine, and the style sheet; `sealing`: final documents are made here."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def listing(
        q: Annotated[str, Query(max_length=SEARCH_LENGTH)] = "",
        page: Annotated[int, Query(ge=1, le=_LARGEST_PAGE)] = 1,
    ) -> Response:
        return _page("list.html", found=catalogue.search(q, page), q=q, here="list")

    @router.get("/certificates/{sha256}")
    def certificate(sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
        found = catalogue.certificate(sha256)
        if found is None:
            return error_page(HTTPStatus.NOT_FOUND, "Not found", "Nothing is archived under this digest.")
        forks = catalogue.forks(found[0].sequence)
        return _page(
            "certificate.html", certificate=found[0], media=found[1], forks=forks, sealing=sealing, here="list"
        )

    @router.get("/stations")
    def stations() -> Response:
        return _page("stations.html", stations=catalogue.stations(), here="stations")

    @router.get("/quarantine")
    def quarantine(page: Annotated[int, Query(ge=1, le=_LARGEST_PAGE)] = 1) -> Response:
        return _page("quarantine.html", found=catalogue.quarantined(page), here="quarantine")

    @router.get("/style.css")
    def style() -> Response:
        return Response(_style(), media_type="text/css", headers={"Cache-Control": "max-age=300"})

    return router


def error_page(status: int, title: str, detail: str) -> Response:
    """An error for a person with a browser."""
    return _page("error.html", status, code=status, title=title, detail=detail, here="")


def last_four(serial: str) -> str:
    """A serial as a public page may show it (a whole one can name a person's machine)."""
    clean = printable(serial)
    if not clean:
        return "none"
    return clean if len(clean) <= 4 else f"…{clean[-4:]}"


def decimal_size(size: int) -> str:
    """A capacity as makers print it: decimal units."""
    value = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def coverage(matching: int, capacity: int) -> str:
    """How much of a medium was read back and matched, rounded down: 100 % is said of the whole only."""
    if capacity <= 0:
        return "-"
    return f"{min(matching, capacity) * 1000 // capacity / 10:g} %"


def short_time(text: str) -> str:
    """A stored UTC time without its milliseconds."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")


def _page(name: str, status: int = HTTPStatus.OK, **values: object) -> Response:
    return HTMLResponse(_templates().get_template(name).render(values), status)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )  # fmt: skip
    filters: dict[str, Callable[..., str]] = {
        "printable": printable, "last_four": last_four, "size": decimal_size, "time": short_time
    }  # fmt: skip
    environment.filters.update(filters)
    environment.globals["coverage"] = coverage
    environment.globals["state_of"] = lambda word: _STATES.get(word, ("triangle", "act"))
    return environment


@cache
def _style() -> bytes:
    return (_FOLDER / "style.css").read_bytes()
