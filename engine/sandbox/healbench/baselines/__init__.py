"""Agents to compare with: frozen, blind retraining, retraining on alarm, and the oracle."""
