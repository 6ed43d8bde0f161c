"""Parametric families of densities at expiry, one per file, behind one interface."""
