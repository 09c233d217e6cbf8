"""`kubetune simulate`: a TuningJob in virtual time, by the operator's own decisions; offline."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from kubetune.api.tuningjob import TuningJobSpec
from kubetune.api.validation import parse_spec
from kubetune.cli.exits import CommandError, ExitCode
from kubetune.cli.libraries import demand_libraries
from kubetune.cli.manifest import Document, ManifestError, read_documents
from kubetune.cli.objective import CountedTable, function_training, load_table
from kubetune.cli.progress import Watcher, progress_of
from kubetune.cli.render.chart import Line, chart
from kubetune.cli.render.simulation import Study, as_json, as_text
from kubetune.cli.verdict import judge
from kubetune.errors import ObjectiveError
from kubetune.simulator.study import Account, as_random, course, simulate_job
from kubetune.simulator.training import Training
from kubetune.simulator.weather import Weather

STANDARD_INPUT = "-"
_PLOTTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateOptions:
    """What was asked for.

    Attributes:
        filename: The manifest; `-` is standard input.
        objective: `FILE.py:function`; None with a table.
        table: CSV or JSON file; None with a function.
        workers: Trials at a time; None: as the manifest has it.
        seeds: Number of seeds, from the manifest's on.
        steps: Steps of a trial; None: its resource.
        step_time: Time of a step where nothing else says.
        weather: Faults and delays.
        compares: Whether random search is run beside it.
        output: "table" or "json".
        plot: Where to draw the SVG; None: nowhere.
    """

    filename: str
    objective: str | None
    table: str | None
    workers: int | None
    seeds: int
    steps: int | None
    step_time: timedelta
    weather: Weather
    compares: bool
    output: str
    plot: str | None


def simulate(options: SimulateOptions, *, stdin: TextIO, out: TextIO, err: TextIO) -> ExitCode:
    """Simulate the job and tell what came of it.

    Args:
        options: What was asked for.
        stdin: Standard input.
        out: For the result.
        err: For progress and notes.

    Raises:
        CommandError: Something cannot be read or is faulty, or the objective fails.
    """
    name, spec = read_job(options.filename, stdin)
    spec = _adapted(spec, options)
    demand_libraries(spec)
    steps = options.steps or (spec.strategy.hyperband and spec.strategy.hyperband.top)
    seconds = options.step_time.total_seconds()
    table: CountedTable | None = None
    if options.table is not None:
        table = load_table(options.table, spec, step_seconds=seconds)
        training: Training = table.train
    else:
        training = function_training(
            options.objective or "", spec, steps=steps or None, step_seconds=seconds
        )
    try:
        study = _study(name, spec, training, options, err)
    except ObjectiveError as error:
        raise CommandError(ExitCode.FAILED, str(error)) from error
    err.writelines(f"note: {note}\n" for note in _notes(study, table))
    out.write(as_json(study) if options.output == "json" else as_text(study))
    if options.plot is not None:
        _write(options.plot, _chart(study))
        err.write(f"drawn: {options.plot}\n")
    return ExitCode.OK


def read_job(filename: str, stdin: TextIO) -> tuple[str, TuningJobSpec]:
    """Return name and spec of the one TuningJob of a file.

    Raises:
        CommandError: There is not exactly one, or it is faulty.
    """
    try:
        is_stdin = filename == STANDARD_INPUT
        text = stdin.read() if is_stdin else Path(filename).read_text(encoding="utf-8")
        documents = read_documents(text)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(ExitCode.USAGE, f"cannot read {filename}: {reason}") from None
    except UnicodeDecodeError as error:
        raise CommandError(ExitCode.FAILED, f"{filename} is not text in UTF-8: {error}") from None
    except ManifestError as error:
        raise CommandError(ExitCode.FAILED, f"{filename}: not YAML: {error}") from None
    jobs = [document for document in documents if _is_job(document)]
    if len(jobs) != 1:
        many = f"{len(jobs)} TuningJobs; one at a time" if jobs else "no TuningJob"
        raise CommandError(ExitCode.FAILED, f"{filename} has {many}")
    verdict = judge(jobs[0])
    if verdict.complaints:
        lines = "".join(f"\n  line {c.line}: {c.message}" for c in verdict.complaints)
        raise CommandError(ExitCode.FAILED, f"{filename}: TuningJob {verdict.name}{lines}")
    return verdict.name, parse_spec(jobs[0].body["spec"])


def _is_job(document: Document) -> bool:
    return isinstance(document.body, dict) and document.body.get("kind") == "TuningJob"


def _adapted(spec: TuningJobSpec, options: SimulateOptions) -> TuningJobSpec:
    """Return the spec awake, and with as many trials at a time as was asked for."""
    limits = spec.limits
    if options.workers is not None:
        limits = limits.model_copy(update={"max_parallel_trials": options.workers})
    return spec.model_copy(update={"limits": limits, "suspend": False, "stop": False})


def _study(
    name: str, spec: TuningJobSpec, training: Training, options: SimulateOptions, err: TextIO
) -> Study:
    first = spec.strategy.seed or 0
    seeds = range(first, first + options.seeds)
    total = spec.limits.max_trials
    with progress_of(err, jobs=len(seeds) * (1 + options.compares), trials=total) as watcher:
        simulator = _Simulator(training, options.weather, watcher)
        ours = [simulator.run(spec, seed) for seed in seeds]
        random: Sequence[Account] = ()
        if options.compares:
            plain = as_random(spec)
            random = [simulator.run(plain, a.seed, max_cost=a.cost) for a in ours]
    return Study(name=name, spec=spec, accounts=tuple(ours), random=tuple(random))


@dataclass(frozen=True, slots=True)
class _Simulator:
    """What all simulations of a command have in common."""

    training: Training
    weather: Weather
    watcher: Watcher

    def run(self, spec: TuningJobSpec, seed: int, *, max_cost: float | None = None) -> Account:
        title = f"{spec.strategy.type}, seed {seed}"
        account = simulate_job(
            spec,
            self.training,
            seed=seed,
            weather=self.weather,
            max_cost=max_cost,
            on_look=lambda job: self.watcher.trials(title, job.finished),
        )
        trials = sum(account.states.values())
        best = f"{account.peaks[-1].value:.6g}" if account.peaks else "no value"
        self.watcher.job_done(f"{title}: {trials} trials, best {spec.objective.metric} {best}")
        return account


def _notes(study: Study, table: CountedTable | None) -> list[str]:
    notes = [
        f"seed {account.seed}: random search answered: {account.complaint}"
        for account in study.accounts
        if account.complaint is not None
    ]
    if study.spec.warm_start is not None:
        notes.append("spec.warmStart is left out: a simulation begins with no results of others")
    if table is not None and table.nearest:
        notes.append(
            f"{table.nearest} of {table.trials} trials have a point that is not in the table and "
            "took the values of the nearest one"
        )
    return notes


def _chart(study: Study) -> str:
    until = max(account.cost for account in study.accounts)
    lines = [
        Line(name=name, levels=course(accounts, points=_PLOTTED, until=until))
        for name, accounts in study.sides()
    ]
    metric = study.spec.objective.metric
    seeds = len(study.accounts)
    over = f"mean and standard deviation over {seeds} seeds" if seeds > 1 else "one seed"
    return chart(
        lines, title=f"{study.name}: best {metric} reported so far, {over}", y_title=metric
    )


def _write(filename: str, text: str) -> None:
    try:
        Path(filename).write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(ExitCode.USAGE, f"cannot write {filename}: {reason}") from None
