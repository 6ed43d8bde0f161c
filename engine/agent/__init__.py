"""Layer 4: the meta-controller. Observer, diagnostician, hypotheses, experiments, loop, autonomy."""
