"""`nox -s wheels` and `nox -s sdk` in containers: the real bindings for one Python, LLVM's real source.

What they are built against is Debian's MLIR, packaged as `nox -s sdk` does. The local store keeps that from
one run to the next; without it, making the wheel of mlir-tools takes minutes.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import manylinux
from child import wait_until
from llvm_tree import git
from mlir_release import apt, distributions, interpreters, lines, options, pin, provenance, targets
from mlir_release.publishing import record
from mlir_release.run import run
from mlir_release.series import SERIES, Tier
from mlir_release.store import Store, file_sha256
from mlir_release.workflow import Workflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlir_release.engine import Engine
    from mlir_release.interpreters import Interpreter

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux has containers of its own"),
    pytest.mark.skipif(not apt.present(), reason="without apt, there is nothing to make an image of"),
    pytest.mark.timeout(3600),
]

ROOT = Path(__file__).parents[2]
COPIED = (
    *("noxfile.py", "pyproject.toml", "llvm-project.version", "packaging", "patches"),
    *("tests/expected-failures.toml", "tests/wheels", "tests/wheels-common"),
)
RELEASE = "llvm-22.1.8.01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wheels")


@pytest.fixture(scope="module")
def containers(folder: Path) -> Iterator[Engine]:
    with manylinux.engine_of_this_machine(folder) as found:
        yield found


@pytest.fixture(scope="module")
def pythons() -> tuple[Interpreter, Interpreter]:
    """The oldest and the newest that wheels are built for, each in a folder that can be copied."""
    known = [it.name for it in SERIES if it.cibuildwheel and it.tier is Tier.REQUIRED]
    found = [it for it in interpreters.find_all().values() if it and it.series in known]
    alone = [it for it in found if it.path.resolve().parents[1] != Path("/usr")]
    if len(alone) < 2:
        pytest.skip("an image takes two Pythons of this machine, each in a folder of its own, as pyenv has")
    return alone[0], alone[-1]


@pytest.fixture(scope="module")
def image(containers: Engine, pythons: tuple[Interpreter, Interpreter], folder: Path) -> Iterator[str]:
    name = f"localhost/mlir-py-release-wheels-{os.getpid()}"
    (folder / "image").mkdir()
    manylinux.make_image(containers, name, pythons, folder / "image")
    yield name
    run([containers.name, "rmi", "--force", name], quiet=True)


@pytest.fixture(scope="module")
def sdk(folder: Path) -> Path:
    """The wheel of Debian's MLIR, with those that go with it beside it."""
    words = ["--sdk", "system", "--wheelhouse", str(folder / "sdk")]
    Workflow(ROOT, options.parse(words, ROOT)).package_sdk()
    (wheel,) = (folder / "sdk").glob("mlir_sdk-*.whl")
    return wheel


@pytest.fixture(scope="module")
def project(folder: Path) -> Path:
    """A copy of this project, in which a release is checked out."""
    made = folder / "project"
    left_out = shutil.ignore_patterns("__pycache__", ".*cache", ".cibuildwheel")
    for name in COPIED:
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, made / name, ignore=left_out)
        else:
            shutil.copy(ROOT / name, made / name)
    git(made, "init", "--quiet", "--initial-branch=main")
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--message=released")
    git(made, "tag", RELEASE)
    return made


def nox_command(project: Path, *words: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "nox", "-f", project / "noxfile.py", "-s", *words]


def nox(project: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        nox_command(project, *words),
        env={**os.environ, "NOX_SCRIPT_MODE": "none"},
        cwd=project,
        capture_output=True,
        text=True,
        timeout=3000,
        check=False,
    )


def refusal(project: Path, *words: str | Path) -> str:
    """The one line with which `nox -s wheels` is refused."""
    done = nox(project, "wheels", "--", *words)
    said = (done.stdout + done.stderr).splitlines()
    assert done.returncode == 2, said
    assert "Traceback" not in done.stdout + done.stderr
    assert said[-1].startswith("nox > Session wheels aborted: ")
    return said[-1].removeprefix("nox > Session wheels aborted: ")


def test_a_wheel_of_the_chosen_interpreter(
    project: Path, pythons: tuple[Interpreter, Interpreter], image: str, sdk: Path, folder: Path
) -> None:
    wheelhouse = folder / "wheelhouse"
    tag = pythons[-1].tag
    build = f"{tag}-{targets.here().build_suffix}"
    words = (
        "--only",
        build,
        "--container",
        image,
        "--sdk",
        sdk,
        "--wheelhouse",
        wheelhouse,
        "--tag",
        RELEASE,
    )
    done = nox(project, "wheels", "--", *words)
    said = done.stdout + done.stderr
    print(said)
    assert done.returncode == 0, said[-4000:]
    # One says how far it is.
    assert f"Building {build} wheel" in said
    assert f"== upstream's binding tests on {tag}" in said
    assert len(re.findall(r"^Repairing wheel\.\.\.$", said, re.MULTILINE)) == 1
    # What cibuildwheel was given is gone; its log is kept.
    assert not list(Store.open().root.glob("work/wheels-*"))

    packaged = distributions.read_all(project / "packaging")
    (bindings,) = (it for it in packaged if it.name == "mlir-python-bindings")
    abis = lines.abis_of(pin.read(ROOT / pin.FILE_NAME))
    owed = record.owed(bindings, packaged, abis[0], rehearsal=True)
    (wheel,) = wheelhouse.glob("*.whl")
    assert wheel.name.split("-")[1:3] == ["22.1.8", tag]
    assert "-manylinux_2_" in wheel.name
    facts = provenance.read(wheel)
    assert (facts["tag"], facts["sdk_provider"]) == (RELEASE, "system")
    passed = record.read(wheel, file_sha256(wheel)).runs
    assert {it.suite for it in passed} == owed
    assert all(it.passed and not it.failed for it in passed)

    # The release set takes it as it is.
    done = nox(project, "release-set", "--", RELEASE, "--rehearse", "--only", tag, "--from", wheelhouse)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [it.name for it in (project / "release-set" / RELEASE).glob("*.whl")] == [wheel.name]


def test_a_mistake_that_only_the_container_can_see(
    project: Path, image: str, sdk: Path, tmp_path: Path
) -> None:
    alone = shutil.copy(sdk, tmp_path / sdk.name)
    line = refusal(project, "--container", image, "--sdk", alone, "--wheelhouse", tmp_path / "wheelhouse")
    assert re.match(
        r"mlir_sdk-\S+ needs llvm-sdk \S+, which is not beside it; put that wheel there, too", line
    )
    assert not list((tmp_path / "wheelhouse").iterdir())


def test_an_interpreter_that_is_not_built_here(project: Path) -> None:
    line = refusal(project, "--only", "cp27-manylinux_x86_64")
    assert line.startswith("--only 'cp27-manylinux_x86_64' is no wheel of this machine; there are cp39-many")


def begun() -> set[Path]:
    """The SDKs whose compiling was begun, in the user's store."""
    return set(Store.open().root.glob("work/sdk-*"))


def test_the_sdk_is_compiled_in_the_same_container(
    project: Path, containers: Engine, image: str, tmp_path: Path
) -> None:
    """LLVM's real configuration and the first steps; stopped, they are kept for the next run."""
    before = begun()
    log = tmp_path / "log"
    # For a processor besides this one's, so that no SDK serves that the user has compiled already.
    words = ("--container", image, "--targets", "host;Lanai", "--wheelhouse", tmp_path / "wheelhouse")
    with log.open("w") as out:
        session = subprocess.Popen(
            nox_command(project, "sdk", "--", *words),
            env={**os.environ, "NOX_SCRIPT_MODE": "none"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )

    def compiled() -> list[str]:
        # Unlike a glob's, the walk bears it that CMake removes folders meanwhile.
        folders = (it for work in begun() - before for it in os.walk(work / "build"))
        compiled = [(folder, name) for folder, _, names in folders for name in names if name.endswith(".o")]
        return [name for folder, name in compiled if "CMakeScratch" not in folder]

    try:
        wait_until(lambda: session.poll() is not None or len(compiled()) >= 5, seconds=600)
        assert session.poll() is None, log.read_text()
        session.send_signal(signal.SIGTERM)
        session.wait(timeout=60)
        assert re.search(r"compiling with clang 22\.\S+, .* with lld; the whole log is", log.read_text())
        steps = (Store.open().root / "logs" / "sdk.log").read_text()
        assert re.search(r"^\[\d+/\d{4}\] ", steps, re.MULTILINE)
        (name,) = re.findall(r" run --rm --name (mlir-py-release-\w+) ", log.read_text())
        assert name not in run([containers.name, "ps", "--all"], quiet=True).output
        assert len(compiled()) >= 5
    finally:
        session.terminate()
        session.wait(timeout=60)
        for work in begun() - before:
            shutil.rmtree(work)
