"""The treasury at work: the Faust app, its schedule and folder, messages sent, restore."""
