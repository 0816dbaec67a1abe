"""Load and sun of single sites, from what their own meters have told."""
