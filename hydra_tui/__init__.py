"""Operator layer: command line, full-screen app, screens, dialogs, daemon entry. A skin, not a brain."""
