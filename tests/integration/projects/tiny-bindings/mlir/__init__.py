"""Bindings as small as they can be."""
