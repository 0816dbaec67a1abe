"""Prequalification: profiles, criteria, rehearsal against a model, the real box, the report."""
