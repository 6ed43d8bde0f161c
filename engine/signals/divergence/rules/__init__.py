"""One rule a file: when it applies, what it suggests, how sure it is. Exactly one applies to any state of the axes."""
