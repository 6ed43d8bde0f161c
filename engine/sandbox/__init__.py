"""Layer 3: replay, fills, simulated venue, evaluator, experiments. Never touches execution."""
