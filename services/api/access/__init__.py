"""Who asks, and what they may: keys, tokens of an identity provider, the console's session."""
