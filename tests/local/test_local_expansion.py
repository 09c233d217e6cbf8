import pytest

from kubetune.local.expansion import expand

VARIABLES = {"A": "a", "B": "b $(A)", "EMPTY": "", "with.dot": "d"}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("$(A)", "a", id="a variable"),
        pytest.param("x$(A)y$(EMPTY)z", "xayz", id="variables within text"),
        pytest.param("$(B)", "b $(A)", id="what is filled in is not looked at again"),
        pytest.param("$(UNKNOWN)", "$(UNKNOWN)", id="a name that is not set stays"),
        pytest.param("$$(A)", "$(A)", id="escaped"),
        pytest.param("$$$(A)", "$a", id="escaped operator before a reference"),
        pytest.param("$$$$(A)", "$$(A)", id="escaped twice"),
        pytest.param("cost: 5$", "cost: 5$", id="an operator at the end"),
        pytest.param("$A ${A} $ (A)", "$A ${A} $ (A)", id="what a shell knows is left alone"),
        pytest.param("$(A", "$(A", id="not closed"),
        pytest.param("$(A$(A)", "$(A$(A)", id="a name goes on up to the first parenthesis"),
        pytest.param("$(with.dot)$()", "d$()", id="names with dots, and none"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_references_are_filled_in_as_the_kubelet_does(text: str, want: str) -> None:
    assert expand(text, VARIABLES) == want
