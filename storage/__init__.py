"""Stores: raw lake, feature store, performance database, journal, registry, event log, commands, state."""
