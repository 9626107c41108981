"""OpenID Connect: tokens of an identity provider, and the login of people to the console."""
