using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>Where a channel is on its way to its record.</summary>
public enum PvState
{
    /// <summary>No server has said that it has the record.</summary>
    Searching,

    /// <summary>A server has it, and the channel is being made.</summary>
    Connecting,

    Connected,

    /// <summary>It was connected, and is searched for again.</summary>
    Lost,
    Closed,
}

/// <summary>Process variables over one transport, Channel Access or pvAccess.</summary>
public interface IPvClient : IAsyncDisposable
{
    /// <summary>A channel to a process variable; connecting begins at once and never ends by itself.</summary>
    /// <remarks>Name: up to 500 bytes, channel filters included. Each call gives a channel of its own.</remarks>
    IPvChannel Open(string name);

    /// <summary>Requests made until the result is disposed go out together.</summary>
    IDisposable Batch();
}

/// <summary>One process variable. Calls may be made from any thread; each has a deadline and can be cancelled.</summary>
/// <remarks>Nothing is ever written twice: a write that is under way when the connection is lost fails, and it is for the caller to
/// find out what became of it. <b>Units</b> withinNs: nanoseconds from now. <b>Errors</b> Refused: not connected, no access, wrong type;
/// nothing was sent. Failed: the server said so, or the connection was lost meanwhile. Continuations may run on the receiving thread,
/// and must not block it.</remarks>
public interface IPvChannel : IDisposable
{
    string Name { get; }

    PvState State { get; }

    /// <summary>What is known of the record while connected, else null.</summary>
    PvChannelInfo? Info { get; }

    /// <summary>Raised after each change of state or access rights, in order, from any thread.</summary>
    event Action<PvState>? Changed;

    /// <summary>Waits until connected.</summary>
    Task<Outcome<PvChannelInfo>> ConnectAsync(long withinNs, CancellationToken cancel);

    /// <summary>Reads value, alarm and time stamp; as text asks the server to convert (an enumeration by its choice).</summary>
    Task<Outcome<PvReading>> GetAsync(long withinNs, CancellationToken cancel, PvAs form = PvAs.Native);

    /// <summary>Reads units, limits, precision and choices.</summary>
    Task<Outcome<PvMetadata>> GetMetadataAsync(long withinNs, CancellationToken cancel);

    /// <summary>Writes and does not wait: completed means handed to the connection. A refusal by the server raises
    /// <see cref="WriteRefused"/>.</summary>
    Outcome<Nothing> Put(PvValue value);

    /// <summary>Writes and waits until the record says that all it set off is complete.</summary>
    /// <remarks>Completed says that processing ended, not that it had the effect that was wanted.</remarks>
    Task<Outcome<Nothing>> PutAndWaitAsync(PvValue value, long withinNs, CancellationToken cancel);

    /// <summary>Raised when the server refuses a write that nobody waits for.</summary>
    event Action<string>? WriteRefused;

    /// <summary>Follows the value, also across losses of the connection.</summary>
    /// <param name="ready">Called when a reading can be taken after there was none, from any thread; must not block.</param>
    IPvMonitor Monitor(PvMonitorOptions options, Action<IPvMonitor> ready);
}

/// <summary>In which form a value is asked for.</summary>
public enum PvAs
{
    Native,
    Text,
}

/// <summary>How a value is followed.</summary>
/// <remarks>Capacity: readings that may wait to be taken; when one more comes the oldest is dropped and counted. Metadata: follows
/// changes of limits, units and choices instead of the value.</remarks>
public sealed record PvMonitorOptions
{
    public int Capacity { get; init; } = 1;

    public PvAs Form { get; init; } = PvAs.Native;

    /// <summary>Tells of archived changes only (the record's archive dead band) instead of every change.</summary>
    public bool Archive { get; init; }
}

/// <summary>A subscription. Disposing it ends it.</summary>
public interface IPvMonitor : IDisposable
{
    IPvChannel Channel { get; }

    /// <summary>Readings that were replaced by newer ones before anybody took them.</summary>
    long Dropped { get; }

    /// <summary>Takes the oldest reading that waits.</summary>
    bool TryTake(out PvReading? reading);
}
