"""Health of every source: age, gaps, bad ticks, providers that contradict each other."""
