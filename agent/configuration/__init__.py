"""New settings for a running box: checked, tried, and taken back when the box is not well."""
