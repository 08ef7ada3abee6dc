"""Exports the book in the form of other systems."""
