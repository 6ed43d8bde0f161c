"""Triage: from breached readings to one cause, one rule per file, in a configured order."""
