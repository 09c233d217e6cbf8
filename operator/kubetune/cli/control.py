"""`kubetune stop`, `suspend` and `resume`: each sets one field and says what follows."""

from typing import TextIO

from kubetune.cli.access import Target, opened
from kubetune.cli.exits import ExitCode
from kubetune.cli.objects import TuningJob
from kubetune.cli.render.advice import Place
from kubetune.cli.render.wording import because

_PATCHES: dict[str, dict[str, object]] = {
    "stop": {"spec": {"stop": True}},
    "suspend": {"spec": {"suspend": True}},
    "resume": {"spec": {"suspend": False}},
}
_CONSEQUENCES = {
    "stop": "stopping for good; running trials are stopped, the best result so far is kept",
    "suspend": "suspending; running trials are stopped and will run again from their beginning "
    "on resume, finished ones keep their results",
    "resume": "resuming; interrupted trials run again from their beginning",
}


async def control(target: Target, name: str, *, action: str, out: TextIO) -> ExitCode:
    """Stop, suspend or resume. Doing it again, or to a job that has ended, changes nothing.

    Args:
        target: Which cluster.
        name: Name of the TuningJob.
        action: "stop", "suspend" or "resume".
        out: Where what follows is said.

    Raises:
        CommandError: No such job.
    """
    async with opened(target) as access:
        job = await access.job(name)
        reason = nothing_to_do(job, action)
        if reason is None:
            await access.patch_job(name, _PATCHES[action])
    if reason is not None:
        out.write(f"{name}: {reason}\n")
        return ExitCode.OK
    out.write(f"{name}: {_CONSEQUENCES[action]}\n")
    if action != "suspend":
        out.write(f"See how it goes: {Place(target.flags).command('watch', name)}\n")
    return ExitCode.OK


def nothing_to_do(job: TuningJob, action: str) -> str | None:
    """Why the action would change nothing; None if it would."""
    if job.has_ended:
        ended = job.condition("Failed") or job.condition("Complete")
        why = "" if ended is None else f" ({because(ended.reason, ended.message)})"
        return f"has already ended{why}; nothing to {action}"
    if action == "stop" and job.spec.stop:
        return "is being stopped already"
    if action == "suspend" and job.spec.suspend:
        return "is suspended already"
    if action == "resume" and not job.spec.suspend:
        return "is not suspended; nothing to resume"
    return None
