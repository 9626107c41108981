"""Events made by hand: a form, the event for confirmation with a trial of it, its outcome."""
