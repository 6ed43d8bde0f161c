"""The edge is lost although inputs and market are as in training: overfit, decay or concept drift."""
