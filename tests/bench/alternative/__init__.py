"""The ordinary stack, for comparison: FastAPI, SQLAlchemy's ORM on asyncpg, pydantic; one uvicorn worker.

The same three calls on the same tables with the same duties (token, rights, locks, revision, request_id, access log),
as a good team would write them that does not count microseconds. It runs in .venv-bench.
"""
