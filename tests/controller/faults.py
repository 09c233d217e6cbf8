"""What may happen to the operator at one of its calls."""

from collections.abc import Callable

from kubetune.errors import UnavailableError
from tests.controller.fake_cluster import Call
from tests.controller.fake_operator import Operator, ProcessDiedError, run_to_the_end
from tests.controller.toy_cluster import World

Fault = Callable[[int, Call, str], None]
"""To be set as a client's `around`."""


def lost_request(number: int) -> Fault:
    def around(call_number: int, _call: Call, when: str) -> None:
        if call_number == number and when == "before":
            raise UnavailableError(0, "no route to host")

    return around


def lost_answer(number: int) -> Fault:
    def around(call_number: int, _call: Call, when: str) -> None:
        if call_number == number and when == "after":
            raise UnavailableError(0, "connection reset by peer")

    return around


def death(number: int) -> Fault:
    def around(call_number: int, _call: Call, when: str) -> None:
        # What the dead process had under way reaches the server no more.
        if (call_number, when) == (number, "after") or call_number > number:
            raise ProcessDiedError

    return around


async def run_with(world: World, fault: Fault) -> list[Operator]:
    """Run to the end; a process that dies is followed by another one, without the fault."""
    operators = [Operator(world)]
    operators[0].client.around = fault
    try:
        await run_to_the_end(world, operators[0])
    except ProcessDiedError:
        operators.append(Operator(world))
        await run_to_the_end(world, operators[1])
    return operators
