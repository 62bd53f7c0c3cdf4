"""What answers in place of a container that brings its own server: it says that it is not that.

Source: learn.microsoft.com/azure/machine-learning/how-to-deploy-custom-container: the endpoint hands a
request on to the container under the same path, `/score` being the route that its environment states
for scoring. Another path is the container's to refuse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.store import Record
from reconciler.sandbox.world import World

Json = dict[str, Any]
SCORE = "/score"
CHAT = "/v1/chat/completions"


@dataclass(frozen=True)
class Container:
    """An image and its route for scoring."""

    image: str
    route: str

    @property
    def note(self) -> str:
        """What it says of itself."""
        return f"[sandbox: stands in for {self.image}; no container runs here]"

    def answers(self, path: str) -> bool:
        """Whether a path is that of its scoring route, or the name that Azure has for it."""
        return path in (SCORE, self.route)

    @property
    def is_chat(self) -> bool:
        """Whether its scoring route speaks OpenAI's protocol."""
        return self.route == CHAT


def container_of(world: World, deployment: Record) -> Container | None:
    """Return the container of a deployment whose image has routes of its own, and no script."""
    properties: Json = deployment.body["properties"]
    environment = world.store.get(str(properties.get("environmentId") or ""))
    if environment is None or (properties.get("codeConfiguration") or {}).get("scoringScript"):
        return None
    said: Json = environment.body["properties"]
    route = ((said.get("inferenceConfig") or {}).get("scoringRoute") or {}).get("path")
    build = said.get("build") or {}
    image = said.get("image") or f"the image built from {build.get('contextUri')}"
    return Container(str(image), str(route)) if route else None
