using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Zebra;

/// <summary>How a driver reaches a box: its serial line, or the records of its IOC.</summary>
internal interface IZebraLine
{
    /// <param name="reached">Called once somebody answers, before anything is told to the listener.</param>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming whom nobody answers for, <see cref="TimeoutException"/>.</remarks>
    Task<IZebraLink> OpenAsync(IZebraListener listener, Action reached, CancellationToken cancel);
}

/// <summary>A box's registers, by address, and what it captures, told to the listener.</summary>
/// <remarks><b>Errors</b> <see cref="IOException"/> when the connection is lost or the box refuses, <see cref="TimeoutException"/> when it
/// is silent. <b>Units</b> nanoseconds.</remarks>
internal interface IZebraLink : IDisposable
{
    /// <summary>How old the levels of the bus and the count of pulses may be when they are read; 0: never.</summary>
    long StatusLagNs { get; }

    /// <summary>What PC_BIT_CAP is set to from now on: which fields follow the time stamp in a sample.</summary>
    void Expect(ushort bitCap);

    /// <summary>The value of a register.</summary>
    Task<ushort> ReadAsync(byte address, CancellationToken cancel);

    /// <summary>The values of registers, asked for together.</summary>
    Task<ushort[]> ReadAsync(IReadOnlyList<byte> addresses, CancellationToken cancel);

    /// <summary>A 32-bit quantity, by the address of its LO.</summary>
    Task<uint> ReadPairAsync(byte address, CancellationToken cancel);

    /// <summary>Completes once the box holds it.</summary>
    Task WriteAsync(ZebraWord word, CancellationToken cancel);

    /// <summary>The level of a signal of the bus, as it was at this time of the clock or later.</summary>
    Task<bool> IsHighAsync(int bus, long sinceNs, CancellationToken cancel);

    Task<bool> IsArmedAsync(CancellationToken cancel);

    /// <summary>Pulses captured since the last arming, once that is over.</summary>
    Task<uint> CapturedAsync(CancellationToken cancel);

    /// <summary>Hands over samples that do not come by themselves.</summary>
    Task PullAsync(CancellationToken cancel);

    /// <summary>What only this way of reaching the box knows of it. Changes nothing.</summary>
    Task<IReadOnlyList<DeviceFact>> InspectAsync(CancellationToken cancel);

    /// <summary>Asks without waiting, so that a box that went silent is noticed by its missing answer.</summary>
    void AskHealth();
}

/// <summary>What comes from a box unasked. Called in order; must not wait.</summary>
internal interface IZebraListener
{
    void Armed();

    void Sample(uint[] words);

    void Damaged(string line);

    void Disarmed();

    /// <summary>The connection can no longer be used.</summary>
    void Lost(string reason);
}
