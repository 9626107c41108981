"""Files of events: decided, checked, published."""
