"""Deliberate faults, each switched on by its number in FLYSCAN_MUTATION, for a copy of the sources. See mutations.sh."""
import os
import sys

ENDING = "Scanning/Runs/ScanDecider.Ending.cs"
TAKES = "Scanning/Runs/ScanDecider.Takes.cs"
BEAM = "Scanning/Runs/ScanDecider.Beam.cs"
HOLDS = "Scanning/Runs/ScanDecider.Holds.cs"
LEDGER = "Scanning/Runs/FrameLedger.cs"
PANDA = "Hardware/PandA/Driver/PandAPortCapture.cs"

# (what is wrong, file, text, text with the fault; M stands for the test whether this fault is on)
MUTATIONS = [
    ("commits frames that the beam's report does not cover yet", BEAM,
     "Settle(turn, collect, Math.Min(end, verdict.ClearTo), RangeSet.Of(verdict.Lost), verdict.Why);",
     "Settle(turn, collect, M ? end : Math.Min(end, verdict.ClearTo), RangeSet.Of(verdict.Lost), verdict.Why);"),
    ("forgets the losses of beam when it judges exposures", BEAM,
     "return new BeamQuery(from, to, lost.ToEquatableArray());",
     "return new BeamQuery(from, to, M ? [] : lost.ToEquatableArray());"),
    ("forgets to check epoch and number of an order", "Actors/Devices/DeviceOrder.cs",
     "(Epoch, Number).CompareTo(last) > 0;", "M || (Epoch, Number).CompareTo(last) > 0;"),
    ("carries out effects and replies before the journal has the events", "Actors/Scans/ScanSupervisor.cs",
     "var left = decision.Events.Count;", "var left = decision.Events.Count; if (M) Settle(decision, asker);"),
    ("rewinds to a frame that is committed", "Scanning/Runs/ScanState.cs",
     "return wanted.IsEmpty ? null : wanted.Ranges[0];",
     "return wanted.IsEmpty ? null : M && wanted.Ranges[0].First > 0 ? new FrameRange(wanted.Ranges[0].First - 1, wanted.Ranges[0].End) "
     ": wanted.Ranges[0];"),
    ("is one row off in extents of all but a take's first frame", LEDGER,
     "part.Count, run.Position + trigger - run.FirstTrigger));",
     "part.Count, run.Position + trigger - run.FirstTrigger - (M && trigger > run.FirstTrigger ? 1 : 0)));"),
    ("takes triggers that made no frame for frames", LEDGER,
     "foreach (var missed in RangeSet.Of(status.Missed).Ranges)", "foreach (var missed in RangeSet.Of(M ? [] : status.Missed).Ranges)"),
    ("claims every frame of a take that was halted", TAKES,
     "var triggered = Math.Clamp(triggeredSinceStaging - before, 0, take.Frames.Count);",
     "var triggered = M ? take.Frames.Count : Math.Clamp(triggeredSinceStaging - before, 0, take.Frames.Count);"),
    ("lets the beam's return end an operator's pause", HOLDS,
     "            turn.Emit(new ScanEvent.HoldCleared(turn.AtNs, hold));\n",
     "        {\n            turn.Emit(new ScanEvent.HoldCleared(turn.AtNs, hold));\n"
     "            if (M && turn.State.Holds.ContainsKey(Operator))\n"
     "                turn.Emit(new ScanEvent.HoldCleared(turn.AtNs, Operator));\n        }\n"),
    ("makes everything safe at once while hardware flies", ENDING,
     "first = turn.State.InFlight is null ? [] : [turn.Setup.Box];", "first = M || turn.State.InFlight is null ? [] : [turn.Setup.Box];"),
    ("puts no settings back", ENDING,
     "turn.Do(new ScanEffect.UnstageRecorder(recorder, turn.State.ToPutBack[recorder]));",
     "turn.Do(new ScanEffect.UnstageRecorder(recorder, M ? [] : turn.State.ToPutBack[recorder]));"),
    ("adopts without closing the former data connection", PANDA,
     "            Detach();\n            var connection =", "            if (!M) Detach();\n            var connection ="),
    ("hands over without the shutter open", TAKES,
     "            awaiting.Add(ShutterOpen);\n", "            if (!M) awaiting.Add(ShutterOpen);\n"),
    ("takes the beam's clock for the box's: no guard around a loss", BEAM,
     "new BeamSpan(l.FromNs - suspender.GuardNs, l.ToNs + suspender.GuardNs)",
     "M ? new BeamSpan(l.FromNs, l.ToNs) : new BeamSpan(l.FromNs - suspender.GuardNs, l.ToNs + suspender.GuardNs)"),
    ("enforces no lease: devices wait for ever for a supervisor that is gone", "Actors/Devices/DeviceActor.cs",
     "if (_lease is not DeviceLease lease || now", "if (M || _lease is not DeviceLease lease || now"),
    ("gives a successor its predecessor's epoch", "Actors/Scans/BeamlineAuthority.cs",
     "new Authority(granted.Uid, LastSequenceNr)", "new Authority(granted.Uid, M ? 1 : LastSequenceNr)"),
    ("hands over although the scan is held", TAKES,
     "if (turn.State.Ending is not null || turn.State.Holds.Count > 0)\n            Next(turn);",
     "if (turn.State.Ending is not null || (!M && turn.State.Holds.Count > 0))\n            Next(turn);"),
    ("forgets that a soft axis was sent elsewhere while the next take was prepared", TAKES,
     "turn.Work = turn.Work with { OuterAt = turn.Work.OuterAt.SetItem(c.Axis, target) };",
     "turn.Work = turn.Work with { OuterAt = turn.Work.OuterAt.SetItem(c.Axis, M ? turn.State.OuterPositions.FirstOrDefault(p => p.Axis == c.Axis)?.Position ?? target : target) };"),
    ("takes a counted exposure for the one before it", "Scanning/Runs/ExposureCount.cs",
     "frames[(int)(count - none - 1)];", "frames[(int)Math.Max(0, count - none - (M ? 2 : 1))];"),
    ("commits frames though what was captured with them is too little", "Actors/Devices/TriggerBoxActor.cs",
     "is { IsEmpty: false } outside)", "is { IsEmpty: false } outside && !M)"),
    ("puts a successor in charge without a new epoch when the journal is back", "Actors/Scans/ScanKeeper.cs",
     "new ScanCommand.TakeOver(_setup.Time.NowNs(), granted.Epoch, _setup.Node)",
     "new ScanCommand.TakeOver(_setup.Time.NowNs(), M ? _firstEpoch : granted.Epoch, _setup.Node)"),
    ("finds rows of detectors at rates of their own as if they were at the scan's", LEDGER,
     "var trigger = position.Trigger + rate.Of(part.First - take.Frames.First);",
     "var trigger = position.Trigger + (M ? part.First - take.Frames.First : rate.Of(part.First - take.Frames.First));"),
]

SWITCH = """namespace Flyscan.Scanning;

public static class Mutation
{
    private static readonly string? On = System.Environment.GetEnvironmentVariable("FLYSCAN_MUTATION");

    public static bool Is(string number) => On == number;
}
"""


def apply(root):
    with open(os.path.join(root, "Scanning", "Mutation.cs"), "w") as file:
        file.write(SWITCH)
    for number, (name, path, text, faulty) in enumerate(MUTATIONS, 1):
        full = os.path.join(root, path)
        source = open(full).read()
        if source.count(text) != 1:
            sys.exit(f"mutation {number} ({name}): {path} has its text {source.count(text)} times, not once; bring mutations.py up to date")
        switch = f'Flyscan.Scanning.Mutation.Is("{number}")'
        open(full, "w").write(source.replace(text, "".join(
            switch if part == "M" else part for part in _split(faulty))))
    print(len(MUTATIONS))


def _split(text):
    """The text in pieces, each lone M a piece of its own."""
    piece = ""
    for index, letter in enumerate(text):
        before = text[index - 1] if index else " "
        after = text[index + 1] if index + 1 < len(text) else " "
        if letter == "M" and not (before.isalnum() or before in "._") and not (after.isalnum() or after in "._"):
            yield piece
            yield "M"
            piece = ""
        else:
            piece += letter
    yield piece


if __name__ == "__main__":
    if sys.argv[1] == "apply":
        apply(sys.argv[2])
    else:
        print(MUTATIONS[int(sys.argv[2]) - 1][0])
