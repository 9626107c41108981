"""Settings, clock, errors, health checks and logging of a process."""
