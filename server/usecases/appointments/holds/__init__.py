"""Slots that are held: how holds end, and how those that have run out give way."""
