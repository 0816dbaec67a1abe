"""Where each third-party library may be imported: its file or its room, so that it can be replaced.

The arrows between our own rooms are import-linter's (pyproject.toml).
"""

import sys
from fnmatch import fnmatch

from tests.support.source import PACKAGES, check, imports, python

WHERE = {
    "pymodbus": ["drivers/modbus/client.py"],
    "aiomqtt": ["drivers/mqtt/client.py"],
    "paho": ["drivers/mqtt/client.py"],  # what aiomqtt stands on, and hands out in its signatures
    "asyncua": [
        "drivers/opcua/client.py",
        "drivers/opcua/translate.py",
        "agent/scada/opcua.py",
        "agent/scada/standard.py",
        "simulators/opcua.py",
        "simulators/opcua_users.py",
    ],
    "google.protobuf": ["drivers/mqtt/sparkplug/payload.py"],
    "serial_asyncio": ["drivers/serial/port.py"],
    "serial_asyncio_fast": ["drivers/serial/port.py"],
    "serial": ["drivers/serial/port.py"],
    "amqtt": ["simulators/broker.py"],
    "cryptography": ["simulators/certificates.py", "drivers/opcua/certificates.py"],
    "aiosqlite": ["agent/gateway/*.py"],
    "httpx": [
        "agent/gateway/line.py",
        "agent/enrol/main.py",
        "agent/prequalify/box.py",
        "cloud/market/feeds/*.py",
        "drivers/rest/client.py",
        "simulators/*.py",
    ],
    "prometheus_client": ["agent/metrics.py", "cloud/kernel/metrics.py"],
    "uvicorn": [
        "agent/gateway/main.py",
        "agent/web/serve.py",
        "cloud/main.py",
        "cloud/kernel/connections.py",
        "cloud/kernel/server.py",
        "simulators/http.py",
    ],
    "jinja2": ["agent/web/*.py", "cloud/web/*.py"],
    "fastapi": ["agent/web/*.py", "cloud/*"],
    "starlette": ["agent/web/*.py", "cloud/*", "simulators/*.py"],
    "pydantic": [
        "agent/settings.py",
        "agent/*/config.py",
        "drivers/registry.py",
        "drivers/config.py",
        "drivers/*/config.py",
        "cloud/*",
    ],
    "pydantic_settings": ["agent/settings.py", "cloud/settings.py"],
    "sqlalchemy": [
        "cloud/kernel/*",
        "cloud/*/store.py",
        "cloud/*/tables.py",
        "cloud/fleet/*.py",
        "cloud/exchange/read/*.py",
        "cloud/exchange/prices/history_store.py",
    ],
    "sqlalchemy.ext.asyncio": ["cloud/*"],
    "alembic": ["cloud/kernel/database.py", "cloud/kernel/migrations/*"],
    "asyncpg": ["cloud/kernel/database.py", "cloud/fleet/telemetry/*.py"],
    "numpy": [
        "cloud/fleet/telemetry/*.py",
        "cloud/exchange/auction/ladder.py",
        "cloud/forecast/*.py",
    ],
    "scipy": ["cloud/forecast/linear.py", "cloud/forecast/battery.py"],
    "threadpoolctl": ["cloud/forecast/linear.py"],  # what scikit-learn stands on
    "sklearn": ["cloud/forecast/trees.py"],
    "holidays": ["cloud/market/areas/holidays.py"],
    "defusedxml": ["cloud/market/feeds/entsoe/xml.py"],
    "highspy": ["cloud/exchange/auction/solver.py"],
    "segno": ["cloud/fleet/commandline.py"],
    "itsdangerous": ["cloud/kernel/sessions.py"],
    "websockets": ["simulators/hub_socket.py"],
    "yaml": ["cloud/exchange/checks/throttle.py"],
}
_OWN = {*PACKAGES, "bench", "tests"}


def test_every_library_is_imported_only_where_it_is_at_home() -> None:
    def breach(path: str, module: str) -> str | None:
        top = module.partition(".")[0]
        if top in _OWN or top in sys.stdlib_module_names:
            return None
        places = WHERE.get(module, WHERE.get(top))
        if places is None:
            return f"{module} is not in the table of libraries"
        if any(fnmatch(path, pattern) for pattern in places):
            return None
        return f"{module} is imported only in {', '.join(places) or 'no file'}"

    check(
        f"{path}:{line}: {said}"
        for path, tree in python(*PACKAGES)
        for module, line in imports(tree)
        if (said := breach(path.as_posix(), module))
    )


def test_no_product_code_imports_tests_or_benchmarks() -> None:
    check(
        f"{path}:{line}: {module} is not shipped"
        for path, tree in python(*PACKAGES)
        for module, line in imports(tree)
        if module.partition(".")[0] in {"tests", "bench", "pytest", "hypothesis"}
    )
