"""HTTP: dependencies of routes, lists and answers, errors, health and metrics."""
