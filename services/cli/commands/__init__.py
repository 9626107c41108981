"""The verbs, by the panel of the help in which each stands."""
