"""The cluster's iptables rules: our own few, and the way to remove everybody's.

kube-proxy writes rules as well, and CNI plugins may; none of them removes its own at the end.
"""

import shutil
from collections.abc import Iterable, Sequence
from typing import Final

from tests.cluster.commands import SYSTEM_PATH, run
from tests.cluster.layout import IPTABLES_CHAIN, POD_RANGE, SERVICE_RANGE

FILTER_RULES: Final = (
    # A packet to a service address that kube-proxy has no rule for (yet) would leave by the
    # default route and be lost; its sender would wait 20 s and more. Refused, it tries again.
    f"-d {SERVICE_RANGE} -j REJECT --reject-with icmp-port-unreachable",
    # Where something else (Docker, a firewall) forwards nothing by default.
    f"-s {POD_RANGE} -j ACCEPT",
    f"-d {POD_RANGE} -j ACCEPT",
)
NAT_RULES: Final = (f"-s {POD_RANGE} ! -d {POD_RANGE} -j MASQUERADE",)
HOOKS: Final = (("filter", "FORWARD"), ("filter", "OUTPUT"), ("nat", "POSTROUTING"))
"""Built-in chains that jump to ours; OUTPUT only meets the first rule's case and the accepts."""

NODE_CHAIN_PREFIXES: Final = (IPTABLES_CHAIN, "KUBE-")
OWN_CHAIN_PREFIXES: Final = (*NODE_CHAIN_PREFIXES, "CNI-")
"""Others use the CNI plugins too: such a chain is ours only when it came after the cluster."""


def add_rules() -> None:
    """Fill the cluster's own iptables chains and have the built-in chains jump to them first."""
    lines: list[str] = []
    for table, rules in (("filter", FILTER_RULES), ("nat", NAT_RULES)):
        saved = run(["iptables-save", "-t", table]).splitlines()
        lines += [f"*{table}", f":{IPTABLES_CHAIN} - [0:0]", f"-F {IPTABLES_CHAIN}"]
        lines += [f"-A {IPTABLES_CHAIN} {rule}" for rule in rules]
        for hook_table, hook in HOOKS:
            jump = f"{hook} -j {IPTABLES_CHAIN}"
            if hook_table == table and f"-A {jump}" not in saved:
                lines.append(f"-I {jump}")
        lines.append("COMMIT")
    run(["iptables-restore", "--noflush"], stdin="\n".join(lines) + "\n")


def remove_rules(keep: frozenset[str]) -> None:
    """Remove every chain of the cluster, its kube-proxy and its CNI plugins, IPv4 and IPv6.

    `keep` names chains that were there before the cluster was.
    """
    for program in _iptables_programs():
        undo = undo_rules(run([f"{program}-save"]).splitlines(), keep=keep)
        if undo:
            run([f"{program}-restore", "--noflush"], stdin="\n".join(undo) + "\n")


def present_chains(prefixes: Sequence[str] = OWN_CHAIN_PREFIXES) -> frozenset[str]:
    """Chains, IPv4 and IPv6, whose names begin as those of the cluster's chains do."""
    return frozenset(
        chain
        for program in _iptables_programs()
        for chain in named_chains(run([f"{program}-save"]).splitlines(), prefixes)
    )


def named_chains(saved: Iterable[str], prefixes: Sequence[str]) -> tuple[str, ...]:
    """The chains in the output of iptables-save whose names begin with one of `prefixes`."""
    return tuple(
        line[1:].split()[0]
        for line in saved
        if line.startswith(tuple(f":{prefix}" for prefix in prefixes))
    )


def undo_rules(saved: Iterable[str], *, keep: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Input for `iptables-restore --noflush` that removes the cluster's part of `saved`.

    Rules of other chains that jump to ours are deleted one by one; ours are emptied, then
    deleted. Everybody else's rules, and the chains in `keep`, stay as they are. Empty when
    nothing of ours is there.
    """
    undo: list[str] = []
    for table, lines in _tables(saved):
        chains = tuple(
            chain for chain in named_chains(lines, OWN_CHAIN_PREFIXES) if chain not in keep
        )
        jumps = [
            f"-D {line.removeprefix('-A ')}"
            for line in lines
            if line.startswith("-A ")
            and line.split()[1] not in chains
            and any(f" -j {chain} " in f"{line} " for chain in chains)
        ]
        if chains:
            undo.append(f"*{table}")
            undo += jumps
            undo += [f"-F {chain}" for chain in chains]
            undo += [f"-X {chain}" for chain in chains]
            undo.append("COMMIT")
    return tuple(undo)


def _iptables_programs() -> tuple[str, ...]:
    return tuple(
        program
        for program in ("iptables", "ip6tables")
        if shutil.which(f"{program}-save", path=SYSTEM_PATH)
    )


def _tables(saved: Iterable[str]) -> Iterable[tuple[str, list[str]]]:
    table, lines = "", list[str]()
    for line in saved:
        if line.startswith("*"):
            table, lines = line[1:].strip(), []
        elif line == "COMMIT":
            yield table, lines
        else:
            lines.append(line)
