"""Faults of the simulated market: one family per file, one interface (`fault_family.py`), one registry."""
