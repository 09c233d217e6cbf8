"""The part of a trial's Job template that rules read; everything else in it is passed through.

The API server checks the whole template by a dry run of the first trial's Job. Here only what must
be known before is declared: that there are containers, what they are called, and how pods restart.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


class TemplatePart(BaseModel):
    """A piece of the template: what is not declared is kept as it is."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, alias_generator=to_camel)


class MetadataPart(TemplatePart):
    """Metadata of a Job or of a pod, as far as Kubetune adds to it."""

    # As long as placeholders may make them; the API server judges what becomes of those.
    labels: dict[str, Annotated[str, Field(max_length=1024)]] | None = Field(
        default=None, max_length=100, description="Labels; Kubetune adds its own to them."
    )
    annotations: dict[str, Annotated[str, Field(max_length=65536)]] | None = Field(
        default=None, max_length=100, description="Annotations."
    )


class NamedPart(TemplatePart):
    """An entry of a list to which Kubetune adds entries."""

    name: str | None = Field(default=None, max_length=253, description="Its name.")


class MountPart(TemplatePart):
    """A mount of a volume."""

    mount_path: str | None = Field(
        default=None, max_length=4096, description="Where the volume is mounted."
    )


class AnyContainerPart(TemplatePart):
    """A container or an init container, as far as Kubetune adds to it."""

    env: list[NamedPart] | None = Field(
        default=None,
        max_length=500,
        description="Environment variables; Kubetune adds its own that are not set here.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )
    volume_mounts: list[MountPart] | None = Field(
        default=None,
        max_length=500,
        description="Mounts of volumes.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )


class ContainerPart(AnyContainerPart):
    """A container, as far as rules read it."""

    name: str = Field(
        min_length=1, max_length=63, description="Name of the container, unique in the pod."
    )


class PodPart(TemplatePart):
    """A pod's spec, as far as rules read it."""

    containers: list[ContainerPart] = Field(
        min_length=1,
        max_length=50,
        description="The pod's containers. The first one is the training container unless "
        "spec.metrics.container names another.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )
    init_containers: list[AnyContainerPart] | None = Field(
        default=None,
        max_length=50,
        description="Init containers; the metrics sidecar is added as the last of them.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )
    volumes: list[NamedPart] | None = Field(
        default=None,
        max_length=500,
        description="Volumes.",
        json_schema_extra={"x-kubernetes-list-type": "atomic"},
    )
    restart_policy: str | None = Field(
        default=None,
        max_length=16,
        description="Never, which is also what an absent value means: a training container that "
        "ends has ended the trial.",
    )


class PodTemplatePart(TemplatePart):
    """A pod template."""

    metadata: MetadataPart | None = Field(
        default=None, description="Labels and annotations of the trial's pod."
    )
    spec: PodPart = Field(description="The pod of a trial.")


class JobPart(TemplatePart):
    """A Job's spec."""

    template: PodTemplatePart = Field(description="The pod template of a trial's Job.")


class JobTemplate(TemplatePart):
    """A batch/v1 JobTemplateSpec."""

    metadata: MetadataPart | None = Field(
        default=None, description="Labels and annotations of the trial's Job."
    )
    spec: JobPart = Field(description="The Job of a trial.")


class JobTemplateCheck:
    """Annotation of a `dict` that holds a JobTemplate: kept as a dict, checked as the model."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate the dict as JobTemplate and keep the dict."""
        return core_schema.no_info_after_validator_function(_check, handler(source))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say in the schema what JobTemplate declares."""
        return handler(JobTemplate.__pydantic_core_schema__)


def pod_part(template: dict[str, Any]) -> PodPart:
    """Return the pod of a template that has passed `JobTemplateCheck`."""
    return JobTemplate.model_validate(template).spec.template.spec


def _check(template: dict[str, Any]) -> dict[str, Any]:
    JobTemplate.model_validate(template)
    return template
