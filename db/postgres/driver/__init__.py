"""One server: connections, the pool that lends them, and statements in a pipeline."""
