"""The static files of the pages, read once at start and served from memory under one version.

The version is a digest of all files and part of their address, so a browser may keep them for
ever: a changed file is a changed address.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
BYTES_MAX = 2 * 1024**2
"""All files together; the pages must stay light enough for a phone on a slow line."""
_VERSION_DIGITS = 12
_GZIP_LEVEL = 9
_IMPORT = re.compile(r'from "\./(\w+\.js)"')
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".sha256": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
    "": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, plain and packed."""

    media_type: str
    body: bytes
    packed: bytes


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by their path below ``static/``, and the version that their address carries."""

    version: str
    files: Mapping[str, Asset]

    def url(self, path: str) -> str:
        """Return the address of a file; asking for one that is not there is our own mistake."""
        if path not in self.files:
            raise KeyError(f"no static file {path}")
        return f"/static/{self.version}/{path}"

    def modules(self, entry: str) -> list[str]:
        """Return the addresses of a page's script and of all that it imports, to load ahead."""
        found = [entry]
        for path in found:
            names = _IMPORT.findall(self.files[path].body.decode())
            found += [name for name in (f"js/{name}" for name in names) if name not in found]
        return [self.url(path) for path in found]


@cache
def load(folder: Path = FOLDER) -> Assets:
    """Return the files below `folder`.

    Raises:
        ValueError: a kind of file that we do not serve, or more bytes than allowed.
    """
    digest = hashlib.sha256()
    files: dict[str, Asset] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if path.suffix not in _TYPES:
            raise ValueError(f"{name}: files ending in {path.suffix!r} are not served")
        body = path.read_bytes()
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
        files[name] = Asset(_TYPES[path.suffix], body, gzip.compress(body, _GZIP_LEVEL, mtime=0))
    size = sum(len(asset.body) for asset in files.values())
    if size > BYTES_MAX:
        raise ValueError(f"static files have {size} bytes; at most {BYTES_MAX} are allowed")
    return Assets(digest.hexdigest()[:_VERSION_DIGITS], files)
