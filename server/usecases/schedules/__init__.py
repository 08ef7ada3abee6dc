"""The schedules of doctors: working hours, free slots, and streams of both."""
