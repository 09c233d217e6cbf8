"""The reference of reasons and events, from the tables that `kubetune explain` reads as well."""

from collections.abc import Sequence

from handbook.markdown import code, fields_as_code, generated, table
from kubetune.record.job_reasons import CONDITION_REASONS, JOB_REASONS, OTHER_EVENTS, REFUSALS
from kubetune.record.reasons import TRIAL_REASONS, Reason

REASONS_PAGE = "reasons.md"
EVENTS_PAGE = "events.md"


def reasons_page() -> str:
    """Return the page of the reasons in `status.reason` and in conditions."""
    return (
        generated(
            "Reasons",
            "One word in `status.reason`, with a sentence in `status.message`; this page says what "
            "each word means and what to do. `kubetune explain NAME` says the same about your own "
            "job, `kubetune explain NAME --trial N` about a trial. In the remedies NAME is the "
            "job, and TRIAL the trial and its Kubernetes Job.",
            "## Of a Trial",
            _table("State", TRIAL_REASONS),
            "A Stopped trial has the reason for which its job ended. Any other reason that "
            "Kubernetes gives to a Job's failure is passed on as it is.",
            "## Of a TuningJob that does not start",
            "The condition Accepted is False with the reason, and no trial has started.",
            _table("Phase", REFUSALS),
            "## Of a TuningJob that runs or has ended",
            _table("Phase", JOB_REASONS),
            "## Of a condition",
            "A condition that is True has the reason of the phase, and one that is False has its "
            "own name with `Not` before it, but for these:",
            _table("Condition", CONDITION_REASONS),
        )
        + "\n"
    )


def events_page() -> str:
    """Return the page of the Events."""
    return (
        generated(
            "Events",
            "`kubectl describe` and `kubectl events` show them. They are advice to people: "
            "repeated ones are counted, and too many at once are dropped. What a program wants to "
            "know stands in the [status](tuningjob.md#status).",
            "## For every change",
            "A change of a Trial's state or reason makes an event about the Trial, with the new "
            "state as action and its [reason](reasons.md#of-a-trial) as reason; a change of a "
            "TuningJob's phase one about the TuningJob, with its "
            "[reason](reasons.md#of-a-tuningjob-that-runs-or-has-ended). Failures, refusals and "
            "waits that need somebody are Warnings, all others Normal.",
            "## Besides",
            _table("About, type", OTHER_EVENTS),
        )
        + "\n"
    )


def _table(head: str, reasons: Sequence[Reason]) -> str:
    rows = [
        [code(r.name), ", ".join(r.found), fields_as_code(r.meaning), _sentence(r.remedy)]
        for r in reasons
    ]
    return table(["Reason", head, "What has happened", "What to do"], rows)


def _sentence(remedy: str) -> str:
    """Return a remedy as a sentence; one that begins with code begins small."""
    text = fields_as_code(remedy)
    return text if not text or text.startswith("`") else text[0].upper() + text[1:]
