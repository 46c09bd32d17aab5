"""GitHub's objects as its REST API shows them: the JSON forms that the stand-in serves."""

from __future__ import annotations

import datetime as dt
from typing import Any

Json = dict[str, Any]

_USER_PARTS = (
    "events",
    "followers",
    "following",
    "gists",
    "organizations",
    "received_events",
    "repos",
    "starred",
    "subscriptions",
)
_REPOSITORY_PARTS = (
    "archive",
    "assignees",
    "blobs",
    "branches",
    "collaborators",
    "comments",
    "commits",
    "compare",
    "contents",
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "git_commits",
    "git_refs",
    "git_tags",
    "hooks",
    "issue_comment",
    "issue_events",
    "issues",
    "keys",
    "labels",
    "languages",
    "merges",
    "milestones",
    "notifications",
    "pulls",
    "releases",
    "stargazers",
    "statuses",
    "subscribers",
    "subscription",
    "tags",
    "teams",
    "trees",
)
_COUNTS = (
    "forks",
    "forks_count",
    "open_issues",
    "open_issues_count",
    "size",
    "stargazers_count",
    "watchers",
    "watchers_count",
    "network_count",
    "subscribers_count",
)
_SWITCHES = (
    "has_issues",
    "has_projects",
    "has_wiki",
    "has_pages",
    "has_discussions",
    "archived",
    "disabled",
)


def stamp(when: dt.datetime | None = None) -> str:
    """A time as GitHub writes it; now, if none is given."""
    moment = when or dt.datetime.now(dt.UTC)
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def node(kind: str, number: int) -> str:
    """An identifier of GitHub's other API."""
    return f"{kind}_{number:06d}"


def user(api: str, login: str) -> Json:
    url = f"{api}/users/{login}"
    return {
        "login": login,
        "id": 1,
        "node_id": node("U", 1),
        "avatar_url": f"{api}/avatars/{login}",
        "gravatar_id": "",
        "html_url": f"https://github.com/{login}",
        "url": url,
        "type": "User",
        "site_admin": False,
        **{f"{part}_url": f"{url}/{part}" for part in _USER_PARTS},
    }


def small_repository(api: str, name: str, number: int) -> Json:
    """A repository as other objects show it."""
    url = f"{api}/repos/{name}"
    owner, _, own_name = name.partition("/")
    return {
        "id": number,
        "node_id": node("R", number),
        "name": own_name,
        "full_name": name,
        "private": False,
        "owner": user(api, owner),
        "html_url": f"https://github.com/{name}",
        "description": None,
        "fork": False,
        "url": url,
        **{f"{part}_url": f"{url}/{part}" for part in _REPOSITORY_PARTS},
    }


def repository(api: str, name: str, number: int) -> Json:
    """A repository as it shows itself."""
    html = f"https://github.com/{name}"
    return {
        **small_repository(api, name, number),
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(_SWITCHES, False),
        **dict.fromkeys(("homepage", "language", "mirror_url", "license")),
        **dict.fromkeys(("created_at", "updated_at", "pushed_at"), stamp()),
        "default_branch": "main",
        "clone_url": f"{html}.git",
        "git_url": f"{html}.git",
        "ssh_url": f"git@github.com:{name}.git",
        "svn_url": html,
    }


def status(url: str, number: int, context: str, state: str) -> Json:
    """A commit's status; ``url`` is its repository's."""
    return {
        "id": number,
        "node_id": node("SC", number),
        "url": f"{url}/statuses/{number}",
        "avatar_url": None,
        "description": None,
        "target_url": None,
        "state": state,
        "context": context,
        "created_at": stamp(),
        "updated_at": stamp(),
    }


def check_run(url: str, number: int, sha: str, *, name: str, outcome: str, suite: int) -> Json:
    """A check run; ``outcome`` is its conclusion, or its status while it has none."""
    done = outcome not in ("queued", "in_progress", "waiting", "requested", "pending")
    output = {"title": None, "summary": None, "text": None, "annotations_count": 0}
    own = f"{url}/check-runs/{number}"
    return {
        "id": number,
        "node_id": node("CR", number),
        "head_sha": sha,
        "external_id": "",
        "name": name,
        "url": own,
        "html_url": own,
        "details_url": own,
        "status": "completed" if done else outcome,
        "conclusion": outcome if done else None,
        "started_at": stamp(),
        "completed_at": stamp() if done else None,
        "output": output | {"annotations_url": f"{own}/annotations"},
        "check_suite": {"id": suite},
        "app": None,
        "pull_requests": [],
    }


def label(url: str, number: int, name: str) -> Json:
    return {
        "id": number,
        "node_id": node("LA", number),
        "url": f"{url}/labels/{name}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


def issue(api: str, repository: str, number: int, title: str, body: str | None) -> Json:
    """An open issue with nothing attached."""
    url = f"{api}/repos/{repository}"
    own = f"{url}/issues/{number}"
    return {
        "id": 1000 + number,
        "node_id": node("I", number),
        "number": number,
        "title": title,
        "body": body,
        "state": "open",
        "state_reason": None,
        "locked": False,
        "labels": [],
        "user": user(api, "somebody"),
        "assignee": None,
        "milestone": None,
        "comments": 0,
        "closed_at": None,
        "created_at": stamp(),
        "updated_at": stamp(),
        "url": own,
        "html_url": f"https://github.com/{repository}/issues/{number}",
        "repository_url": url,
        "labels_url": f"{own}/labels{{/name}}",
        "comments_url": f"{own}/comments",
        "events_url": f"{own}/events",
    }


def comment(api: str, repository: str, issue: int, number: int, body: str) -> Json:
    url = f"{api}/repos/{repository}"
    return {
        "id": number,
        "node_id": node("IC", number),
        "url": f"{url}/issues/comments/{number}",
        "html_url": f"https://github.com/{repository}/issues/{issue}#issuecomment-{number}",
        "issue_url": f"{url}/issues/{issue}",
        "user": user(api, "somebody"),
        "body": body,
        "created_at": stamp(),
        "updated_at": stamp(),
    }
