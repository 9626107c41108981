"""The local stack of `ecluse dev`: a broker from jars and the services over it."""
