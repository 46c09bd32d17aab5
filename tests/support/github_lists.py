"""How the stand-in for GitHub answers with lists and with single things."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from github_messages import Answer, error, not_found, ok

if TYPE_CHECKING:
    from collections.abc import Callable

    from github_messages import Request
    from github_objects import Json
    from github_repository import Repository

_PAGE = 30
_LARGEST_PAGE = 100


def one(known: list[Json], key: str, number: str, work: Callable[[Json], Answer]) -> Answer:
    found = [it for it in known if it[key] == int(number)]
    return work(found[0]) if found else not_found()


def invalid(resource: str, field: str, code: str = "missing_field") -> Answer:
    wrong = {"resource": resource, "code": code, "field": field}
    return error(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", wrong)


def page(it: Repository, request: Request, items: list[Any]) -> Answer:
    """The page of a list that was asked for, with links to the others, which have the repository's number."""
    size = min(int(request.query.get("per_page", _PAGE)), _LARGEST_PAGE)
    number = int(request.query.get("page", 1))
    last = max(1, -(-len(items) // size))
    wanted = {"next": number + 1, "last": last} if number < last else {}
    wanted |= {"prev": number - 1, "first": 1} if number > 1 else {}
    links = [f'<{_link(it, request, other)}>; rel="{rel}"' for rel, other in wanted.items()]
    headers = {"link": ", ".join(links)} if links else {}
    return ok(items[(number - 1) * size : number * size], headers=headers)


def _link(it: Repository, request: Request, number: int) -> str:
    query = "&".join(f"{key}={value}" for key, value in (request.query | {"page": str(number)}).items())
    return f"{it.api}/repositories/{it.number}/{request.below}?{query}"
