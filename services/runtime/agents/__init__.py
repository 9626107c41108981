"""Services made of Faust agents: their app, consumer, end, logs and run."""
