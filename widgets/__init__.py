"""Reusable terminal widgets. They know Textual and nothing of trading engines."""
