"""GitHub Apps and where they are installed, in the store.

An App signs in with a JSON web token of its own key, and asks for tokens of an installation.
Source: docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app.
"""

from __future__ import annotations

from typing import Any

from reconciler.sandbox.forge.github_errors import GitHubError
from reconciler.sandbox.forge.tokens import Token, Tokens, person
from reconciler.sandbox.store import Store

Json = dict[str, Any]
SPACE = "forge_apps"
LONGEST_S = 600
SKEW_S = 60
MISSING = "GitHub Apps need PyJWT: pip install 'reconcile-azureml[sandbox,loop]'"


class Apps:
    """The Apps of a sandbox."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, slug: str, permissions: Json | None, repositories: list[str] | None) -> Json:
        """Return a new App that is installed on repositories: its ids and its private key."""
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import rsa

        if not slug:
            raise ValueError("an App has a name")
        Tokens(self._store).issue(f"app/{slug}", permissions, repositories)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        secret = key.private_bytes(
            form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption()
        )
        public = key.public_key().public_bytes(
            form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
        )
        kept = {
            "slug": slug,
            "app_id": person(self._store, f"app/{slug}"),
            "installation_id": person(self._store, f"installation/{slug}"),
            "permissions": permissions or {},
            "repositories": repositories,
            "public": public.decode(),
        }
        self._store.put_document(SPACE, str(kept["app_id"]), kept)
        return {**kept, "key": secret.decode()}

    def installed(self, number: str) -> Json | None:
        """Return the App of an installation."""
        apps = self._store.documents(SPACE).values()
        return next((app for app in apps if str(app["installation_id"]) == number), None)

    def signed_in(self, text: str) -> Token:
        """Return the App that a JSON web token is of. Raises `GitHubError` as GitHub does."""
        try:
            import jwt
        except ImportError as error:
            raise GitHubError(501, MISSING) from error

        undecoded = GitHubError(401, "A JSON web token could not be decoded")
        try:
            issuer = str(jwt.decode(text, options={"verify_signature": False}).get("iss"))
            app = self._store.document(SPACE, issuer)
            if app is None:
                raise GitHubError(404, "Integration not found")
            claims = jwt.decode(
                text,
                app["public"],
                algorithms=["RS256"],
                options={"require": ["exp", "iat"]},
                leeway=SKEW_S,
            )
        except jwt.PyJWTError as error:
            raise undecoded from error
        if claims["exp"] - claims["iat"] > LONGEST_S + SKEW_S:
            raise GitHubError(401, "'Expiration time' claim ('exp') is too far in the future")
        return Token(f"{app['slug']}[bot]", 0, app["slug"], int(app["app_id"]), {})
