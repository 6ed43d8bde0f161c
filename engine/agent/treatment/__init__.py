"""What is done about a diagnosis, bar by bar: repairs in force, candidates under test, the position that follows."""
