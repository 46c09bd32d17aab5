"""What crosses the borders between shared objects."""
