"""News, posts and labelled texts."""
