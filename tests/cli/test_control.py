from io import StringIO

import pytest

from kubetune.cli.access import Target
from kubetune.cli.control import control
from kubetune.cli.exits import CommandError, ExitCode
from tests.cli.cli_builders import condition, job_body
from tests.kube.fake_api_server import FakeApiServer

JOBS = "/apis/kubetune.dev/v1alpha1/namespaces/team-a/tuningjobs"


@pytest.mark.parametrize(
    ("action", "before", "want"),
    [
        ("stop", {}, {"stop": True}),
        ("suspend", {}, {"suspend": True}),
        ("resume", {"suspend": True}, {"suspend": False}),
    ],
)
async def test_an_action_sets_its_field_and_says_what_follows(
    target: Target,
    server: FakeApiServer,
    action: str,
    before: dict[str, bool],
    want: dict[str, bool],
) -> None:
    stored = server.put(JOBS, job_body(spec=before))
    out = StringIO()
    assert await control(target, "digits", action=action, out=out) is ExitCode.OK
    got = server.find(JOBS, "digits")
    assert got is not None
    assert got["spec"] == {**stored["spec"], **want}
    words = {"stop": "stopping for good", "suspend": "suspending", "resume": "resuming"}
    assert f"digits: {words[action]}" in out.getvalue()
    assert all(flag in out.getvalue() for flag in target.flags) or action == "suspend"


@pytest.mark.parametrize(
    ("action", "spec"),
    [("stop", {"stop": True}), ("suspend", {"suspend": True}), ("resume", {})],
)
async def test_an_action_done_before_changes_nothing(
    target: Target, server: FakeApiServer, action: str, spec: dict[str, bool]
) -> None:
    stored = server.put(JOBS, job_body(spec=spec))
    out = StringIO()
    assert await control(target, "digits", action=action, out=out) is ExitCode.OK
    assert server.find(JOBS, "digits") == stored
    assert "already" in out.getvalue() or "nothing to resume" in out.getvalue()


@pytest.mark.parametrize("action", ["stop", "suspend", "resume"])
async def test_a_job_that_has_ended_is_left_alone(
    target: Target, server: FakeApiServer, action: str
) -> None:
    ended = [condition("Complete", "TargetReached", "0.99"), condition("Finished", "TargetReached")]
    stored = server.put(JOBS, job_body(phase="Complete", conditions=ended))
    out = StringIO()
    assert await control(target, "digits", action=action, out=out) is ExitCode.OK
    assert server.find(JOBS, "digits") == stored
    assert out.getvalue() == (
        f"digits: has already ended (TargetReached: 0.99); nothing to {action}\n"
    )


async def test_a_job_that_is_not_there_is_an_error(target: Target, server: FakeApiServer) -> None:
    del server
    with pytest.raises(CommandError, match="there are none in it; -n chooses") as caught:
        await control(target, "digits", action="stop", out=StringIO())
    assert caught.value.code is ExitCode.NOT_FOUND
