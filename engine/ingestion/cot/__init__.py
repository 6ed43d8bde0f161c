"""Commitments of Traders: every form of the reports, and when each became public."""
