namespace Flyscan.Actors.Devices;

/// <summary>How long a device obeys a supervisor that says nothing, and what it does then.</summary>
public sealed record DeviceLease(TimeSpan Length, LeaseEnd End)
{
    public static readonly DeviceLease Default = new(TimeSpan.FromSeconds(10), LeaseEnd.FinishTake);
}

/// <summary>What a device does when its lease has run out: its safe state, when?</summary>
public enum LeaseEnd
{
    /// <summary>Once the take in flight should be over.</summary>
    FinishTake,

    StopNow,
}

/// <summary>The supervisor of this epoch is alive. BusyForNs: so long the take in flight still needs the device, by the plan.</summary>
/// <remarks><b>Units</b> nanoseconds from now, so that clocks of two machines need not agree. Lease: what holds for a device that this
/// supervisor has not given an order yet; the default when null.</remarks>
public sealed record KeepLease(long Epoch, long BusyForNs, DeviceLease? Lease = null);

/// <summary>The scan of this epoch has ended: nobody needs to look after its devices any more.</summary>
public sealed record ReleaseLease(long Epoch);
