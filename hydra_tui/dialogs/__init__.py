"""Dialogs: confirmations with friction by tier."""
