"""Pictures and tables as files."""
