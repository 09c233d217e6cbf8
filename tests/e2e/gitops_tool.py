"""What a GitOps controller does with one manifest."""

import yaml

from tests.e2e.tuning_jobs import Jobs


class Tool:
    """Applies and compares one manifest as a GitOps controller does: server-side, by its name."""

    def __init__(self, jobs: Jobs, manifest: dict[str, object], *, manager: str = "gitops") -> None:
        self._jobs = jobs
        self._options = ("--server-side", f"--field-manager={manager}", "--force-conflicts")
        self._text = yaml.safe_dump(manifest)

    def apply(self) -> None:
        """Apply, taking over what others changed."""
        self._jobs.kubectl("apply", *self._options, "-f", "-", stdin=self._text)

    def drift(self) -> str:
        """Return what applying again would change."""
        server_side = self._jobs.kubectl(
            "diff", *self._options, "-f", "-", stdin=self._text, check=False
        )
        return server_side + self._jobs.kubectl("diff", "-f", "-", stdin=self._text, check=False)

    def prune(self) -> None:
        """Delete it, and return when it is gone with all that belongs to it."""
        options = ("--cascade=foreground", "--timeout=60s")
        self._jobs.kubectl("delete", *options, "-f", "-", stdin=self._text)
