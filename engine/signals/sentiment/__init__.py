"""Sentiment: scorers that answer (score, confidence, as of, evidence), and their confidence-weighted composite."""
