"""The section `environments` of a spec: an image, or what Azure builds one from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from reconciler.kinds.arm_fields import Arm
from reconciler.spec.model import AssetTags, SpecModel, TextOr, matching

BUILD, CONDA = "properties.build", "properties.condaFile"


def _text(value: Any) -> Any:
    """Take a version that is a number as text, as `az ml` does."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _not_curated(name: str) -> str:
    if name.casefold().startswith("azureml"):
        raise ValueError("names that begin with `AzureML` are those of Microsoft's environments")
    return name


NAMED = matching(
    r"^[a-zA-Z0-9][a-zA-Z0-9\-_.]{0,254}$",
    "1 to 255 letters, digits, hyphens, underscores and periods",
)
Version = Annotated[str, BeforeValidator(_text, json_schema_input_type=str | int), NAMED]
"""A version that people state, where one is not made of the content."""


class BuildContext(SpecModel):
    """A Dockerfile with the files that it copies; Azure builds the image."""

    path: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    """The folder, relative to the spec; or the address of a Git repository, `https://...`."""
    dockerfile_path: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=1024),
        Arm(f"{BUILD}.dockerfilePath", immutable=True),
    ] = None
    """The Dockerfile inside the folder. Default: `Dockerfile`."""


class Route(SpecModel):
    """Where a container answers."""

    port: Annotated[int, Field(ge=1, le=65535)]
    """The port."""
    path: Annotated[
        str, matching(r"^/.*[A-Za-z0-9_]", "a path such as `/score`; Azure refuses `/` by itself")
    ]
    """The path, for example `/score`."""


class InferenceConfig(SpecModel):
    """The routes of a container that answers by itself."""

    liveness_route: Route
    """Answers 200 while the container is healthy."""
    readiness_route: Route
    """Answers 200 when the container can take requests."""
    scoring_route: Route
    """Answers the requests."""


CondaFile = TextOr[Annotated[str, StringConstraints(min_length=1, max_length=1024)], dict[str, Any]]


class Environment(SpecModel):
    """An environment of the workspace: an image, with conda packages, or built from a folder."""

    name: Annotated[str, NAMED, AfterValidator(_not_curated)] | None = None
    """The name in Azure. Default: the key."""
    version: Version | None = None
    """The version. Default: a digest of the content, so another content is another version."""
    image: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\s]+$"),
        Arm("properties.image", immutable=True),
    ] = None
    """The image, best with its digest: `REGISTRY/NAME@sha256:...`; a tag may move."""
    conda_file: Annotated[CondaFile | None, Arm(CONDA, immutable=True)] = None
    """Conda packages that Azure adds to the image: a file, relative to the spec, or its content."""
    build: BuildContext | None = None
    """A folder with a Dockerfile instead of `image`. Its files are uploaded."""
    inference_config: Annotated[
        InferenceConfig | None, Arm("properties.inferenceConfig", immutable=True)
    ] = None
    """The routes of an image that answers requests by itself (vLLM, Triton)."""
    os_type: Annotated[
        Literal["linux", "windows"] | None, Arm("properties.osType", immutable=True)
    ] = None
    """The operating system. Default: Linux."""
    description: Annotated[str | None, Arm("properties.description")] = Field(
        default=None, max_length=1024
    )
    """A description for people."""
    tags: AssetTags = Field(default_factory=dict)
    """Tags added to those of the whole spec."""

    @model_validator(mode="after")
    def _one_origin(self) -> Environment:
        if (self.image is None) == (self.build is None):
            raise ValueError("give either `image`, or `build` with a folder")
        if self.build and self.conda_file is not None:
            raise ValueError("`conda_file` goes with `image`; a Dockerfile installs for itself")
        return self
