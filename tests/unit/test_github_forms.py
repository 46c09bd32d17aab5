"""What is read without asking anybody: remotes' URLs, headers of rate limits, errors of any form."""

from __future__ import annotations

import datetime as dt
import string

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlir_release.github import GitHubError, slug
from mlir_release.github.answers import Answer, asked_wait

NOW = dt.datetime(2026, 11, 23, 4, 0, 0, tzinfo=dt.UTC)
EPOCH = int(NOW.timestamp())
LETTERS = string.ascii_letters + string.digits

owners = st.text(LETTERS + "-", min_size=1, max_size=39).filter(lambda it: it[0] != "-")
names = st.text(LETTERS + "-_.", min_size=1, max_size=40).filter(
    lambda it: it not in (".", "..") and not it.endswith(".git")
)
forms = st.sampled_from(
    [
        "https://github.com/{}",
        "https://github.com/{}.git",
        "https://github.com/{}/",
        "https://user:secret@github.com/{}.git",
        "https://GitHub.com:443/{}",
        "http://www.github.com/{}",
        "git://github.com/{}.git",
        "git@github.com:{}.git",
        "git@github.com:/{}",
        "github.com:{}",
        "ssh://git@github.com/{}.git",
        "ssh://git@ssh.github.com:443/{}.git",
        "git+ssh://git@github.com/{}",
    ]
)


@given(form=forms, owner=owners, name=names)
def test_every_form_of_a_remote(form: str, owner: str, name: str) -> None:
    assert slug(form.format(f"{owner}/{name}")) == f"{owner}/{name}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/git/llvm/llvm-project.git",
        "../llvm-project",
        "file:///srv/llvm/llvm-project.git",
        "file://github.com/llvm/llvm-project",
        "C:/llvm/llvm-project",
        "https://gitlab.com/llvm/llvm-project",
        "https://github.com.example.org/llvm/llvm-project",
        "https://example.org/github.com/llvm/llvm-project",
        "git@example.org:llvm/llvm-project.git",
        "https://github.com/llvm",
        "https://github.com/",
        "https://github.com/llvm/llvm-project/tree/main",
        "https://github.com/llvm/..",
        "https://github.com/-llvm/x",
        "https://[github.com/llvm/x",
        "git@github.com:llvm/llvm-project\nx",
    ],
)
def test_what_is_not_on_github(url: str) -> None:
    assert slug(url) is None


@given(st.text())
def test_any_text_is_a_remote_or_none(url: str) -> None:
    found = slug(url)
    assert found is None or found in url


def test_an_enterprise_server(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "git@git.example.org:llvm/llvm-project.git"
    assert slug(url) is None
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.example.org")
    assert slug(url) == "llvm/llvm-project"
    assert slug("https://github.com/a/b") == "a/b"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "30"}, 30),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "30", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 900)}, 30),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH + 90)}, 91),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(EPOCH - 90)}, 1),
        ({"x-ratelimit-remaining": "12", "x-ratelimit-reset": str(EPOCH + 90)}, 60),
        ({"x-ratelimit-remaining": "0"}, 60),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, 60),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "²"}, 60),
        ({}, 60),
    ],
)
def test_how_long_a_rate_limit_lasts(headers: dict[str, str], seconds: float) -> None:
    plain = httpx.Headers([(name.encode(), value.encode()) for name, value in headers.items()])
    assert asked_wait(plain, NOW) == seconds


def test_the_wait_is_told_by_githubs_clock() -> None:
    # Ours may be wrong by hours.
    headers = httpx.Headers(
        {
            "date": "Mon, 23 Nov 2026 04:00:00 GMT",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(EPOCH + 90),
        }
    )
    for wrong in (-7200, 7200):
        assert asked_wait(headers, NOW + dt.timedelta(seconds=wrong)) == 91


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["message", "errors", "field", "code"]), inner, max_size=3)
    ),
)


@given(
    status=st.integers(300, 599),
    body=st.binary(max_size=60) | json_values.map(lambda it: repr(it).encode()) | st.just(b"9" * 5000),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "x-ratelimit-reset", "date"]),
        st.text(LETTERS + " ,:.-", max_size=12),
    ),
)
def test_any_error_is_one_line(status: int, body: bytes, headers: dict[str, str]) -> None:
    answer = Answer(to="GET x", status=status, headers=httpx.Headers(headers), body=body)
    with pytest.raises(GitHubError) as caught:
        answer.checked()
    assert len(str(caught.value).splitlines()) <= 1
    assert len(str(caught.value)) < 500


@given(json_values)
def test_any_json_is_an_errors_message(content: object) -> None:
    import json

    answer = Answer(to="GET x", status=422, headers=httpx.Headers(), body=json.dumps(content).encode())
    with pytest.raises(GitHubError):
        answer.checked()
