"""Bytes and cells as they come: tables, JSON, workbooks, numbers, times, texts. Nothing here knows a market."""
