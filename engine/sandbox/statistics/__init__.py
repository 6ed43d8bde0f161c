"""Statistics of returns and forecasts: pure functions of arrays, one concept per file, no clock and no hidden seed."""
