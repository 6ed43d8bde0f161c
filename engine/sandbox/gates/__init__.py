"""One promotion gate per file behind one interface; `registry.py` lists them."""
