"""What a person can do about a trial that waits or failed, by its reason."""

from kubetune.record.reasons import TRIAL_REASONS

_REMEDIES = {reason.name: reason.remedy for reason in TRIAL_REASONS}


def remedy(reason: str | None, *, namespace: str, job: str, trial: str) -> str | None:
    """What to do about it; None where nothing is known, or nothing needs doing."""
    found = _REMEDIES.get(reason or "")
    if not found:
        return None
    return found.replace("NAMESPACE", namespace).replace("TRIAL", trial).replace("NAME", job)
