"""What is packaged: the folders of ``packaging/`` that say so, and the raw wheels that are made of them."""

from mlir_release.distributions.build import Inputs, Made, hand_over, handed_test_folder, obtain
from mlir_release.distributions.table import Distribution, MadePer, read, read_all

__all__ = [
    "Distribution",
    "Inputs",
    "Made",
    "MadePer",
    "hand_over",
    "handed_test_folder",
    "obtain",
    "read",
    "read_all",
]
