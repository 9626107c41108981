"""The API and the console: what people and programs ask of the read model, and events in."""
