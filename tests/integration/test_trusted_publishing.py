"""To PyPI and TestPyPI, as twine and pip's API know them, by trusted publishing and by tokens."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import stamina

import child
from mlir_release.errors import UserError
from mlir_release.publishing import to_pypi
from mlir_release.publishing.place import Place
from public_index import IDENTITY, PublicIndex
from upload_servers import PROJECTS, small_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlir_release.publishing.manifest import Manifest

SETTINGS = ("TWINE_", "ACTIONS_ID_", "GITHUB_ACTIONS", "KEYRING")
KEYRING = """\
from keyring.backend import KeyringBackend


class Keyring(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        return "minted-0-secret" if username == "__token__" else None

    def set_password(self, service, username, password):
        raise NotImplementedError
"""
PUBLISH = """\
import sys
from pathlib import Path
from mlir_release.publishing import manifest, to_pypi
folder = Path(sys.argv[1])
to_pypi.publish(folder, manifest.read(folder / "manifest.json"), url=to_pypi.PYPI, new=sys.argv[2:])
"""


@pytest.fixture(params=[to_pypi.PYPI, to_pypi.TESTPYPI], ids=["pypi", "testpypi"])
def public(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PublicIndex]:
    """The index, the only host that can be reached; nobody is logged in."""
    for name in os.environ:
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with (
        PublicIndex(request.param, Place.at(request.param).index().url) as made,
        stamina.set_testing(True, attempts=3, cap=True),
    ):
        for name, value in made.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield made


@pytest.fixture
def job(public: PublicIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job of GitHub's whose workflow the index trusts."""
    for name, value in public.job().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def release(tmp_path: Path) -> tuple[Path, Manifest]:
    return small_set(tmp_path / "sets")


def publish(public: PublicIndex, release: tuple[Path, Manifest], *, quota: int = to_pypi.QUOTA) -> None:
    to_pypi.publish(*release, url=public.upload.geturl(), new=PROJECTS, quota=quota)


def refusal(public: PublicIndex, release: tuple[Path, Manifest]) -> str:
    with pytest.raises(UserError) as caught:
        publish(public, release)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert "secret" not in line
    return line


def assert_whole(public: PublicIndex, manifest: Manifest) -> None:
    assert {name: digest for name, (digest, _) in public.files.items()} == {
        file.name: file.sha256 for file in manifest.files
    }
    assert len(public.uploads) == len(manifest.files)


@pytest.mark.usefixtures("job")
def test_a_job_that_is_trusted(
    public: PublicIndex, release: tuple[Path, Manifest], capfd: pytest.CaptureFixture[str]
) -> None:
    # All tokens together live longer than one does, and the index shows late what it took.
    public.seconds, public.lag = 600.0, 2
    publish(public, release)
    assert_whole(public, release[1])
    assert public.clock == 6 * 600
    said = "".join(capfd.readouterr())
    assert "[6/6] is there" in said
    for secret in (*public.tokens, "request-token-of-the-job", IDENTITY):
        assert secret not in said
    # After that it only looks.
    tokens = len(public.tokens)
    publish(public, release)
    assert len(public.tokens) == tokens
    assert len(public.uploads) == 6


@pytest.mark.usefixtures("job")
def test_a_mint_that_has_trouble(public: PublicIndex, release: tuple[Path, Manifest]) -> None:
    public.faults = [503, 429]
    publish(public, release)
    assert_whole(public, release[1])


@pytest.mark.usefixtures("job")
def test_a_job_that_is_not_trusted(public: PublicIndex, release: tuple[Path, Manifest]) -> None:
    public.trusted = False
    line = refusal(public, release)
    assert "invalid-publisher" in line
    assert "let the index trust the workflow" in line
    assert not public.uploads


def test_a_job_without_the_permission(
    public: PublicIndex, release: tuple[Path, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "give the job `id-token: write`" in refusal(public, release)


def test_nobody(public: PublicIndex, release: tuple[Path, Manifest]) -> None:
    line = refusal(public, release)
    assert line.startswith(f"nobody is named who uploads to {public.upload.geturl()}; set TWINE_PASSWORD")
    assert not public.uploads


def test_a_token(
    public: PublicIndex,
    release: tuple[Path, Manifest],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TWINE_PASSWORD", "minted-0-secret")
    # It is of no use, and the index says it back.
    line = refusal(public, release)
    assert "403 Invalid or non-existent authentication information ***" in line
    public.tokens["minted-0-secret"] = 1.0
    publish(public, release)
    assert_whole(public, release[1])
    assert "secret" not in "".join(capfd.readouterr())


def test_a_token_in_the_keyring(public: PublicIndex, release: tuple[Path, Manifest], tmp_path: Path) -> None:
    (tmp_path / "ring.py").write_text(KEYRING)
    public.tokens["minted-0-secret"] = 1.0
    path = os.pathsep.join([str(child.AUTOMATION), str(tmp_path)])
    code = PUBLISH.replace("to_pypi.PYPI", repr(public.upload.geturl()))
    process = child.start(code, release[0], *PROJECTS, PYTHONPATH=path, PYTHON_KEYRING_BACKEND="ring.Keyring")
    said = process.communicate()[0]
    assert process.returncode == 0
    assert "secret" not in said
    assert_whole(public, release[1])


@pytest.mark.usefixtures("job")
def test_other_bytes_under_our_name(
    public: PublicIndex, release: tuple[Path, Manifest], tmp_path: Path
) -> None:
    publish(public, small_set(tmp_path / "other", says="somebody else"))
    public.seen.clear()
    assert refusal(public, release).count("has other bytes") == 4
    assert not [line for line in public.seen if line.startswith("POST")]


@pytest.mark.usefixtures("job")
def test_other_bytes_that_the_index_does_not_show_yet(
    public: PublicIndex, release: tuple[Path, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(to_pypi, "_GRACE", 0.1)
    public.files[release[1].files[0].name] = ("0" * 64, 7)
    public.hide(release[1].files[0].name, 1)
    # It shows when it was refused.
    assert "has other bytes (000000000000, and here" in refusal(public, release)
    assert not public.uploads


@pytest.mark.usefixtures("job")
def test_more_than_a_project_may_have(public: PublicIndex, release: tuple[Path, Manifest]) -> None:
    old = "mlir_sdk-22.1.7-py3-none-any.whl"
    public.files[old] = ("0" * 64, 10_000_000_000)
    line = refusal(public, release)
    assert "mlir-sdk would have 10.00 GB there, and may have 10.00; ask for more room" in line
    assert not public.uploads
    publish(public, release, quota=11_000_000_000)
    del public.files[old]
    assert_whole(public, release[1])


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("foreign", PROJECTS)
def test_a_project_of_somebody_else(
    public: PublicIndex, release: tuple[Path, Manifest], foreign: str
) -> None:
    public.forbidden = {foreign}
    line = refusal(public, release)
    assert f"{foreign} is not ours there: " in line
    assert "isn't allowed to upload to project" in line
    assert line.count("is not ours") == 1
    assert not public.uploads
    public.forbidden = set()
    publish(public, release)
    assert_whole(public, release[1])


@pytest.mark.usefixtures("job")
def test_a_name_that_cannot_be_had(
    public: PublicIndex, release: tuple[Path, Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    # With the status of a file that is refused.
    title = "400 The name 'mlir-sdk' is too similar to an existing project"
    answer = (400, "Refused", f"<title>{title}</title>")
    monkeypatch.setattr(public, "_take", lambda *_: answer)
    assert "mlir-sdk is not ours there" in refusal(public, release)


def test_snapshots_stay_away(public: PublicIndex, tmp_path: Path) -> None:
    line = refusal(public, small_set(tmp_path / "snapshot", "24.0.0.dev2026112301"))
    assert line.startswith("24.0.0.dev2026112301 is not a numbered release")
    assert not public.seen
