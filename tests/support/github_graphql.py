"""The questions that ``gh release`` puts to GitHub's other API, GraphQL, and what the stand-in answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from github_messages import ok

if TYPE_CHECKING:
    from collections.abc import Mapping

    from github_messages import Answer, Request
    from github_objects import Json
    from github_repository import Repository


def answer(repositories: Mapping[str, Repository], request: Request) -> Answer:
    """What is answered to a query that is known by its name; an error of GraphQL's to others."""
    asked, variables = request.body["query"], request.body.get("variables", {})
    if "Release_fields" in asked:
        return ok({"data": {"Release": {"fields": [{"name": "isLatest"}]}}})
    repository = repositories.get(f"{variables.get('owner')}/{variables.get('name')}")
    if repository is None:
        return ok({"errors": [{"type": "NOT_FOUND", "message": "Could not resolve to a Repository"}]})
    seen = [it for it in repository.releases if request.trusted or not it["draft"]]
    if "RepositoryReleaseByTag" in asked:
        found = [it for it in seen if it["tag_name"] == variables["tagName"]]
        return _of({"release": _identity(found[0]) if found else None})
    if "RepositoryReleaseList" in asked:
        page = {"hasNextPage": False, "endCursor": None}
        return _of({"releases": {"nodes": [_listed(it) for it in seen], "pageInfo": page}})
    return ok({"errors": [{"type": "UNKNOWN", "message": f"the stand-in does not know {asked[:60]}"}]})


def _of(found: Any) -> Answer:
    return ok({"data": {"repository": found}})


def _identity(release: Json) -> Json:
    return {"databaseId": release["id"], "isDraft": release["draft"]}


def _listed(release: Json) -> Json:
    return {
        "name": release["name"],
        "tagName": release["tag_name"],
        "isDraft": release["draft"],
        "isLatest": False,
        "isPrerelease": release["prerelease"],
        "createdAt": release["created_at"],
        "publishedAt": release["published_at"],
    }
