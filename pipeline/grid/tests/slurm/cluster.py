"""A real Slurm cluster on this machine: a controller and two nodes, as root, on loopback, without systemd.

    with Cluster(logs) as cluster:
        cluster.call("sbatch", "job.sh")

Everything lies in a temporary folder and listens on free ports, so that it disturbs no Slurm that is installed here.
When the block ends, or this program in whatever way, a guard ends every process that was started in the cluster. It
knows them by a variable that only they have.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

NODES = ["n1", "n2"]
# Tasks a node.
CPUS = 2
# Every process of the cluster has this variable, with the cluster's folder.
MARK = "CLIKA_TEST_SLURM"
PROGRAMS = ["sbatch", "scontrol", "squeue", "scancel", "sinfo", "slurmctld", "slurmd", "munged"]
# Daemons lie where PATH does not always lead.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Failed(Exception):
    """What was expected of the cluster, or of clika in it, did not happen."""


def missing():
    """What this machine lacks, in words, and None if there is a cluster to be had."""
    absent = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if absent:
        return f"missing {' '.join(absent)}; on Debian: apt-get install slurm-wlm munge"
    if os.geteuid() != 0:
        return "needs root, as which the daemons run jobs and read each other's credentials"
    return None


def free_ports(count):
    """Ports of loopback that nobody listens on now, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listening.getsockname()[1] for listening in sockets]
    for listening in sockets:
        listening.close()
    return ports


def wait_until(what, condition, seconds, pause=0.05):
    """Waits for a condition that is true at last, and gives its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(pause)


@dataclass(frozen=True)
class Process:
    number: int
    argv: tuple
    environment: dict

    @property
    def task(self):
        """The job that it belongs to, `12` or `12_3` in an array; None for a daemon."""
        array = self.environment.get("SLURM_ARRAY_JOB_ID")
        return f"{array}_{self.environment['SLURM_ARRAY_TASK_ID']}" if array else self.environment.get("SLURM_JOB_ID")


def processes_of(folder):
    """Processes of the cluster in a folder."""
    found = []
    for place in Path("/proc").iterdir():
        if not place.name.isdigit():
            continue
        try:
            lines = (place / "environ").read_bytes().decode(errors="replace").split("\0")
            argv = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
        except OSError:
            # It has ended in the meantime.
            continue
        environment = dict(line.split("=", 1) for line in lines if "=" in line)
        if environment.get(MARK) == str(folder):
            found.append(Process(int(place.name), tuple(argv), environment))
    return found


def guard(folder):
    """Waits for the end of the program that started it, and ends the cluster in a folder."""
    sys.stdin.read()
    # What is killed may just have started another one.
    while processes := processes_of(folder):
        for process in processes:
            try:
                os.kill(process.number, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


class Cluster:
    """`logs` is a folder for what the daemons say; `environment` is what programs run with, and the cluster adds to it;
    `max_array` is the cluster's MaxArraySize."""

    def __init__(self, logs, environment, max_array):
        self.logs = Path(logs).resolve()
        self.environment = environment
        self.max_array = max_array
        self.daemons = {}

    def __enter__(self):
        # Short: the name of a socket has at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.environment = {**self.environment, "PATH": PATH, "SLURM_CONF": str(self.folder / "slurm.conf"),
                            MARK: str(self.folder)}  # fmt: skip
        # A session of its own, so that Ctrl-C in a terminal does not end it.
        self.guard = subprocess.Popen([sys.executable, __file__, self.folder], stdin=subprocess.PIPE,
                                      start_new_session=True)  # fmt: skip
        try:
            self.logs.mkdir(parents=True, exist_ok=True)
            self.start_munge()
            self.configure()
            self.start_controller()
            for node in NODES:
                self.start("slurmd-" + node, "slurmd", "-D", "-N", node)
            wait_until("both nodes are idle", lambda: set(self.nodes().values()) == {"idle"}, 30)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error):
        self.stop()

    def start(self, name, *argv):
        """Starts a daemon in the foreground, with its output in the logs."""
        with open(self.logs / f"{name}.out", "ab") as output:
            self.daemons[name] = subprocess.Popen(argv, env=self.environment, stdin=subprocess.DEVNULL,
                                                  stdout=output, stderr=output, cwd=self.folder)  # fmt: skip

    def start_munge(self):
        """Munge signs who sends a message. Its socket's folder has to be open to all, and writable for one."""
        key, place = self.folder / "munge.key", self.folder / "munge"
        self.folder.chmod(0o711)
        place.mkdir()
        place.chmod(0o711)
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        self.socket = place / "socket"
        self.start("munged", "munged", "--foreground", f"--socket={self.socket}", f"--key-file={key}",
                   f"--pid-file={place / 'pid'}", f"--seed-file={place / 'seed'}",
                   f"--log-file={self.logs / 'munged.log'}")  # fmt: skip
        wait_until("munge has its socket", self.socket.exists, 10)

    def configure(self):
        host = socket.gethostname().split(".")[0]
        control, *ports = free_ports(1 + len(NODES))
        lines = [
            "ClusterName=clika",
            f"SlurmctldHost={host}(127.0.0.1)",
            f"SlurmctldPort={control}",
            "SlurmUser=root",
            "AuthType=auth/munge",
            # A requeued task waits until what was signed for its last run is no longer valid: 120 s if nothing is said,
            # or less than 5.
            f"AuthInfo=socket={self.socket},cred_expire=5",
            "CommunicationParameters=NoInAddrAny",
            f"StateSaveLocation={self.folder / 'state'}",
            f"SlurmdSpoolDir={self.folder}/spool-%n",
            f"SlurmctldPidFile={self.folder / 'slurmctld.pid'}",
            f"SlurmdPidFile={self.folder}/slurmd-%n.pid",
            f"SlurmctldLogFile={self.logs / 'slurmctld.log'}",
            f"SlurmdLogFile={self.logs}/slurmd-%n.log",
            # No cgroups, which a container may not have.
            "ProctrackType=proctrack/linuxproc",
            "TaskPlugin=task/none",
            "JobAcctGatherType=jobacct_gather/none",
            "AccountingStorageType=accounting_storage/none",
            "MpiDefault=none",
            "SelectType=select/cons_tres",
            "SelectTypeParameters=CR_CPU",
            # Nodes have what is written here, whatever the machine has.
            "SlurmdParameters=config_overrides",
            "PropagateResourceLimits=NONE",
            "ReturnToService=2",
            "SchedulerParameters=sched_interval=1,bf_interval=1",
            "KillWait=5",
            f"MaxArraySize={self.max_array}",
            # Ended jobs are asked about until the test ends.
            "MinJobAge=3600",
        ]
        lines += [
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={CPUS} RealMemory=1000"
            for node, port in zip(NODES, ports)
        ]
        lines.append(f"PartitionName=main Nodes={','.join(NODES)} Default=YES MaxTime=60 DefaultTime=5 State=UP")
        (self.folder / "state").mkdir()
        (self.folder / "slurm.conf").write_text("\n".join(lines) + "\n")

    def start_controller(self):
        self.start("slurmctld", "slurmctld", "-D")
        wait_until("the controller answers", lambda: self.run("scontrol", "ping")[0] == 0, 20)

    def restart_controller(self):
        """Ends the controller as an update of Slurm does, and starts it from what it saved; jobs run on."""
        controller = self.daemons["slurmctld"]
        controller.terminate()
        controller.wait(30)
        self.start_controller()

    def run(self, *argv, timeout=30, **options):
        """Runs a program in the cluster: exit code and what it printed."""
        try:
            done = subprocess.run([str(word) for word in argv], env=self.environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
                                  **options)  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Failed(f"{' '.join(map(str, argv))} did not end in {timeout} s") from None
        return done.returncode, done.stdout

    def call(self, *argv, **options):
        """Runs a program in the cluster that must succeed: what it printed."""
        code, output = self.run(*argv, **options)
        if code != 0:
            raise Failed(f"{' '.join(map(str, argv))} ended with {code}: {output[-1500:]}")
        return output

    def jobs(self):
        """State of every job that the controller remembers; tasks of an array as `12_3`."""
        lines = self.call("squeue", "--states=all", "--array", "--noheader", "--format=%i %T").splitlines()
        return dict(line.split() for line in lines)

    def nodes(self):
        """State of every node, such as idle, drained or draining."""
        code, output = self.run("sinfo", "--noheader", "--Node", "--format=%N %T")
        return dict(line.split() for line in output.splitlines()) if code == 0 else {}

    def places(self):
        """The node of every task that runs."""
        lines = self.call("squeue", "--states=running", "--array", "--noheader", "--format=%i %N").splitlines()
        return dict(line.split() for line in lines)

    def drain(self, node):
        """A drained node finishes what it runs and gets no more."""
        self.call("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")

    def resume(self, node):
        self.call("scontrol", "update", f"nodename={node}", "state=resume")

    def processes(self):
        """Daemons, jobs, and what those started."""
        return processes_of(self.folder)

    def stop(self):
        """Ends everything in the cluster, and removes the folder."""
        self.guard.communicate()
        for daemon in self.daemons.values():
            daemon.wait()


if __name__ == "__main__":
    guard(sys.argv[1])
