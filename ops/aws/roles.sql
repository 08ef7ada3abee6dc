-- The application's roles, made once by RDS' `postgres` before the first migration (docs/aws.md says how). Rotation
-- changes the passwords of the two that sign in by turns; whatever either makes belongs to the third, so that both
-- can change it later. The one whose password this sets is `yoyaku`; rotation sets that of the other.
--
--   psql --set=password="$PASSWORD_OF_YOYAKU" --file ops/aws/roles.sql
\set ON_ERROR_STOP on
CREATE ROLE yoyaku_owner NOLOGIN;
GRANT pg_monitor TO yoyaku_owner; -- to see how far replicas are
GRANT yoyaku_owner TO CURRENT_USER;
ALTER DATABASE yoyaku OWNER TO yoyaku_owner;
CREATE ROLE yoyaku LOGIN PASSWORD :'password' IN ROLE yoyaku_owner;
CREATE ROLE yoyaku_clone LOGIN IN ROLE yoyaku_owner;
ALTER ROLE yoyaku SET role = yoyaku_owner;
ALTER ROLE yoyaku_clone SET role = yoyaku_owner;
-- Migrations and reports of people may take longer than the parameter group allows; programs set limits of their own.
ALTER ROLE yoyaku SET statement_timeout = 0;
ALTER ROLE yoyaku_clone SET statement_timeout = 0;
\connect yoyaku
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
