"""The way to the cluster: which one, which namespace, and what to tell when it does not answer."""

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from http import HTTPStatus
from shlex import quote
from typing import Any

import msgspec

from kubetune.api.names import LABEL_TUNING_JOB
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.objects import Trial, TuningJob, decode_job, decode_trial
from kubetune.errors import ClusterError, ForbiddenError, InvalidError, NotFoundError
from kubetune.kube import objects
from kubetune.kube.client import Client, OnRequest
from kubetune.kube.paths import TRIALS, TUNING_JOBS

_NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which cluster and namespace; None means what kubectl would take."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags of the command line that name it, quoted for a shell."""
        given = {"--kubeconfig": self.kubeconfig, "--context": self.context, "-n": self.namespace}
        return tuple(f"{flag} {quote(value)}" for flag, value in given.items() if value is not None)


@dataclass(frozen=True, slots=True)
class Access:
    """An open connection and the namespace that the command is about."""

    client: Client
    namespace: str

    async def job(self, name: str) -> TuningJob:
        """The TuningJob of that name.

        Raises:
            CommandError: There is none; the message lists those that there are.
        """
        try:
            return decode_job(await self.client.get(TUNING_JOBS.path(self.namespace, name)))
        except NotFoundError:
            raise await self._missing(name) from None

    async def body(self, name: str) -> Any:
        """The TuningJob of that name with all of its fields, as JSON.

        Raises:
            CommandError: There is none; the message lists those that there are.
        """
        try:
            return msgspec.json.decode(
                await self.client.get(TUNING_JOBS.path(self.namespace, name))
            )
        except NotFoundError:
            raise await self._missing(name) from None

    async def patch_job(self, name: str, body: dict[str, Any]) -> TuningJob:
        """The TuningJob after a merge patch.

        Raises:
            CommandError: There is none.
        """
        try:
            path = TUNING_JOBS.path(self.namespace, name)
            return decode_job(await self.client.merge_patch(path, body))
        except NotFoundError:
            raise await self._missing(name) from None

    async def trials(self, name: str) -> list[Trial]:
        """The trials of that TuningJob, those of earlier runs included."""
        found, _ = await self.client.list_all(
            TRIALS.path(self.namespace), decode_trial, label_selector=selector(name)
        )
        return found

    async def whole_trials(self, name: str) -> list[objects.Trial]:
        """The same with all that the operator reads of them."""
        found, _ = await self.client.list_all(
            TRIALS.path(self.namespace),
            msgspec.json.Decoder(objects.Trial).decode,
            label_selector=selector(name),
        )
        return found

    async def require_access(self) -> None:
        """Make sure that the cluster knows TuningJobs and lets us list them and their trials.

        Raises:
            CommandError: It does not know them.
            ForbiddenError: It does not let us.
        """
        await self._names()
        async for _ in self.client.list_pages(TRIALS.path(self.namespace), limit=1):
            break

    async def _names(self) -> list[str]:
        try:
            found, _ = await self.client.list_all(TUNING_JOBS.path(self.namespace), decode_job)
        except NotFoundError:
            raise CommandError(
                ExitCode.CLUSTER,
                "this cluster does not know TuningJobs; install Kubetune first: "
                "kubectl apply -k manifests/",
            ) from None
        return sorted(job.metadata.name for job in found)

    async def _missing(self, name: str) -> CommandError:
        names = await self._names()
        message = f"there is no TuningJob {name!r} in namespace {self.namespace!r}; "
        close = get_close_matches(name, names, n=1)
        if close:
            message += f"did you mean {close[0]!r}? "
        if names:
            more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
            message += f"there are: {', '.join(names[:_NAMES_SHOWN])}{more}"
        else:
            message += "there are none in it; -n chooses another namespace"
        return CommandError(ExitCode.NOT_FOUND, message)


def selector(name: str) -> str:
    """The label selector of a TuningJob's trials."""
    return f"{LABEL_TUNING_JOB}={name}"


@asynccontextmanager
async def opened(
    target: Target, *, on_request: OnRequest = lambda *_: None
) -> AsyncGenerator[Access, None]:
    """The connection, closed at the end; failures of the cluster become `CommandError`."""
    with explained(target):
        client = await Client.connect(target.kubeconfig, target.context, on_request=on_request)
        async with client:
            yield Access(client, target.namespace or client.namespace)


@contextmanager
def explained(target: Target) -> Iterator[None]:
    """Turn a failure of the cluster into one line with its remedy.

    Raises:
        CommandError: For every `ClusterError` inside.
    """
    try:
        yield
    except ForbiddenError as error:
        message = f"the API server refuses: {error.message}"
        if error.status == HTTPStatus.UNAUTHORIZED:
            message += "; your credentials are missing or expired: kubectl auth whoami"
        else:
            message += "; ask for that right, or choose another --context or -n"
        raise CommandError(ExitCode.CLUSTER, message) from error
    except InvalidError as error:
        raise CommandError(
            ExitCode.FAILED, f"the API server rejects the change: {error.message}"
        ) from error
    except ClusterError as error:
        where = f"context {target.context!r}" if target.context else "the current context"
        raise CommandError(
            ExitCode.CLUSTER,
            f"cannot reach the cluster of {where}: {error.message}; "
            "does kubectl cluster-info work with the same --kubeconfig and --context?",
        ) from error
