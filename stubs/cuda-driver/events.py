"""What the stand-in for NVIDIA's driver has noted, phase by phase."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Phase:
    """What happened between two marks."""

    name: str
    launches: Counter = field(default_factory=Counter)
    """Of each kernel."""
    waits: Counter = field(default_factory=Counter)
    """Of the host until the device has nothing to do, for an event, a stream, the context or a copy; and `earlier` ones."""
    copies: Counter = field(default_factory=Counter)
    """Bytes to the device, to the host and on the device itself."""
    measured: int = 0
    """Times that were asked for: kernels were being chosen."""
    peak: int = 0
    """The most bytes of the device that were given out."""

    @property
    def drained(self):
        """How often the host waited until the device had nothing to do."""
        return sum(count for kind, count in self.waits.items() if kind != "earlier")


@dataclass
class Record:
    """A process."""

    phases: list[Phase]
    compiled: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    """What NVRTC said about kernels that it could not compile."""
    refused: list[str] = field(default_factory=list)
    """Calls that the driver would refuse."""
    seconds: float = 0.0
    """Of NVRTC."""
    out_of_memory: int = 0

    def of(self, name):
        """A phase with what was left to do when it ended."""
        whole = Phase(name)
        inside = False
        for phase in self.phases:
            inside = phase.name == name or (inside and phase.name == "drain")
            if inside:
                whole.launches += phase.launches
                whole.copies += phase.copies
                whole.measured += phase.measured
                whole.peak = max(whole.peak, phase.peak)
                # After the phase the caller waits on purpose.
                whole.waits += phase.waits if phase.name == name else Counter()
        return whole

    @property
    def peak(self):
        return max(phase.peak for phase in self.phases)


def read(path: Path) -> Record:
    record = Record([Phase("start")])
    in_use = 0
    for line in path.read_text().splitlines():
        event = json.loads(line)
        phase = record.phases[-1]
        match event["event"]:
            case "phase":
                record.phases.append(Phase(event["name"], peak=in_use))
            case "launch":
                phase.launches[event["kernel"]] += 1
            case "wait":
                # A wait for an upload of long ago leaves the device work to do.
                phase.waits["earlier" if event.get("launches_after") else event["for"]] += 1
            case "copy":
                phase.copies[event["to"]] += event["bytes"]
            case "measured":
                phase.measured += 1
            case "allocate" | "free":
                in_use = event["in_use"]
                phase.peak = max(phase.peak, in_use)
            case "out of memory":
                record.out_of_memory += 1
            case "refused":
                record.refused.append(f"{event['call']}: {event['why']}")
            case "compile":
                record.seconds += event.get("seconds", 0.0)
                if event.get("result", 0) == 0:
                    record.compiled.add(event["kernel"])
                else:
                    record.failed[event["kernel"]] = event.get("log", "")
            case "load" | "pin" | "fill" | "stream" | "newer ptx":
                pass
            case other:
                raise ValueError(f"{path}: unknown event {other}")
    return record
