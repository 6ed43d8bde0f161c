"""Layer 2: stateless signal functions and the point-in-time feature pipeline."""
