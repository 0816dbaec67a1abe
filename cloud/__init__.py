"""The hub: a folder a feature, a staircase of them; in each, routes → service → store → pure."""
