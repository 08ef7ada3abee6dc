"""How large the installation is; tests/ops/test_aws.py compares these numbers with the programs' own settings."""

REGION = "ap-northeast-1"
ZONES = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")

FEWEST_TASKS, USUAL_TASKS, MOST_TASKS = 2, 4, 10
TASK_CPU, TASK_MEMORY_MIB = 2048, 4096
WORKER_PORTS = (50051, 50052)
"""Of the workers of a task, one for each of its cores."""
MOST_NOTIFICATION_TASKS = 3

REQUESTS_PER_TASK = 100
"""In a minute, at which tasks are added or removed."""
BUSY_CPU_PERCENT = 60
OUT_AFTER_REQUESTS, OUT_AFTER_CPU, IN_AFTER = 60, 120, 300
"""Cooldowns in seconds: after tasks were added because of requests, because of CPU, and after some were removed."""
FEWEST_BY_CLOCK = {
    "MorningRush": ("MON-FRI", 9, USUAL_TASKS),
    "AfterTheRush": ("MON-FRI", 12, FEWEST_TASKS),
    "Evening": ("MON-FRI", 18, FEWEST_TASKS),
    "Night": ("MON-FRI", 22, FEWEST_TASKS),
    "Weekend": ("SAT-SUN", 0, FEWEST_TASKS),
}
"""Days, the hour in Japan, and how many tasks run at least from then on."""

REPLICAS = 2
DATABASE_GIB = 500
MOST_DATABASE_GIB = 1000
CONNECTIONS_FOR_PEOPLE = 20
"""Of administrators, of rotation, of migrations, and those that RDS keeps for itself."""

CONNECTIONS_PER_TASK = 20
"""Of two workers and a notification worker (docs/data.md); there are fewer of the latter here than tasks."""
DEPLOYING = 2
"""During a deployment the old and the new tasks run at the same time."""
MAX_CONNECTIONS = CONNECTIONS_FOR_PEOPLE + DEPLOYING * MOST_TASKS * CONNECTIONS_PER_TASK

BACKUP_DAYS = 7
BACKUP_WINDOW_UTC = "18:00-19:00"
"""03:00 to 04:00 in Japan."""
LOG_DAYS = 90
VALKEY_ACCESS = "on ~* &* +@all -@dangerous"
"""Of the programs' user: everything but what is only for operators."""
ROTATION_DAYS = 30
FLOOD_PER_MINUTE = 60_000
"""Requests from an address; what the edge allows it, so that a hospital behind one address is not cut off."""
