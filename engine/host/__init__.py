"""Top of the engine: supervisor, schedule, workers, wiring, operations."""
