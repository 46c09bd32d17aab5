"""What an ELF file says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def needed(path: Path) -> set[str]:
    """The names of the libraries that it is linked to."""
    with path.open("rb") as stream:
        section = ELFFile(stream).get_section_by_name(".dynamic")
        assert isinstance(section, DynamicSection)
        tags: Iterable[Any] = section.iter_tags()
        return {tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"}


def exported(path: Path) -> set[str]:
    """The symbols that it offers to others."""
    with path.open("rb") as stream:
        section = ELFFile(stream).get_section_by_name(".dynsym")
        assert isinstance(section, SymbolTableSection)
        return {it.name for it in section.iter_symbols() if it.entry.st_shndx != "SHN_UNDEF"}


def is_stripped(path: Path) -> bool:
    """Whether it has no symbols but those for the loader."""
    with path.open("rb") as stream:
        return ELFFile(stream).get_section_by_name(".symtab") is None
