namespace Flyscan.Twin;

/// <summary>When a fault comes: so long after the scan entered a phase for the n-th time.</summary>
/// <remarks><b>Units</b> AfterNs: nanoseconds of virtual time. Nth counts from 1, over all lives of the control process.</remarks>
internal sealed record TwinMoment(string Phase, int Nth, long AfterNs)
{
    /// <summary>Before anything happens.</summary>
    public static readonly TwinMoment Start = new("Start", 1, 0);
}

/// <summary>One thing that the world does to a scan, said so exactly that it can be done again.</summary>
/// <remarks><b>Units</b> nanoseconds of virtual time. What happens to single messages and journal writes is the engine's own
/// <see cref="Flyscan.Engine.Simulation.Fault"/>.</remarks>
internal abstract record TwinFault(TwinMoment At)
{
    /// <summary>As it stands in the coverage table.</summary>
    public abstract string Kind { get; }

    /// <summary>Whether a scan may end as faulted or aborted on account of it.</summary>
    public virtual bool MayEnd => false;

    /// <summary>The control process dies: journal and files stay, sockets close, what was not flushed is gone.</summary>
    public sealed record KillProcess(TwinMoment At, long DownNs) : TwinFault(At)
    {
        public override string Kind => "kill process";
    }

    /// <summary>The supervisor dies, and its device actors live on; a successor takes over.</summary>
    public sealed record KillSupervisor(TwinMoment At, long DownNs) : TwinFault(At)
    {
        public override string Kind => DownNs < 12_000_000_000 ? "kill supervisor" : "supervisor gone";
    }

    /// <summary>From the start: the devices are in one or two processes of their own, apart from the supervisor's.</summary>
    public sealed record DeviceHosts(int Count) : TwinFault(TwinMoment.Start)
    {
        public override string Kind => "device hosts";
    }

    /// <summary>From the start: the control process's clock runs fast or slow.</summary>
    public sealed record ClockDrift(long Ppb) : TwinFault(TwinMoment.Start)
    {
        public override string Kind => "clock drift";
    }

    /// <summary>From the start: the ring's clock is ahead of the box's by so many thousandths of the suspender's guard.</summary>
    public sealed record RingClock(long AheadPerMille) : TwinFault(TwinMoment.Start)
    {
        public override string Kind => "ring clock";
    }

    /// <summary>From the start: what tells which trigger a frame of the camera is of, where the camera does not number triggers.</summary>
    /// <param name="By">stamps, counts, or counter: the box's, of its exposures.</param>
    public sealed record CameraKnownBy(string By) : TwinFault(TwinMoment.Start)
    {
        public override string Kind => "camera by " + By;
    }

    /// <summary>From the start: one more camera takes so many frames for each of the scan, another one for so many; 0: it is not
    /// there.</summary>
    public sealed record Rates(int Fast, int Slow) : TwinFault(TwinMoment.Start)
    {
        public override string Kind => "rates";
    }

    /// <summary>From the start: a suspender on what the box captures with each frame of the diode.</summary>
    public sealed record CapturedFloor() : TwinFault(TwinMoment.Start)
    {
        public override string Kind => "captured floor";
    }

    /// <summary>From the start: frames are committed when the scan ends.</summary>
    public sealed record CommitAtEnd() : TwinFault(TwinMoment.Start)
    {
        public override string Kind => "commit at end";
    }

    /// <summary>From the start: documents tell of frames before they are committed.</summary>
    public sealed record EagerDocuments() : TwinFault(TwinMoment.Start)
    {
        public override string Kind => "eager documents";
    }

    /// <summary>The camera sees a trigger that the box did not give.</summary>
    public sealed record ExtraTrigger(TwinMoment At) : TwinFault(At)
    {
        public override string Kind => "extra trigger";
    }

    /// <summary>Somebody sets the control process's clock.</summary>
    public sealed record ClockStep(TwinMoment At, long ByNs) : TwinFault(At)
    {
        public override string Kind => "clock step";
    }

    /// <summary>A process that has devices dies and comes back.</summary>
    public sealed record KillHost(TwinMoment At, int Host, long DownNs) : TwinFault(At)
    {
        public override string Kind => "kill host";

        public override bool MayEnd => true;
    }

    /// <summary>Nothing passes between the supervisor and a device host.</summary>
    public sealed record Partition(TwinMoment At, int Host, long ForNs) : TwinFault(At)
    {
        public override string Kind => "partition";

        public override bool MayEnd => ForNs > 4_000_000_000;
    }

    /// <summary>A device does not answer for some time; then all that waited arrives.</summary>
    public sealed record Stall(TwinMoment At, string Port, long ForNs) : TwinFault(At)
    {
        public override string Kind => Port == "ring" ? "late beam report" : "device stall";

        public override bool MayEnd => Port != "ring" && ForNs > 1_000_000_000;
    }

    /// <summary>The beamline loses power: every device forgets.</summary>
    public sealed record PowerFailure(TwinMoment At, long DownNs) : TwinFault(At)
    {
        public override string Kind => "power failure";

        public override bool MayEnd => true;
    }

    public sealed record KillAll(TwinMoment At, long DownNs) : TwinFault(At)
    {
        public override string Kind => "kill all";

        public override bool MayEnd => true;
    }

    /// <summary>The connections of one port close.</summary>
    public sealed record Cut(TwinMoment At, string Port) : TwinFault(At)
    {
        public override string Kind => "cut connection";

        public override bool MayEnd => true;
    }

    /// <summary>For some time no byte arrives anywhere; then every connection closes.</summary>
    public sealed record Silence(TwinMoment At, long ForNs) : TwinFault(At)
    {
        public override string Kind => "network silent";

        public override bool MayEnd => true;
    }

    /// <summary>The camera misses so many triggers, and says so if it numbers them.</summary>
    public sealed record MissFrames(TwinMoment At, int Count) : TwinFault(At)
    {
        public override string Kind => "missed frames";
    }

    public sealed record DiskFull(TwinMoment At, long ForNs) : TwinFault(At)
    {
        public override string Kind => "disk full";
    }

    /// <summary>There is little room on the disk, yet enough for what is under way.</summary>
    public sealed record DiskLow(TwinMoment At, long ForNs) : TwinFault(At)
    {
        public override string Kind => "disk low";
    }

    /// <summary>The journal's database takes no writes and cannot be read; the process that has the supervisor goes on.</summary>
    public sealed record JournalGone(TwinMoment At, long ForNs) : TwinFault(At)
    {
        public override string Kind => "journal gone";
    }

    public sealed record SlowDisk(TwinMoment At, long ForNs, long FlushNs) : TwinFault(At)
    {
        public override string Kind => "slow disk";
    }

    public sealed record BeamDump(TwinMoment At, long ForNs) : TwinFault(At)
    {
        public override string Kind => ForNs < 100_000_000 ? "beam flicker" : "beam dump";
    }

    /// <summary>An operator pauses, and resumes later.</summary>
    public sealed record Pause(TwinMoment At, long ForNs) : TwinFault(At)
    {
        public override string Kind => "pause";
    }

    public sealed record Abort(TwinMoment At) : TwinFault(At)
    {
        public override string Kind => "abort";

        public override bool MayEnd => true;
    }

    /// <summary>Every order that an older supervisor ever gave arrives again, as if it had woken up.</summary>
    public sealed record StaleOrders(TwinMoment At) : TwinFault(At)
    {
        public override string Kind => "stale orders";
    }
}
