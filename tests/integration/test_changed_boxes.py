"""Finished results in the store that somebody has changed: named, and made again only when asked for."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlir_release import distributions
from mlir_release.inventory import Changed
from mlir_release.lines import line_of
from mlir_release.repair import repair
from mlir_release.repair.linux import Auditwheel
from mlir_release.series import SERIES, abi_for, abis
from mlir_release.source import SourceTree
from samples import make_prefix, sdk

if TYPE_CHECKING:
    from mlir_release.interpreters import Interpreter
    from mlir_release.store import Store
    from mlir_release.toolchain import Toolchain
    from workshop import Workshop

TINY = Path(__file__).parent / "projects" / "tiny-bindings"


@pytest.mark.skipif(sys.platform != "linux", reason="auditwheel is for Linux")
@pytest.mark.parametrize("harm", ["cut", "remove"])
def test_a_repaired_wheel(workshop: Workshop, store: Store, tmp_path: Path, harm: str) -> None:
    raw = workshop.raw(tmp_path)
    repaired = repair(raw, library_dirs=[workshop.foreign], store=store)
    repaired.unlink() if harm == "remove" else repaired.write_bytes(repaired.read_bytes()[:1000])
    with pytest.raises(Changed, match=rf"^{repaired.parent} was changed .*: {repaired.name}; delete it"):
        repair(raw, library_dirs=[workshop.foreign], store=store)
    shutil.rmtree(repaired.parent)
    assert repair(raw, library_dirs=[workshop.foreign], store=store) == repaired
    Auditwheel().check(repaired)


@pytest.mark.parametrize("gone", ["wheel", "test_extension"])
def test_a_raw_wheel(
    interpreter: Interpreter, compiler: Toolchain, store: Store, tmp_path: Path, gone: str
) -> None:
    distribution = distributions.read(TINY)
    assert distribution
    assert distribution.test_folder == "test_extension"
    tree = SourceTree(
        path=tmp_path, commit=None, version="22.1.8", origin="checkout", patches=(), key="source"
    )
    inputs = distributions.Inputs(
        distribution=dataclasses.replace(distribution, shared_folder=None),
        interpreter=interpreter,
        abi=abi_for(interpreter.tag, abis(SERIES, stable=False)),
        line=line_of("22.1.8"),
        sdk=sdk(make_prefix(tmp_path / "prefix")),
        toolchain=compiler,
        tree=tree,
        ref=None,
        tag=None,
        version="22.1.8.dev0",
    )

    def make(work: Path) -> None:
        for folder in ("dist", "test_extension"):
            (work / folder).mkdir()
        (work / "dist/tiny.whl").touch()

    box = store.obtain("raw", inputs.parts(), make)
    assert distributions.obtain(inputs, store).wheel == box.path / "dist/tiny.whl"
    (box.path / "dist/tiny.whl").unlink() if gone == "wheel" else (box.path / gone).rmdir()
    with pytest.raises(Changed, match=rf"^{box.path} was changed .*: it has no {gone} any more; delete it"):
        distributions.obtain(inputs, store)
