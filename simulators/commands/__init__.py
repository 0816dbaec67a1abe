"""The verbs of ``phoenyra-sim``: one file each, listed in `simulators.main`."""
