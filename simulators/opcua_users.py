"""Who may sign in at a simulated OPC UA server."""

from collections.abc import Mapping, Set

from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager


class Users(UserManager):
    """Those with a password or a certificate; where there are neither, everybody."""

    def __init__(self, passwords: Mapping[str, str], certificates: Set[bytes]) -> None:
        self._passwords = passwords
        self._certificates = certificates

    def get_user(
        self,
        iserver: object,
        username: str | None = None,
        password: str | None = None,
        certificate: object = None,
    ) -> User | None:
        if not self._passwords and not self._certificates:
            return User(UserRole.User, "anybody")
        if username is not None and self._passwords.get(username) == password:
            return User(UserRole.User, username)
        if username is None and certificate is not None and certificate in self._certificates:
            return User(UserRole.User, "certificate")
        return None
