"""Lays out what the SDK's wheels carry; the CMake projects run it as a program."""
