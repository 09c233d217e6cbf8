"""What a person can do about a trial that waits or failed, by its reason."""

from kubetune.record.reasons import TRIAL_REASONS

_REASONS = {reason.name: reason for reason in TRIAL_REASONS}


def remedy(
    reason: str | None, *, namespace: str, job: str, trial: str, directory: str | None = None
) -> str | None:
    """What to do about it; None where nothing is known, or nothing needs doing.

    Args:
        reason: `status.reason` of the trial.
        namespace: Where the job is.
        job: Its name.
        trial: Name of the trial.
        directory: What `kubetune run` keeps, quoted for a shell; None where a cluster ran the job.
    """
    known = _REASONS.get(reason or "")
    if known is None or not known.remedy:
        return None
    if directory is not None and known.locally:
        return known.locally.replace("TRIAL", trial).replace("DIR", directory)
    found = known.remedy
    return found.replace("NAMESPACE", namespace).replace("TRIAL", trial).replace("NAME", job)
