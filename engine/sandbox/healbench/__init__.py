"""HealBench: seeded markets with one hidden fault each, baselines, an oracle, grading and scores."""
