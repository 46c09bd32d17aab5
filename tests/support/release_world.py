"""A checkout of a small project at a tag, and folders of small real wheels for it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from git_world import World, git
from mlir_release import pin as pins
from mlir_release import sbom, targets
from mlir_release.pin import FILE_NAME, Pin
from mlir_release.publishing import record, release_set
from mlir_release.publishing.manifest import TestRun
from mlir_release.publishing.proof import Refused
from mlir_release.publishing.record import Record
from mlir_release.series import SERIES, abis
from mlir_release.source.patches import load_all, select
from wheels import SmallWheel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlir_release.source.patches import Patch

HERE = "manylinux_2_28_x86_64"
TAG = "snapshot-20261123.01"
VERSION = "24.0.0.dev2026112301"
LLVM = "24.0.0git"
# Of the newest line, as LLVM is.
ABIS = abis(SERIES, stable=True)
BINDINGS, SDK = "the-bindings", "a-sdk"
PASSED: dict[str, tuple[TestRun, ...]] = {
    BINDINGS: (
        TestRun(suite="upstream", passed=99, failed=0, skipped=1),
        TestRun(suite="wheels", passed=7, failed=0, skipped=0),
        TestRun(suite="wheels-lowest", passed=7, failed=0, skipped=0),
    ),
    SDK: (
        TestRun(suite="lit", passed=2589, failed=0, skipped=348),
        TestRun(suite="wheels-sdk", passed=5, failed=0, skipped=0),
    ),
}
_TABLE = """\
[build-system]
requires = []
[project]
name = "{name}"
[tool.mlir-release]
"""
_PACKAGED = {
    f"packaging/{BINDINGS}/pyproject.toml": _TABLE.format(name=BINDINGS)
    + 'made-per = "interpreter"\ntest-target = "X"\ntest-folder = "x"\ntests = "wheels"\nmax-megabytes = 1\n',
    f"packaging/{SDK}/pyproject.toml": _TABLE.format(name=SDK)
    + 'made-per = "platform"\ntests = "wheels-sdk"\n',
}
_PATCH = """\
Why: it is needed
Upstream: https://example.org/
Drop-when: never
Applies-to: >=24

--- a/mlir/CMakeLists.txt
+++ b/mlir/CMakeLists.txt
@@ -1 +1 @@
-project(mlir)
+project(patched)
"""


@dataclass(frozen=True)
class ReleaseWorld:
    """The world, the checkout at ``TAG``, and a folder of wheels that is at first empty."""

    world: World
    root: Path
    wheelhouse: Path
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, patch: pytest.MonkeyPatch) -> ReleaseWorld:
        """All of it, in an empty folder, on a machine that is a ``linux-x86_64``."""
        for name in ("GITHUB_REPOSITORY", "GITHUB_SERVER_URL", "GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"):
            patch.delenv(name, raising=False)
        patch.setattr(targets, "platform_tags", lambda: iter([HERE]))
        world = World(folder)
        pin = Pin(commit=world.newest, version=LLVM, ref="main")
        files = {FILE_NAME: pins.rewritten(world.pin_text, pin), "patches/0007-main.patch": _PATCH}
        world.project.tag(TAG, world.project.commit(TAG, {**files, **_PACKAGED}))
        root = world.clone("checkout")
        git(root, "checkout", "--quiet", TAG)
        facts = {
            "tag": TAG,
            "version": VERSION,
            "llvm_commit": world.newest,
            "llvm_version": LLVM,
            "llvm_ref": "main",
            "patches": [{"name": it.name, "sha256": it.sha256} for it in _patches(root)],
            "sdk_provider": "build",
            "source": "a test",
            "compiler": "Clang 22.1.8",
        }
        return cls(world, root, root / "wheelhouse", facts)

    @property
    def output(self) -> Path:
        return self.root / "release-set" / TAG

    def wheel(
        self,
        distribution: str = BINDINGS,
        tags: str = "cp311-cp311-manylinux_2_28_x86_64",
        *,
        folder: Path | None = None,
        version: str = VERSION,
        tested: bool = True,
        files: dict[str, bytes] | None = None,
        **facts: Any,
    ) -> Path:
        """A wheel in a folder, by default the wheelhouse; by default as it should be.

        Args:
            distribution: which.
            tags: its own, as in its name.
            folder: where it goes.
            version: its own.
            tested: whether its tests are recorded.
            files: what it holds besides.
            facts: what its provenance says otherwise.
        """
        package = distribution.replace("-", "_")
        small = SmallWheel(
            name=distribution,
            files={f"{package}/__init__.py": b"x = 1\n", **(files or {})},
            version=version,
            tag=tags,
            facts=self.facts | {"version": version} | facts,
        )
        path = small.write(folder or self.wheelhouse)
        sbom.add(path)
        if tested:
            self.passed(path, *self.runs(path.name))
        return path

    def runs(self, wheel: str) -> tuple[TestRun, ...]:
        """What a wheel must have passed, as its record calls it: with each interpreter that it serves."""
        runs = PASSED[BINDINGS if wheel.startswith(BINDINGS.replace("-", "_")) else SDK]
        abi = next((it for it in ABIS if it.stable and f"-{it.wheel_tag}-" in wheel), None)
        return (
            runs
            if abi is None
            else tuple(
                dataclasses.replace(run, suite=record.suite(run.suite, abi, it.tag))
                for run in runs
                for it in abi.serves
            )
        )

    def all_wheels(self, platforms: Iterable[str] | None = None) -> list[Path]:
        """Every wheel that must be there, or those of some platforms."""
        return [
            self.wheel(distribution, tag)
            for platform in platforms or [it.limit() for it in targets.TARGETS if it.tier == "required"]
            for distribution, tag in [
                (SDK, f"py3-none-{platform}"),
                *((BINDINGS, f"{it.wheel_tag}-{platform}") for it in ABIS if it.tier == "required"),
            ]
        ]

    def passed(self, wheel: Path, *runs: TestRun) -> None:
        """Record tests of a wheel."""
        with record.trial([wheel]) as trial:
            trial.append(Record(runs=runs))

    def refused(self, *words: str | Path) -> dict[str, list[str]]:
        """All problems for which the session refuses, but for wheels that are missing; it writes nothing."""
        with pytest.raises(Refused) as caught:
            self.session(*words)
        assert not self.output.exists()
        for name, problems in caught.value.problems.items():
            assert f"\n    {name}:\n" in str(caught.value)
            for problem in problems:
                assert problem.isprintable()
                assert f"\n        {problem}" in str(caught.value)
        return {name: them for name, them in caught.value.problems.items() if name != "missing"}

    def session(self, *words: str | Path) -> None:
        """The session as it is called."""
        cache = ("--cache", str(self.world.root / "cache"))
        release_set.run([TAG, *map(str, words), *cache], self.root, self.world.upstream.url)


def _patches(root: Path) -> list[Patch]:
    return list(select(load_all(root / "patches"), LLVM))
