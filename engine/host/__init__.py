"""Top of the engine: its loop, feeds, wiring and command handlers, and the operations that screen and verbs share."""
