"""The source tree from a git server: a real one, on this disk."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from llvm_tree import NOWHERE, ORIG, Server, World
from mlir_release.pin import Pin

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's whose ``config`` git obeys, with attributes and a hook that change files."""
    for name in ("attributes", "git/attributes", "info/attributes"):
        file = tmp_path / "home" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("* text eol=crlf\n")
    hook = tmp_path / "home/hooks/post-checkout"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho changed > mlir/CMakeLists.txt\n")
    hook.chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "home/config"))
    return tmp_path / "home"


class TestGit:
    def test_exactly_the_commit_and_the_parts(self, world: World, server: Server) -> None:
        tree = world.obtain(server.pin, remote=server.url)
        assert (tree.origin, tree.commit, tree.version) == ("git", server.pin.commit, "22.1.8")
        assert tree.patches == ()
        world.assert_whole(tree)

    def test_patched_and_reused(
        self, world: World, server: Server, capsys: pytest.CaptureFixture[str]
    ) -> None:
        plain = world.obtain(server.pin, remote=server.url)
        world.patch()
        tree = world.obtain(server.pin, remote=server.url)
        world.assert_whole(tree, patched=True)
        assert tree.key != plain.key
        assert [patch.name for patch in tree.patches] == ["0001-test.patch"]
        capsys.readouterr()
        # Nothing is asked of the server again.
        assert world.obtain(server.pin, remote=NOWHERE) == tree
        assert "reused" in capsys.readouterr().out

    def test_a_bare_pin_learns_its_version_from_the_tree(self, world: World, server: Server) -> None:
        world.patch(applies=">=23")
        tree = world.obtain(Pin(commit=server.pin.commit), remote=server.url)
        assert (tree.version, tree.patches) == ("22.1.8", ())
        world.assert_whole(tree)

    def test_a_version_that_differs_is_one_line(self, world: World, server: Server) -> None:
        pin = Pin(commit=server.pin.commit, version="22.1.7")
        message = world.one_line(pin, remote=server.url)
        assert "is LLVM 22.1.8, the pin says 22.1.7" in message
        assert not (world.store.root / "source").exists()

    def test_an_environment_made_for_a_git_hook_does_no_harm(
        self, world: World, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_DIR", "/nowhere")
        monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
        world.assert_whole(world.obtain(server.pin, remote=server.url))

    @pytest.mark.parametrize(
        "config",
        [
            "[core]\nattributesFile = {home}/attributes",
            "[core]\nhooksPath = {home}/hooks",
            "[init]\ntemplateDir = {home}",
            "[core]\nautocrlf = true",
        ],
    )
    def test_settings_of_the_user_change_nothing(
        self, world: World, server: Server, home: Path, config: str
    ) -> None:
        (home / "config").write_text(config.format(home=home))
        world.assert_whole(world.obtain(server.pin, remote=server.url))

    @pytest.mark.parametrize("name", ["XDG_CONFIG_HOME", "GIT_TEMPLATE_DIR"])
    def test_a_folder_of_the_user_changes_nothing(
        self, world: World, server: Server, home: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv(name, str(home))
        world.assert_whole(world.obtain(server.pin, remote=server.url))

    def test_the_users_way_to_the_server_is_taken(self, world: World, server: Server, home: Path) -> None:
        (home / "config").write_text(f'[url "{server.url}"]\ninsteadOf = {NOWHERE}\n')
        assert world.obtain(server.pin, remote=NOWHERE).origin == "git"

    def test_a_commit_that_is_not_there_goes_on_to_an_archive(
        self, world: World, server: Server, capsys: pytest.CaptureFixture[str]
    ) -> None:
        tree = world.obtain(world.packed(), remote=server.url)
        assert tree.origin == f"archive {ORIG}"
        assert "no git fetch: " in capsys.readouterr().out
        world.assert_whole(tree)

    def test_a_server_that_never_answers_is_given_up(
        self, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("mlir_release.git.program.ANSWER_SECONDS", 1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            start = time.monotonic()
            tree = world.obtain(world.packed(), remote=f"http://127.0.0.1:{silent.getsockname()[1]}/x.git")
        assert time.monotonic() - start < 15
        assert "no answer within 1 s" in capsys.readouterr().out
        assert tree.origin == f"archive {ORIG}"
