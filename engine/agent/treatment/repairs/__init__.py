"""One repair per file behind one interface; `registry.py` lists them."""
