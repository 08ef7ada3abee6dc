"""The numbers that the model is made of, each with its source.

"Performance" is docs/performance.md; the section follows in brackets. Times are in seconds unless said otherwise.
"""

import math

from ops.aws.sizes import TASK_CPU, WORKER_PORTS

CPU_OF_A_CALL = {
    "workers": (1070, 1099),
    "Envoy": (604, 649),
    "PostgreSQL, primary": (605, 283),
    "PostgreSQL, standby": (231, 148),
    "Valkey": (60, 51),
    "notification worker and outbox": (888, 0),
    "the program that makes the calls": (131, 140),
}
"""In microseconds: performance (A mixed day), with notices, and while they were left waiting."""
EVERYTHING, WITHOUT_NOTICES = (sum(column) / 1e6 for column in zip(*CPU_OF_A_CALL.values(), strict=True))
TASK = (CPU_OF_A_CALL["workers"][1] + CPU_OF_A_CALL["Envoy"][1]) / 1e6
"""Without notices, which another service sends on AWS."""
PRIMARY, STANDBY = CPU_OF_A_CALL["PostgreSQL, primary"][0] / 1e6, CPU_OF_A_CALL["PostgreSQL, standby"][0] / 1e6
"""With notices: whoever sends them, their statements run on the primary."""
# Performance (Beside attacks): Envoy's time for a call that it refuses.
REFUSAL = 110e-6

CORES = TASK_CPU // 1024
"""Of a task. The bench had two too, shared with other guests; a vCPU of Fargate may be slower or faster."""
WORKERS_PER_TASK = len(WORKER_PORTS)
PRIMARY_CORES = 4
"""db.r6g.xlarge, ops/aws/database.py."""

# envoy/admission.yaml and docs/edge.md (Overload): calls in flight for each worker, and how long they may take.
FEWEST_IN_FLIGHT, MOST_IN_FLIGHT, IN_TIME = 16, 96, 0.2
PAUSES = (1, 2, 4, 8, 16, 32)
"""How long a refused caller waits, at random up to twice as long, before it tries again: first what the edge asks for,
then twice as long each time. After the last one it gives up. Only the first number is the system's; the others are
assumed."""
BOOKINGS_PER_CALL = 0.10
"""tests/bench/day/crowd.py: the share of bookings among the calls of the mixed day."""

# Fargate needs about 40 s until containers run (an estimate, not measured here); then ops/aws/service.py: the first
# health check of a worker after 30 s, Envoy after it (5 s, an estimate); then ops/aws/entrance.py: two checks of the
# load balancer, 10 s apart.
TASK_STARTS = 40 + 30 + 5 + 20
LOSS_IS_NOTICED = 20
"""Two failed checks of the load balancer."""
METRICS_LATE = 1
"""Minutes until CloudWatch has a minute's numbers (an estimate)."""
OUT_MINUTES, IN_MINUTES, IN_BELOW = 3, 15, 0.9
"""Target tracking's alarms as AWS makes them: three minutes above the target, or fifteen below nine tenths of it. AWS
does not promise these numbers."""
DOLLARS_PER_TASK = 90
"""A month: docs/aws.md (Cost)."""

TASK_CALLS = CORES / TASK
"""Calls a second that keep a task fully busy."""
PRIMARY_CALLS = PRIMARY_CORES / PRIMARY
"""The same for the primary."""
USEFUL_TASKS = math.ceil(PRIMARY_CALLS / TASK_CALLS)
"""More tasks than these would only wait for the primary."""
