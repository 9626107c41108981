"""How far the consumer groups are, and in what state: what was seen of them, judged. Pure."""
