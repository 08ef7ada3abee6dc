"""Notifications and the job queue that sends them."""
