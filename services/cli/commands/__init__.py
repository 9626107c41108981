"""The commands, by the panel of the help in which each stands."""
