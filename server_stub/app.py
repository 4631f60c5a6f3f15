"""The application: routes, errors, and the headers that every answer carries."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.errors import AgentError
from server_stub.api import api_router
from server_stub.catalogue import Catalogue
from server_stub.finals import Finals
from server_stub.log_files import LogFiles
from server_stub.log_routes import log_router, proof_router
from server_stub.outside_tsa import OutsideTsa
from server_stub.problems import Problem, problem_response, title_of
from server_stub.settings import Settings
from server_stub.store import Store
from server_stub.upload import Uploads
from server_stub.views import error_page, page_router

_log = logging.getLogger("ardoise-registry")

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class SecureHeaders:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; on the way back the headers join."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, sending)


def create_app(settings: Settings) -> FastAPI:
    """The registry over its database; raises UsageError, EnvironmentLacks when that can't be opened."""
    authority = settings.authority
    store = Store(settings.database, settings.key, authority)
    files = None
    if authority is not None and settings.log_folder is not None:
        files = LogFiles(settings.log_folder, store.engine, authority.log)
        files.update()
    finals = Finals(settings, store)
    finals.complete()

    outside = OutsideTsa(store, settings.outside_tsa) if settings.outside_tsa and authority is not None else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if outside is not None:
            outside.start()
        yield
        if outside is not None:
            outside.stop()
        store.close()

    catalogue = Catalogue(store.engine, settings.page_size)
    app = FastAPI(
        title="Ardoise registry", version="1", docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json", lifespan=lifespan
    )  # fmt: skip
    app.include_router(api_router(Uploads(settings, store, _followers(files, outside)), catalogue))
    app.include_router(proof_router(finals, catalogue))
    app.include_router(log_router(store.engine, authority.log if authority else None))
    app.include_router(page_router(catalogue, sealing=authority is not None and authority.seal is not None))
    app.add_middleware(SecureHeaders)
    _handle_errors(app)

    @app.get("/healthz")
    def health() -> JSONResponse:
        """Whether the database answers."""
        catalogue.is_quarantined("")
        return JSONResponse({"status": "ok"})

    return app


def _followers(files: LogFiles | None, outside: OutsideTsa | None) -> tuple[Callable[[], None], ...]:
    """What is to follow each new record, none of which holds up its receipt."""
    return (*([files.update] if files else []), *([outside.wake] if outside else []))


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return _error(request, error)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        answer = _error(request, Problem(error.status_code, str(error.detail)))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return _error(request, Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {first['msg']}"))

    @app.exception_handler(DBAPIError)
    async def database(request: Request, error: DBAPIError) -> Response:
        # Full disk, locked or unreachable database: nothing was committed, and trying again is right.
        _log.error("database: %s", error.orig)
        return _unavailable(request)

    @app.exception_handler(PoolTimeoutError)
    async def busy(request: Request, _error: PoolTimeoutError) -> Response:
        return _unavailable(request)

    @app.exception_handler(AgentError)
    async def environment(request: Request, error: AgentError) -> Response:
        # The trusted root or the CRL can't be read any more: the words are for the administrator, not for the client.
        _log.error("%s", error)
        return _unavailable(request)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, _error: Exception) -> Response:
        return _error_with_headers(request)


def _unavailable(request: Request) -> Response:
    detail = "The registry can't work at the moment."
    return _error(request, Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, retry_after=30))


def _error(request: Request, problem: Problem) -> Response:
    if request.url.path.startswith("/v1/") or "text/html" not in request.headers.get("accept", ""):
        return problem_response(problem)
    return error_page(problem.status, title_of(problem.status), problem.detail)


def _error_with_headers(request: Request) -> Response:
    # Starlette answers an unexpected error outside of every middleware.
    answer = _error(request, Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "An error of the registry itself."))
    answer.headers.update(_HEADERS)
    return answer
