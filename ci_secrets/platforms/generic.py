"""Any machine that holds a JWT: in a variable, or in a file such as Kubernetes projects."""

from typing import ClassVar

from ci_secrets.errors import IdentityError
from ci_secrets.platforms import given, jwt
from ci_secrets.platforms.base import TOKEN, Base
from ci_secrets.platforms.interface import Run
from ci_secrets.secret import Secret
from ci_secrets.text import foreign


class Generic(Base):
    """No CI that we know; the user says where the JWT is, and how the run is called."""

    name: ClassVar[str] = "generic"
    shown: ClassVar[tuple[str, ...]] = ("iss", "sub", "aud", "exp", "iat")

    def run(self) -> Run:
        """The name given by --run-id, and nothing else."""
        return Run(platform=self.name, run=self._options.run_id or "")

    def _own_token(self, audience: str) -> tuple[Secret, str]:
        if self._get(TOKEN):
            return given.from_variable(self._environment, TOKEN)
        raise IdentityError(
            "This job has no ID token.",
            cause="No known CI was found, and no variable or file with a JWT was named.",
            fix=f"Give --id-token-env NAME or --id-token-file PATH, or set {TOKEN}; or name the "
            "CI by --platform (see `ci-secrets exec --help`).",
        )

    def _advice(self, audience: str) -> jwt.Advice:
        return jwt.Advice(
            expired="Get a fresh token shortly before; Kubernetes renews the file of a projected "
            "token, so name the file (--id-token-file), not a copy of it.",
            audience=f"Have the token issued for {foreign(audience)}, or name the token's own "
            "audience (--audience, or `audience:` in the store) if the store accepts it.",
        )
