"""`kubetune best`: the best parameters, in the form that the next program wants."""

from shlex import quote
from typing import TextIO

import msgspec

from kubetune.api.names import parameter_variable
from kubetune.cli.access import Target, opened
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.objects import Best, TuningJob
from kubetune.cli.render.wording import clean


async def best(target: Target, name: str, *, form: str, out: TextIO) -> ExitCode:
    """Print the best trial so far.

    Args:
        target: Which cluster.
        name: Name of the TuningJob.
        form: "table", "json", "yaml", "env" or "args".
        out: Where to.

    Raises:
        CommandError: No such job, or no trial has ended with a value.
    """
    async with opened(target) as access:
        job = await access.job(name)
    remedy = " ".join(("kubetune watch", quote(name), *target.flags))
    return _told(job, remedy, form=form, out=out)


def best_of_file(
    place: str, name: str | None, *, form: str, stdin: TextIO, out: TextIO
) -> ExitCode:
    """Print the best trial so far of a job that is in a file, or that `kubetune run` keeps.

    Args:
        place: File or directory; `-` is standard input.
        name: Name of the TuningJob; None for the only one.
        form: As for `best`.
        stdin: Standard input.
        out: Where to.

    Raises:
        CommandError: It cannot be read, has no such job, or no trial has ended with a value.
    """
    from kubetune.cli.kept import converted, job_in, read_objects  # noqa: PLC0415  they cost 0.2 s

    job: TuningJob = converted(job_in(place, read_objects(place, stdin), name), TuningJob, place)
    return _told(job, f"kubetune explain -f {quote(place)}", form=form, out=out)


def _told(job: TuningJob, remedy: str, *, form: str, out: TextIO) -> ExitCode:
    """Print the best trial.

    Raises:
        CommandError: There is none yet.
    """
    incumbent = job.status.best
    if incumbent is None:
        raise CommandError(
            ExitCode.FAILED,
            f"TuningJob {job.metadata.name!r} has no best trial yet (it is "
            f"{job.status.phase or 'Pending'}); see how it goes: {remedy}",
        )
    out.write(render_best(job, incumbent, form))
    return ExitCode.OK


def render_best(job: TuningJob, incumbent: Best, form: str) -> str:
    """The incumbent as text, with a line end.

    `env` and `args` are quoted for a POSIX shell, so that `eval` and `xargs` see one word for each
    value, whatever is in it.
    """
    parameters = job.in_order(incumbent.parameters)
    match form:
        case "env":
            return "".join(
                f"{parameter_variable(name)}={quote(str(value))}\n"
                for name, value in parameters.items()
            )
        case "args":
            words = (quote(f"--{name}={value}") for name, value in parameters.items())
            return " ".join(words) + "\n"
        case "json":
            encoded = msgspec.json.encode(_document(job, incumbent))
            return msgspec.json.format(encoded, indent=2).decode() + "\n"
        case "yaml":
            return msgspec.yaml.encode(_document(job, incumbent)).decode()
        case _:
            return _table(job, incumbent)


def _document(job: TuningJob, incumbent: Best) -> dict[str, object]:
    return {
        "tuningJob": job.metadata.name,
        "namespace": job.metadata.namespace,
        "phase": job.status.phase,
        "metric": job.spec.objective.metric,
        "trial": incumbent.trial,
        "value": incumbent.value,
        "parameters": job.in_order(incumbent.parameters),
        "resource": incumbent.resource,
    }


def _table(job: TuningJob, incumbent: Best) -> str:
    parameters = job.in_order(incumbent.parameters)
    rows = [("TRIAL", incumbent.trial), (job.spec.objective.metric, str(incumbent.value))]
    if incumbent.resource is not None:
        rows.append(("step", str(incumbent.resource)))
    rows.append(("PARAMETER", "VALUE"))
    rows += [(clean(name), clean(str(value))) for name, value in parameters.items()]
    width = max(len(name) for name, _ in rows)
    return "".join(f"{name:<{width}}  {value}\n" for name, value in rows)
