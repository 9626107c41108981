"""The second, plain implementation: reads journals and topics, recomputes everything, proves it."""
