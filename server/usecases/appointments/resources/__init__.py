"""Rooms and devices of appointments."""
