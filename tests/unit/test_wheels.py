"""cibuildwheel's identifiers held against the targets, and what a session and its steps tell each other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlir_release import distributions, targets
from mlir_release.container_site import Site
from mlir_release.engine import Engine
from mlir_release.errors import ToolFailed, UserError
from mlir_release.sdk.wheel_file import newest_platform
from mlir_release.series import SERIES, abis
from mlir_release.store import Store
from mlir_release.targets import TARGETS, Tier
from mlir_release.wheels import handover, identifiers, places, session, steps

ROOT = Path(__file__).parents[2]
BY_NAME = {it.name: it for it in TARGETS}
EVERY = abis(SERIES, stable=False)
LINUX = BY_NAME["linux-x86_64"]
PLATFORMS = {"manylinux": "linux", "macosx": "macos", "win": "windows"}


def asked(*words: str) -> list[str]:
    """What cibuildwheel itself would build, with the configuration of the bindings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CIBW_")}
    command = [sys.executable, "-m", "cibuildwheel", "packaging/mlir-python-bindings", *words]
    done = subprocess.run(
        [*command, "--print-build-identifiers"], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("family", PLATFORMS)
def test_a_plain_cibuildwheel_builds_what_a_release_must_have(family: str) -> None:
    required = [it for it in TARGETS if it.family == family and it.tier is Tier.REQUIRED]
    assert required
    built = asked("--platform", PLATFORMS[family], "--archs", "all")
    assert sorted(built) == sorted(name for it in required for name in identifiers.of(it, EVERY))


def test_every_identifier_is_one_of_cibuildwheels() -> None:
    from cibuildwheel.util.resources import read_all_configs

    theirs = {config["identifier"] for configs in read_all_configs().values() for config in configs}
    for target in TARGETS:
        assert set(identifiers.of(target, EVERY)) <= theirs
        # One that it has again, or for the first time, is not left to a machine that happens to have it.
        others = {f"{it.tag}-{target.build_suffix}" for it in SERIES if not it.cibuildwheel}
        assert not others & theirs


class TestSelect:
    def test_all_of_this_machines_target(self) -> None:
        found = identifiers.select(None, LINUX, EVERY)
        assert found.target is LINUX
        assert found.identifiers == identifiers.of(LINUX, EVERY)
        assert "cp39-manylinux_x86_64" in found.identifiers
        assert "cp314t-manylinux_x86_64" in found.identifiers
        assert "cp313t-manylinux_x86_64" not in found.identifiers

    def test_some(self) -> None:
        names = ("cp39-manylinux_x86_64", "cp313-manylinux_x86_64")
        found = identifiers.select(",".join((*names, names[0])), LINUX, EVERY)
        assert found.identifiers == names

    def test_containers_have_the_other_c_library_too(self) -> None:
        found = identifiers.select("cp312-musllinux_x86_64", LINUX, EVERY)
        assert found.target is BY_NAME["musllinux-x86_64"]

    @pytest.mark.parametrize("only", ["cp27-manylinux_x86_64", "cp311-manylinux_aarch64", "cp311", ""])
    def test_one_that_is_not_built_here(self, only: str) -> None:
        with pytest.raises(UserError) as caught:
            identifiers.select(only, LINUX, EVERY)
        assert str(caught.value).startswith(
            f"--only {only!r} is no wheel of this machine; there are cp39-many"
        )
        assert "cp314t-musllinux_x86_64" in str(caught.value)
        assert "macosx" not in str(caught.value)

    def test_of_two_images(self) -> None:
        with pytest.raises(
            UserError, match="is of linux-x86_64 and musllinux-x86_64, which take an image each"
        ):
            identifiers.select("cp39-manylinux_x86_64,cp39-musllinux_x86_64", LINUX, EVERY)


def test_macos_deployment_target_is_that_of_the_targets() -> None:
    import tomllib

    text = (ROOT / "packaging/mlir-python-bindings/pyproject.toml").read_text()
    settings = tomllib.loads(text)["tool"]["cibuildwheel"]["macos"]["environment"]
    assert settings["MACOSX_DEPLOYMENT_TARGET"] == ".".join(map(str, targets.MACOS))


def test_cibuildwheel_reads_what_containers_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cibuildwheel.oci_container import OCIContainerEngineConfig

    root = tmp_path / "a folder; of mine"
    root.mkdir()
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy")
    site = Site(
        engine=Engine("podman"),
        image="image:1@sha256:12",
        identity="sha256:34",
        root=root,
        store=Store.open(tmp_path / "store"),
        wheelhouse=tmp_path / "wheelhouse",
        visible=(),
    )
    told = places.Inside(site=site, python=Path("python"), label="a=b").settings(LINUX)
    assert told.pop("CIBW_MANYLINUX_X86_64_IMAGE") == "image:1@sha256:12"
    (text,) = told.values()
    read = OCIContainerEngineConfig.from_config_string(text)
    assert (read.name, read.disable_host_mount) == ("podman", True)
    assert list(read.create_args) == ["--label", "a=b", *site.options(), f"--env={handover.VARIABLE}"]
    assert f"type=bind,source={root},target={root},readonly" in read.create_args
    assert "secret" not in text


def test_each_distribution_has_a_project_of_its_own(tmp_path: Path) -> None:
    packaging = tmp_path / "packaging"
    for name in ("one", "two", "automation"):
        (packaging / name).mkdir(parents=True)
        table = '[tool.mlir-release]\nmade-per = "interpreter"\n'
        text = f'build-system.requires = []\n[project]\nname = "{name}"\n{table}'
        (packaging / name / "pyproject.toml").write_text(text)
    one, two = (it for it in distributions.read_all(packaging) if it.name != "automation")
    first, second = (session.copy_project(it, tmp_path / "run") for it in (one, two))
    (first / "packaging" / ".cibuildwheel").mkdir()
    assert sorted(it.name for it in (second / "packaging").iterdir()) == ["one", "two"]
    assert (second / "packaging/two/pyproject.toml").is_file()


class TestHandover:
    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        run = handover.Run(python="python", root="/x", options=("--sdk", "a b"), version="1.0")
        monkeypatch.setenv(handover.VARIABLE, str(run.write(tmp_path)))
        return tmp_path

    @pytest.mark.usefixtures("folder")
    def test_steps_are_told_what_the_session_was(self) -> None:
        assert handover.options_told() == (["--sdk", "a b"], "1.0")

    def test_without_a_session_the_environment_says_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(handover.VARIABLE, raising=False)
        monkeypatch.setenv("MLIR_RELEASE_OPTIONS", "--sdk 'a b.whl' --assertions")
        assert handover.options_told() == (["--sdk", "a b.whl", "--assertions"], None)
        monkeypatch.setenv("MLIR_RELEASE_OPTIONS", "--sdk 'a")
        with pytest.raises(UserError, match=r"cannot be read .*; quote it as for a shell"):
            handover.options_told()

    def test_a_mistake_comes_back_as_one(self, folder: Path) -> None:
        handover.raise_reported(folder)
        handover.report(UserError("no such wheel; name another"))
        with pytest.raises(UserError, match=r"^no such wheel; name another$"):
            handover.raise_reported(folder)

    def test_a_failure_comes_back_whole(self, folder: Path) -> None:
        error = ToolFailed(["ninja"], 1, folder / "log", ["error: a", "error: b"])
        handover.report(error)
        with pytest.raises(handover.StepFailed) as caught:
            handover.raise_reported(folder)
        assert str(caught.value) == str(error)

    def test_without_a_session_nothing_is_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(handover.VARIABLE, raising=False)
        monkeypatch.chdir(tmp_path)
        handover.report(UserError("x"))
        assert not list(tmp_path.iterdir())


class TestSdkOfAPlainCibuildwheel:
    @pytest.fixture(autouse=True)
    def plain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in (handover.VARIABLE, "MLIR_RELEASE_OPTIONS"):
            monkeypatch.delenv(name, raising=False)

    def make(self, root: Path) -> steps.Steps:
        return steps.make(root, "mlir-python-bindings", Path(sys.executable), root / "folder")

    def test_the_one_in_the_wheelhouse(self, tmp_path: Path) -> None:
        wheel = tmp_path / "wheelhouse" / f"mlir_sdk-1.0-py3-none-{newest_platform()}.whl"
        wheel.parent.mkdir()
        wheel.touch()
        (wheel.parent / "mlir_sdk-1.0-py3-none-of_another_system.whl").touch()
        assert self.make(tmp_path).options.sdk == str(wheel)

    def test_none_or_two(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="has no wheel of mlir-sdk: put one there, or name one in"):
            self.make(tmp_path)
        (tmp_path / "wheelhouse").mkdir()
        for version in ("1.0", "2.0"):
            (tmp_path / "wheelhouse" / f"mlir_sdk-{version}-py3-none-{newest_platform()}.whl").touch()
        with pytest.raises(UserError, match="has 2 wheels of mlir-sdk"):
            self.make(tmp_path)

    def test_one_that_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLIR_RELEASE_OPTIONS", "--sdk /elsewhere/mlir_sdk-1.0.whl")
        assert self.make(tmp_path).options.sdk == "/elsewhere/mlir_sdk-1.0.whl"
