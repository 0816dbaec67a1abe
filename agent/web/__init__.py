"""The technician page."""
