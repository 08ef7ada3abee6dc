"""Offers to move appointments that cannot stay as they are."""
