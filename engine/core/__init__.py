"""Pure decisions shared by replay, paper and live: records in, decisions out; no clock, no chance, no I/O."""
