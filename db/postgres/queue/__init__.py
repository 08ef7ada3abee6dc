"""SQL of the queues of a clinic's day."""
