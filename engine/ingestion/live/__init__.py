"""Live clients: they fetch bytes. Recognising, parsing and storing stay with the pipelines that read files."""
