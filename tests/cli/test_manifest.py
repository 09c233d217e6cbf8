import pytest

from kubetune.cli.manifest import ManifestError, read_documents


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1e-4", 0.0001),
        ("1.5e+3", 1500.0),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("12:30", "12:30"),
        ("010", 8),
        ("0o10", 8),
        ("08", 8),
        ("0x1f", 31),
        ("1_000", 1000),
        ("2020-01-01", "2020-01-01"),
        ("Off", False),
        ("y", True),
        ('"1"', "1"),
        ("'Off'", "Off"),
        ("~", None),
        ("1.2.3", "1.2.3"),
        ("1e", "1e"),
    ],
)
def test_a_scalar_is_read_as_kubectl_reads_it(text: str, want: object) -> None:
    (document,) = read_documents(f"a: {text}")
    assert document.body == {"a": want}
    assert type(document.body["a"]) is type(want) or text == "08"


def test_keys_become_text_as_in_json() -> None:
    (document,) = read_documents("3: a\non: b\nx: {2: c}")
    assert document.body == {"3": "a", "true": "b", "x": {"2": "c"}}


def test_every_field_knows_its_line() -> None:
    text = "# note\nspec:\n  list:\n    - a: 1\n      b: {c: 2}\n    - d: 3\n  x.y/z: 4\n"
    (document,) = read_documents(text)
    want = {"": 2, "spec": 2, "spec.list": 3, "spec.list[0].a": 4, "spec.list[0].b.c": 5}
    want |= {"spec.list[1].d": 6, "spec.list[1].missing.deep": 6, "spec.list[7]": 3, "other": 2}
    assert {path: document.line_of(path) for path in want} == want


def test_documents_are_told_apart_and_empty_ones_left_out() -> None:
    documents = read_documents("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n")
    assert [(d.line, d.body) for d in documents] == [(3, {"a": 1}), (7, {"b": 2})]


def test_what_kubectl_refuses_about_the_yaml_is_a_complaint() -> None:
    (document,) = read_documents("a: 1\nb: {c: .inf, d: -.NaN}\na: 2\n")
    assert document.complaints == (
        ("b.c", "b.c is .inf, which JSON cannot say"),
        ("b.d", "b.d is -.NaN, which JSON cannot say"),
        ("a", "a is given twice (again on line 3)"),
    )


def test_anchors_and_merge_keys_are_followed() -> None:
    (document,) = read_documents("base: &b {x: 1}\nuse: {<<: *b, z: 2}\n")
    assert document.body == {"base": {"x": 1}, "use": {"x": 1, "z": 2}}
    assert document.complaints == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [", 2, "expected the node content"),
        ("a: b: c", 1, "mapping values are not allowed here"),
        ("a: 1\n\tb: 2", 2, "cannot start any token"),
        ("a: *unknown", 1, "undefined alias"),
        ("a: \x00", 1, "unacceptable character"),
        ("a: &a [*a]", 1, "recursion"),
        ("a: !!python/object:os.system {}", 1, "could not determine a constructor"),
    ],
    ids=["open", "nested", "tab", "alias", "binary", "endless", "tag"],
)
def test_text_that_is_not_yaml_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(ManifestError, match=words) as caught:
        read_documents(text)
    assert caught.value.line == line


def test_aliases_of_aliases_do_not_fill_the_memory() -> None:
    text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
    for level in range(1, 12):
        text += f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * 10)}]\n"
    with pytest.raises(ManifestError, match="too large"):
        read_documents(text)
