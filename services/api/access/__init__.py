"""Access: keys, tokens of an identity provider, the console's session, and their rights."""
