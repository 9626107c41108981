"""The examination of a deployment: what is well, what a person must do, what could not be known."""
