"""The ground: clock, time stamps, event kinds, bus, configuration, errors, identifiers. Imports nothing above it."""
