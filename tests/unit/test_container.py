"""Sessions in containers, with stand-in engines that note what they are asked."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import pytest

from mlir_release import container, options
from mlir_release.errors import ToolFailed, UserError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.conftest import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="--container is refused there")

# An engine. Programs in its containers: the script that makes an environment (sh), and nox.
_ENGINE = """\
printf '%s|' "$@" >> {calls}; echo >> {calls}
case "$1" in
  info) {info};;
  image) {inspect};;
  pull) {pull};;
  run) case "$*" in *" sh -c "*) {make};; *) {session};; esac;;
esac"""
PYPROJECT = '[dependency-groups]\nautomation = ["nox>=2026", "cmake; sys_platform == \'linux\'"]\n'


class Site:
    """A project, and an engine of the machine."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self.root = folder / "project"
        self.cache = folder / "cache"
        self.root.mkdir()
        (self.root / "pyproject.toml").write_text(PYPROJECT)

    def engine(self, name: str = "podman", **answers: str) -> None:
        usual = {"info": "exit 0", "inspect": "echo sha256:1234", "pull": "exit 1"}
        usual |= {"make": "exit 0", "session": "echo hello"}
        self.machine.program(name, _ENGINE.format(calls=self.machine.state / name, **(usual | answers)))

    def rerun(self, *words: str, session: str = "lit") -> None:
        said = ["--container", "image", "--cache", str(self.cache), *words]
        container.rerun(session, said, options.parse(said, self.root), self.root)

    def refusal(self, *words: str, session: str = "lit") -> str:
        with pytest.raises(UserError) as caught:
            self.rerun(*words, session=session)
        return str(caught.value)

    def calls(self, command: str, engine: str = "podman") -> list[list[str]]:
        lines = (self.machine.state / engine).read_text().splitlines()
        calls = [line.removesuffix("|").split("|") for line in lines]
        return [words for words in calls if words[0] == command]

    def session(self) -> list[str]:
        """The command line of the last container, which is a session's."""
        return self.calls("run")[-1]


@pytest.fixture
def site(machine: Machine, tmp_path: Path) -> Site:
    return Site(machine, tmp_path)


def mounts(words: list[str]) -> dict[str, bool]:
    """What a container sees, each under its own path; whether it can write there."""
    found = {}
    for word in words:
        if word.startswith("type=bind"):
            entry = re.fullmatch(r"type=bind,source=(.*),target=(.*?)(,readonly)?", word)
            assert entry
            assert entry[1] == entry[2]
            found[entry[1]] = entry[3] is None
    return found


def test_the_same_session_with_the_same_options(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.engine()
    site.rerun("--assertions", "--targets", "X86;AArch64")
    words = site.session()
    at = words.index("sha256:1234")
    (key,) = (path for path in (site.cache / "container").iterdir() if path.name != "home")
    assert words[at + 1 : at + 5] == [f"{key}/bin/python", "-m", "nox", "-f"]
    assert words[at + 5 : at + 9] == [f"{site.root}/noxfile.py", "-s", "lit", "--"]
    said = options.parse(words[at + 9 :], site.root)
    assert said == options.parse(
        ["--assertions", "--targets=X86;AArch64", f"--cache={site.cache}"], site.root
    )
    assert "\nhello\n" in capsys.readouterr().out


def test_it_sees_the_project_the_store_and_what_is_named(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.engine()
    for variable in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    for name in ("checkout", "prefix", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "link").symlink_to("checkout")
    site.rerun("--llvm-project", str(tmp_path / "link"), "--sdk", str(tmp_path / "prefix"))
    assert mounts(site.session()) == {
        str(site.root): False,
        str(tmp_path / "checkout"): False,
        str(tmp_path / "prefix"): False,
        str(site.cache): True,
        str(site.root / "wheelhouse"): True,
    }
    assert (site.root / "wheelhouse").is_dir()
    assert f"--llvm-project={tmp_path / 'checkout'}" in site.session()


def test_it_is_who_calls(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.engine()
    for uid in (0, 1000):
        monkeypatch.setattr(os, "getuid", lambda uid=uid: uid)
        site.rerun()
        words = site.session()
        assert words[words.index("--user") + 1] == f"{uid}:{os.getgid()}"
        # Podman without root would make the user another one.
        assert ("keep-id" in words) == (uid != 0)


def test_environment_that_is_passed_on(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.engine()
    (tmp_path / "summary").touch()
    given = {
        "CC": "gcc",
        "GITHUB_ACTIONS": "true",
        "HTTPS_PROXY": "http://user:secret@proxy",
        "MY_TOKEN": "x",
    }
    (tmp_path / "authorities").touch()
    given["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary")
    given["PIP_CERT"] = str(tmp_path / "authorities")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    site.rerun()
    words = site.session()
    assert {f"--env={name}" for name in given if name != "MY_TOKEN"} <= set(words)
    assert "secret" not in " ".join(words)
    assert "MY_TOKEN" not in " ".join(words)
    assert mounts(words)[str(tmp_path / "summary")]
    assert not mounts(words)[str(tmp_path / "authorities")]
    assert f"--env=HOME={site.cache / 'container' / 'home'}" in words


def test_nox_is_installed_once(site: Site) -> None:
    site.engine()
    site.rerun()
    assert site.calls("run")[0][-2:] == ["nox>=2026", "cmake; sys_platform == 'linux'"]
    site.rerun()
    assert len(site.calls("run")) == 3
    site.engine(inspect="echo sha256:5678")
    site.rerun()
    assert len(site.calls("run")) == 5


def test_nox_that_was_not_installed_to_its_end_is_installed_anew(site: Site) -> None:
    site.engine(make="echo no space; exit 1")
    with pytest.raises(ToolFailed, match="no space"):
        site.rerun()
    site.engine()
    site.rerun()
    assert len(site.calls("run")) == 3


class TestEngines:
    def test_docker_comes_first(self, site: Site) -> None:
        site.engine("docker")
        site.engine("podman")
        site.rerun()
        assert len(site.calls("run", "docker")) == 2
        assert not (site.machine.state / "podman").exists()

    def test_podman_when_docker_does_not_run(self, site: Site) -> None:
        site.engine("docker", info="exit 1")
        site.engine("podman")
        site.rerun()
        assert site.calls("run")

    def test_none_that_runs(self, site: Site) -> None:
        site.engine("docker", info="echo Cannot connect to the Docker daemon.; exit 1")
        assert site.refusal() == (
            "--container: docker does not work (Cannot connect to the Docker daemon.);"
            " start its service, or mend its configuration"
        )

    def test_none_at_all(self, site: Site) -> None:
        assert site.refusal() == (
            "--container needs docker or podman, and neither is on PATH: install one,"
            " or build with --sysroot DIR (docs/manylinux.md)"
        )


class TestImages:
    absent = '[ -e "$0.pulled" ] && echo sha256:1234 || exit 1'

    def test_it_is_fetched(self, site: Site) -> None:
        site.engine(inspect=self.absent, pull='echo > "$0.pulled"')
        site.rerun()
        assert site.calls("pull") == [["pull", "image"]]

    def test_it_is_not_to_be_had(self, site: Site) -> None:
        site.engine(inspect=self.absent, pull="echo Error: manifest unknown; exit 125")
        line = site.refusal()
        assert line.startswith(
            "the image image is not on this machine and cannot be fetched (Error: manifest unknown); name"
            " another with --container IMAGE, or bring it with podman load; the whole log is "
        )

    def test_the_default_is_pinned(self, site: Site) -> None:
        site.engine()
        said = ["--container", "--cache", str(site.cache)]
        container.rerun("lit", said, options.parse(said, site.root), site.root)
        (question,) = site.calls("image")
        assert re.search(r"/manylinux_2_28_\w+@sha256:[0-9a-f]{64}$", question[-1])
        assert question[-1] == container.image_for("")

    def test_a_policy_names_its_image(self, site: Site) -> None:
        site.engine()
        said = ["--container", "musllinux_1_2", "--cache", str(site.cache)]
        container.rerun("lit", said, options.parse(said, site.root), site.root)
        (question,) = site.calls("image")
        assert re.search(r"/musllinux_1_2_\w+@sha256:[0-9a-f]{64}$", question[-1])

    def test_it_has_no_python(self, site: Site) -> None:
        site.engine(make="echo no Python 3.11 or newer; exit 77")
        assert site.refusal() == "image does not serve (no Python 3.11 or newer); take one of manylinux's"


class TestEnd:
    def test_a_mistake_is_said_again(self, site: Site) -> None:
        site.engine(
            session="echo 'nox > Session lit aborted: no such prefix; mend it (took 2 seconds).'; exit 2"
        )
        assert site.refusal() == "no such prefix; mend it"

    def test_a_failure(self, site: Site) -> None:
        site.engine(session="echo 'nox > Session lit aborted: ninja failed'; exit 1")
        with pytest.raises(container.ContainerFailed, match="inside image with status 1; it says why above"):
            site.rerun()

    def test_the_engine_failed(self, site: Site) -> None:
        site.engine(session="echo Error: crun: no such thing; exit 125")
        assert site.refusal() == (
            "image could not be started (Error: crun: no such thing); name another image"
        )


@pytest.mark.parametrize(
    ("session", "words", "complaint"),
    [
        ("lit", ["--sysroot", "/"], "--sysroot and --container are two ways to one end"),
        ("bench", [], "bench writes into this checkout"),
    ],
)
def test_what_no_container_can_do(site: Site, session: str, words: list[str], complaint: str) -> None:
    site.engine()
    assert site.refusal(*words, session=session).startswith(complaint)
    assert not (site.machine.state / "podman").exists()
