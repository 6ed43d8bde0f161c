"""Detectors of the observer, one per file behind one interface (`base.py`), listed in `registry.py`."""
