"""Which files of a folder stay here: those an ignore file names, and those that hold keys.

As for az ml, `.amlignore` of the folder counts, `.gitignore` where there is none, both in
Git's syntax (learn.microsoft.com/azure/machine-learning/how-to-save-write-experiment-files).
What looks like a key is never uploaded in silence: whoever can read the project could read it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import PurePosixPath

from pathspec import GitIgnoreSpec

from reconciler.kinds.local.ignore_rules import rules_of
from reconciler.secrets import holds_token

IGNORE_FILES = (".amlignore", ".gitignore")
_KEY_FILES = (
    *(".env", ".env.*", "*.env", ".envrc", ".npmrc", ".pypirc", ".netrc", "_netrc", ".htpasswd"),
    *("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_*_sk", "*.ppk", "*.pem", "*.key"),
    *("*.pfx", "*.p12", "*.jks", "*.keystore", "*.kdbx", "*.publishsettings", "*.tfstate"),
    *(".git-credentials", "credentials", "credentials.json", ".dockercfg", ".pgpass"),
    *("accesstokens.json", "msal_token_cache.*", "service_principal_entries.*"),
)
_KEY_FOLDERS = frozenset({".aws", ".azure", ".ssh", ".gnupg", ".kube", ".docker", ".git"})
_SAMPLES = frozenset({".env.example", ".env.sample", ".env.template"})
"""Written to be shared; their content is looked at like any other."""


@dataclass(frozen=True)
class LeftOut:
    """The rules of one folder. `file`: the ignore file that holds, or should be made."""

    file: str = IGNORE_FILES[0]
    spec: GitIgnoreSpec = field(default_factory=lambda: GitIgnoreSpec.from_lines([]))

    @classmethod
    def of(cls, file: str, content: bytes) -> LeftOut:
        """Return the rules of an ignore file. Raises `PatternError`."""
        return cls(file, rules_of(content))

    def ignores(self, name: str) -> bool:
        """Return whether a file is left out; `name` is its path in the folder, with `/`."""
        return self.spec.match_file(name)

    def ignores_all_in(self, folder: str) -> bool:
        """Return whether nothing in a folder can count, so that it need not be looked at."""
        if any(pattern.include is False for pattern in self.spec.patterns):
            return False
        return self.spec.match_file(f"{folder}/")

    def line_for(self, name: str) -> str:
        """Return the line of the ignore file that leaves out one file and no other."""
        return "/" + re.sub(r"([*?\[\]\\ ])", r"\\\1", name)


def names_key(name: str) -> bool:
    """Return whether a file is one of keys or passwords, by its path."""
    *folders, last = (part.casefold() for part in PurePosixPath(name).parts)
    if not _KEY_FOLDERS.isdisjoint(folders):
        return True
    return last not in _SAMPLES and _fits(last, _KEY_FILES)


def is_of_keys(name: str, content: bytes) -> bool:
    """Return whether no line of a file may be shown: it is one of keys, or holds a private key.

    A token in another file is taken out of whatever is printed; the lines of a key are not known
    one by one. YAML is read by what is in it: a spec may lie in a folder of such a name.
    """
    is_yaml = name.casefold().endswith((".yaml", ".yml"))
    return b"PRIVATE KEY-----" in content or (names_key(name) and not is_yaml)


def holds_key(content: bytes) -> bool:
    """Return whether a file holds a private key or a token, wherever in it."""
    return holds_token(content.decode("utf-8", "replace"))


def line_of_key(content: bytes) -> int:
    """Return the first line that holds a key or a token by itself; 1 where it takes several."""
    lines = content.decode("utf-8", "replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if holds_token(line)), 1)


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
