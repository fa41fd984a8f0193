using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What one take downloads. Compiled from the plan alone: the same take of the same plan is the same programme.</summary>
/// <param name="Frames">The scan frames it acquires, all of one inner scan.</param>
/// <param name="Trajectory">Null where no trajectory axis moves (bursts, time series).</param>
/// <param name="DurationNs">From start of motion (or enable) to rest, nanoseconds.</param>
/// <param name="Hash">Hex digest over trajectory and triggers.</param>
public sealed record TakeProgramme(FrameRange Frames, Trajectory? Trajectory, TriggerProgramme Triggers, long DurationNs, string Hash);
