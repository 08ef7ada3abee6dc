"""PostgreSQL: a package of SQL for each noun; `driver` speaks to a server, `cluster` chooses one."""
