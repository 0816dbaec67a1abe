"""In place of a library that developers have and no box has: httpx would load it along."""

raise ImportError("the agent is installed without it; see deploy/requirements-agent.lock")
