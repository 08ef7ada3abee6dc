"""Appointments: booking, moving and cancelling them, and the feed of what has changed."""
