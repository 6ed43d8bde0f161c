"""Layer 1: one pipeline per source; fetch, validate, normalise, store. Good rows kept, bad rows quarantined."""
