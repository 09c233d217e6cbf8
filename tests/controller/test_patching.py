from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubetune.controller.patching import merge_patch
from tests.examples import examples

_leaves = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"])
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=12,
)
_objects = st.dictionaries(st.sampled_from("abcd"), _values, max_size=4)


_few = examples(30)


def apply(target: Any, patch: Any) -> Any:
    """MergePatch of RFC 7386, section 2."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply(result.get(name), value)
    return result


def without_nulls(value: Any) -> Any:
    """What an API server keeps: a null in an object is an absent field."""
    if isinstance(value, Mapping):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    return value


@_few
@given(old=_objects, new=_objects)
def test_a_patch_applied_to_the_old_object_gives_the_new_one(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert without_nulls(apply(old, merge_patch(old, new))) == without_nulls(new)


@_few
@given(same=_objects)
def test_the_patch_between_equal_objects_is_empty(same: dict[str, Any]) -> None:
    assert merge_patch(same, same) == {}


@_few
@given(old=_objects, new=_objects)
def test_a_patch_names_nothing_that_is_the_same_in_both(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    unchanged = {name for name, value in new.items() if value == old.get(name)}
    assert unchanged.isdisjoint(merge_patch(old, new))


def test_a_list_is_replaced_whole_and_a_field_that_goes_is_named_as_null() -> None:
    old = {"items": [1, 2], "gone": 1, "inner": {"kept": 1, "gone": 2}}
    new = {"items": [2], "inner": {"kept": 1}}
    assert merge_patch(old, new) == {"items": [2], "gone": None, "inner": {"gone": None}}
