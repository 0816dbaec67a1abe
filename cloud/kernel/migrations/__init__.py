"""The schema's history; a step that has been shipped is never changed again."""
