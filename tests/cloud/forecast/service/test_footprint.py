"""What the processes of the forecasts load: memory that nobody needs is not taken."""

import json
import subprocess
import sys

_LIBRARIES = ("sqlalchemy", "fastapi", "pydantic", "httpx", "scipy", "sklearn", "highspy")


def _loaded(modules: str) -> set[str]:
    """Return which of the large libraries a process has that imports `modules`."""
    program = f"import json, sys, {modules}; print(json.dumps(sorted(sys.modules)))"
    told = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, timeout=120
    )
    return set(_LIBRARIES) & set(json.loads(told.stdout))


def test_a_computing_process_has_no_database_and_no_server_and_its_solvers_when_it_solves() -> None:
    both = "cloud.forecast.service.worker, cloud.forecast.site.worker"
    assert _loaded(both) <= {"pydantic"}  # which reads the areas


def test_the_hub_has_neither_solver_nor_trees() -> None:
    assert not _loaded("cloud.main") & {"scipy", "sklearn", "highspy"}
