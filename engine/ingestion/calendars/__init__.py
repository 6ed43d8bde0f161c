"""Which days are sessions, when contracts end, when sources are asked."""
