"""The tables for those who come from elsewhere leave no field out, and name fields that exist."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from kubetune.api.crd import trial_crd, tuning_job_crd
from tests.docs.pages import DOCS, Page

# Of Experiment in kubeflow.org/v1beta1, as in Katib 0.19.
KATIB = """
    additionalMetricNames algorithm algorithmName algorithmSettings bestTrialName categorical
    collector completionTime conditions configMap configMapName configMapNamespace
    currentOptimalTrial customCollector description discrete distribution double earlyStopping
    earlyStoppedTrialList failedTrialList failureCondition feasibleSpace fileSystemPath filter
    format goal graphConfig httpGet int killedTrialList kind lastReconcileTime latest list
    logNormal logUniform max maxFailedTrialCount maxTrialCount maximize metricStrategies metrics
    metricsCollectorSpec metricsFormat metricsUnavailableTrialList min minimize name nasConfig
    normal objective objectiveMetricName observation operations parallelTrialCount
    parameterAssignments parameterType path pendingTrialList primaryContainerName
    primaryPodLabels reference resumePolicy retain runningTrialList source startTime step
    succeededTrialList successCondition templatePath trialMetricsUnavailable trialParameters
    trialSpec trialTemplate trials trialsEarlyStopped trialsFailed trialsKilled trialsPending
    trialsRunning trialsSucceeded type uniform Custom File None PrometheusMetric Push StdOut
    TensorFlowEvent Created Running Restarting Succeeded Failed
"""

# Of CreateHyperParameterTuningJob in the API of 2017-07-24, but for what is below InputDataConfig.
SAGEMAKER = """
    AlgorithmName AlgorithmSpecification AllocationStrategy AutoParameters Autotune
    BestObjectiveNotImproving CategoricalParameterRanges CheckpointConfig CompleteOnConvergence
    CompressionType ContinuousParameterRanges ConvergenceDetected DefinitionName
    EnableInterContainerTrafficEncryption EnableManagedSpotTraining EnableMultipleJobs
    EnableNetworkIsolation Environment HyperParameterRanges HyperParameterTuningJobConfig
    HyperParameterTuningJobName HyperParameterTuningJobObjective
    HyperParameterTuningResourceConfig HyperbandStrategyConfig InputDataConfig InstanceConfigs
    InstanceCount InstanceGroupName InstanceGroups InstancePlacementConfig InstancePreferences
    InstanceType IntegerParameterRanges KeepAlivePeriodInSeconds Key KmsKeyId LocalPath
    MaxNumberOfTrainingJobs MaxNumberOfTrainingJobsNotImproving MaxParallelTrainingJobs
    MaxPendingTimeInSeconds MaxResource MaxRuntimeInSeconds MaxValue MaxWaitTimeInSeconds
    MaximumRetryAttempts MetricDefinitions MetricName MinResource MinValue Mode Name
    OutputDataConfig ParameterRanges ParentHyperParameterTuningJobs PlacementSpecifications
    RandomSeed Regex ResourceConfig ResourceLimits RetryStrategy RoleArn S3OutputPath S3Uri
    ScalingType SecurityGroupIds SelectedInstanceCount SelectedInstanceType
    StaticHyperParameters StoppingCondition Strategy StrategyConfig Subnets Tags
    TargetObjectiveMetricValue TrainingImage TrainingInputMode TrainingJobDefinition
    TrainingJobDefinitions TrainingJobEarlyStoppingType TrainingPlanArn TrainingPlanArns
    TuningJobCompletionCriteria TuningObjective Type UltraServerId Value ValueHint Values
    VolumeKmsKeyId VolumeSizeInGB VpcConfig WarmStartConfig WarmStartType
"""

TABLES = {"katib-fields.md": KATIB, "sagemaker-fields.md": SAGEMAKER}

_CODE = re.compile(r"`([^`]+)`")
_PATH = re.compile(r"(?:spec\.|status\.)?[a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)+")


def page(name: str) -> Page:
    return Page(DOCS / "migration" / name)


@pytest.mark.parametrize("name", TABLES)
def test_no_field_is_left_out(name: str) -> None:
    text = page(name).text
    assert [field for field in TABLES[name].split() if not re.search(rf"\b{field}\b", text)] == []


def ours(name: str) -> Iterator[str]:
    """Yield the paths of our fields in the second column of a page's tables."""
    for line in page(name).text.splitlines():
        cells = line.split(" | ")
        if line.startswith("| ") and len(cells) > 1:
            for code in _CODE.findall(cells[-1]):
                path = _PATH.match(code)
                if path is not None and not code.startswith(("kubetune ", "kubectl ", "kubetune.")):
                    yield path[0]


def exists(path: str) -> bool:
    roots = [
        crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        for crd in (tuning_job_crd(), trial_crd())
    ]
    begin = path if path.startswith(("spec.", "status.", "metadata.")) else f"spec.{path}"
    return any(_leads_somewhere(root, begin.split(".")) for root in roots)


def _leads_somewhere(schema: Mapping[str, Any], names: list[str]) -> bool:
    if not names or schema.get("x-kubernetes-preserve-unknown-fields") or names[0] == "metadata":
        return True
    below = schema.get("items", schema).get("properties", {})
    return names[0] in below and _leads_somewhere(below[names[0]], names[1:])


@pytest.mark.parametrize("name", TABLES)
def test_every_field_of_ours_exists(name: str) -> None:
    paths = set(ours(name))
    assert len(paths) > 20
    assert {path for path in paths if not exists(path)} == set()
