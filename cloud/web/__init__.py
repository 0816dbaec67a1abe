"""The hub's pages: templates, static files and the live feed. Reads services, owns no table."""
