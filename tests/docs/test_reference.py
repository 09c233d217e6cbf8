"""The reference is fresh and leaves nothing out: no reason, metric, label, enum value or event."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import kubetune
import kubetune.api
from handbook.gaps import TABLES, gaps, reasons_of_the_code
from handbook.labels import VARIABLES
from handbook.metrics import families
from handbook.pages import REFERENCE, made_pages
from kubetune.cli.render.remedies import remedy
from kubetune.record.job_reasons import JOB_REASONS, REFUSALS
from kubetune.record.reasons import TRIAL_REASONS

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "operator" / "kubetune"
PAGES = made_pages(ROOT)


def test_every_page_in_the_folder_is_made_or_is_its_map() -> None:
    there = {path.relative_to(ROOT) for path in (ROOT / REFERENCE).iterdir()}
    assert there == {*PAGES, REFERENCE / "README.md"}


def enums() -> Iterator[type[StrEnum]]:
    for module in pkgutil.iter_modules(kubetune.api.__path__, "kubetune.api."):
        for found in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(found) and issubclass(found, StrEnum) and found is not StrEnum:
                yield found


def test_every_value_of_every_enum_stands_in_the_reference() -> None:
    text = "\n".join(PAGES.values())
    missing = {f"{e.__name__}.{v}" for e in enums() for v in e if f"`{v.value}`" not in text}
    assert missing == set()


def test_nothing_that_the_code_gives_is_left_out() -> None:
    assert list(gaps(ROOT)) == []


def test_reasons_are_found_in_the_code_wherever_they_are_given() -> None:
    found = reasons_of_the_code(ROOT)
    wanted = {"OOMKilled", "Tuning", "MaxTrialsReached", "InvalidPlaceholders", "Launched"}
    assert wanted - found == set()


def test_a_reason_stands_once_in_its_table_and_is_a_sentence() -> None:
    for table in TABLES:
        told = [reason.name for reason in table]
        assert len(told) == len(set(told))
        assert all(reason.meaning.endswith(".") for reason in table)
        assert not any(reason.remedy.endswith(".") for reason in table)


def test_whatever_failed_or_was_refused_has_a_remedy() -> None:
    bad = [reason for reason in TRIAL_REASONS if {"Failed", "MetricsUnavailable"} & {*reason.found}]
    bad += [reason for reason in JOB_REASONS if "Failed" in reason.found]
    assert [reason.name for reason in bad if not reason.remedy] == []
    assert [r.name for r in REFUSALS if not r.remedy] == ["ParentNotFinished"]


def test_a_remedy_names_the_trial_the_job_and_where_they_are() -> None:
    names = {"namespace": "team-a", "job": "digits", "trial": "digits-3"}
    assert "logs -n team-a job/digits-3" in (remedy("MetricNotReported", **names) or "")
    assert "resume digits -n team-a" in (remedy("Suspended", **names) or "")
    assert remedy("Completed", **names) is None
    assert remedy("NobodyKnows", **names) is None


def test_the_commands_of_remedies_say_where_to_look() -> None:
    remedies = [reason.remedy for table in TABLES for reason in table]
    named = re.compile(r"`(kube\w+ [^`]*(?:NAME|TRIAL|get)\b[^`]*)`")
    commands = [command for remedy in remedies for command in named.findall(remedy)]
    assert {command.split()[0] for command in commands} == {"kubectl", "kubetune"}
    assert [command for command in commands if "-n NAMESPACE" not in command] == []


def test_every_metric_stands_in_the_reference_with_what_it_says() -> None:
    text = PAGES[REFERENCE / "metrics.md"]
    assert len(families()) > 10
    assert [f.name for f in families() if f"`{f.name}" not in text or not f.documentation] == []


def test_every_environment_variable_of_a_trial_is_explained() -> None:
    files = [*(SOURCE / "trialjob").glob("*.py"), SOURCE / "api" / "names.py"]
    code = "".join(path.read_text("utf-8") for path in files)
    found = set(re.findall(r'"(KUBETUNE_[A-Z_]+)"', code)) - {"KUBETUNE_COLLECT"}
    found = {"KUBETUNE_PARAM_<NAME>" if name == "KUBETUNE_PARAM_" else name for name in found}
    assert found == set(VARIABLES)
