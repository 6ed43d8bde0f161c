"""Circuit breakers: one file each behind one interface; each names the state it enters. Breakers cut to zero."""
