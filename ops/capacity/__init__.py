"""A day of an installation on AWS, simulated: calls, tasks, autoscaling; docs/scaling.md says what comes of it."""
