"""From contracts to one series: which contract is traded, when it changes, and what the change is worth."""
