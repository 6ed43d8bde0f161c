"""Databento's binary encoding: every version and schema."""
