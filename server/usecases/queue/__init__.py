"""The queues of a clinic's day: tickets, calls, and the stream of lanes."""
