"""The stand-in for GitHub held against what GitHub said once: the traffic in npm's @octokit/fixtures."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import npm
from github_server import TOKEN, GitHubServer

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "@octokit/fixtures@23.1.2"
FOLDER = "scenarios/api.github.com"
# It was recorded in 2022; identifiers, addresses and times were normalized since. All else must be the same.
SAME = (
    "name",
    "label",
    "state",
    "size",
    "content_type",
    "draft",
    "prerelease",
    "tag_name",
    "message",
    "errors",
)
# A number of the answer for people who ask GitHub why.
NOT_OURS = {"request_id"}


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return npm.fetch(PACKAGE, tmp_path_factory.mktemp("fixtures"))


class Replay:
    """Sends what was recorded to the stand-in; numbers that GitHub gave are those that the stand-in gives."""

    def __init__(self, server: GitHubServer, recorded: list[dict[str, Any]]) -> None:
        self.server = server
        self.recorded = recorded
        name = "/".join(recorded[0]["path"].split("/")[2:4])
        release = server.repository(name).release("v1.0.0")
        release |= {"name": "Version 1.0.0", "body": "Initial release"}
        self.uploads = release["upload_url"].partition("/repos/")[0]
        self.release = release

    def send(self, it: dict[str, Any]) -> httpx.Response:
        path = it["path"].replace("/releases/1000", f"/releases/{self.release['id']}")
        for asset in self.release["assets"]:
            path = path.replace("/assets/1000", f"/assets/{asset['id']}")
        base = self.uploads if "uploads." in it["scope"] else self.server.url
        headers = {
            name: str(value) for name, value in it["reqheaders"].items() if name in ("accept", "content-type")
        }
        headers["authorization"] = f"token {TOKEN}"
        body = it["body"] if isinstance(it["body"], str) else json.dumps(it["body"])
        headers |= {"content-type": "application/json"} if isinstance(it["body"], dict) else {}
        return httpx.request(it["method"].upper(), base + path, content=body.encode(), headers=headers)


@pytest.mark.parametrize(
    ("scenario", "statuses"),
    [
        ("release-assets", [200, 201, 200, 200, 200, 204]),
        ("release-assets-conflict", [200, 422, 200, 204, 201]),
    ],
)
def test_what_github_said_is_what_the_stand_in_says(
    archive: Path, scenario: str, statuses: list[int]
) -> None:
    recorded = json.load(npm.member(archive, f"{FOLDER}/{scenario}/normalized-fixture.json"))
    assert [it["status"] for it in recorded] == statuses
    with GitHubServer() as server:
        replay = Replay(server, recorded)
        for it in recorded:
            if it["status"] == HTTPStatus.UNPROCESSABLE_ENTITY:
                # The upload that this one meets was not recorded.
                assert replay.send(it).is_success
            answer = replay.send(it)
            assert answer.status_code == it["status"], it["path"]
            if answer.content:
                compare(it["response"], answer.json(), it["path"])
            else:
                assert it["response"] == ""


def compare(recorded: Any, said: Any, where: str) -> None:
    """All that GitHub said is said, in the same types; the same where it is no identifier, place or time."""
    assert type(said) is type(recorded), where
    if isinstance(recorded, list):
        assert len(said) == len(recorded), where
        for one, other in zip(recorded, said, strict=True):
            compare(one, other, where)
    if isinstance(recorded, dict):
        assert recorded.keys() - NOT_OURS <= said.keys(), where
        for key in recorded.keys() - NOT_OURS:
            if key in SAME:
                assert said[key] == recorded[key], f"{where}: {key}"
            compare(recorded[key], said[key], f"{where}: {key}")
        if str(recorded.get("upload_url", "")).startswith("https"):
            assert str(said["upload_url"]).endswith("{?name,label}")
