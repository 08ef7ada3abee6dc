"""Downtime sheets: the day of each doctor on paper, for when nothing else works."""
