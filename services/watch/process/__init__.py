"""The Faust app: agents, timers, consumer, pages and end of the process."""
