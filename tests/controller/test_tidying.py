"""What is done to the Jobs of a TuningJob after its end, whatever the namespace allows."""

from kubetune.errors import ForbiddenError
from tests.controller.fake_cluster import Call
from tests.controller.fake_operator import Operator, run_to_the_end
from tests.controller.specs import spec_fields
from tests.controller.toy_cluster import World


async def test_a_policy_that_keeps_jobs_for_ever_is_no_fault_of_the_tuning_job() -> None:
    def refuse_changes_of_jobs(_number: int, call: Call, when: str) -> None:
        if (call.plural, call.method, when) == ("jobs", "PATCH", "before"):
            raise ForbiddenError(403, "Jobs are not to be changed here")

    world = World()
    world.submit(spec_fields())
    operator = Operator(world)
    operator.client.around = refuse_changes_of_jobs
    await run_to_the_end(world, operator)
    successor = Operator(world)
    successor.client.around = refuse_changes_of_jobs
    await successor.work()
    assert any(call.method == "PATCH" for call in successor.client.calls)
    assert successor.notes.told == []
    assert world.status["phase"] == "Complete"
