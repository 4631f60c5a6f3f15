"""Errors of the HTTP interface as problem+json (RFC 9457)."""

from http import HTTPStatus
from typing import Any

import rfc8785
from starlette.responses import Response

PROBLEM_JSON = "application/problem+json"


class Problem(Exception):
    """An answer that is an error; `more` are further members, `headers` further headers."""

    def __init__(self, status: int, detail: str, *, retry_after: int | None = None, **more: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.more = more
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}


def problem_response(problem: Problem) -> Response:
    """The answer for a problem."""
    body: dict[str, Any] = {
        **problem.more,
        "type": "about:blank",
        "title": title_of(problem.status),
        "status": problem.status,
        "detail": problem.detail,
    }
    return Response(rfc8785.dumps(body), problem.status, problem.headers, PROBLEM_JSON)


def title_of(status: int) -> str:
    """The registered phrase of a status code."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
