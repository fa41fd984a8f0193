using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;

namespace Flyscan.Hardware.Zebra.Ioc;

/// <summary>A Zebra behind its IOC. What was taken of a capture is known beyond a loss of the connection.</summary>
internal sealed class ZebraIocLine(ZebraIocSettings settings, IPvClient client, IClock clock) : IZebraLine
{
    private readonly ZebraIocCapture _capture = new();

    public async Task<IZebraLink> OpenAsync(IZebraListener listener, Action reached, CancellationToken cancel)
    {
        var link = new ZebraIocLink(settings, client, clock, _capture, listener);
        try
        {
            await link.ConnectAsync(cancel);
        }
        catch
        {
            link.Dispose();
            throw;
        }
        reached();
        link.Start();
        return link;
    }
}

/// <summary>The arming under way, as far as it is known and taken.</summary>
/// <remarks>Guarded by the one turn at a time of its link.</remarks>
internal sealed class ZebraIocCapture
{
    /// <summary>PC_BIT_CAP.</summary>
    public ushort BitCap { get; set; }

    /// <summary>PC_ARM was written, and the end of that arming has not been seen.</summary>
    public bool IsUnderWay { get; private set; }

    /// <summary>The records say that it is armed.</summary>
    public bool IsProved { get; set; }

    /// <summary>The IOC was restarted in its midst, and knows nothing of it: ARRAY_ACQ says nothing of the box.</summary>
    public bool IsOrphaned { get; set; }

    /// <summary>The divider's count at the first sample that stood in the arrays before; null: there was none.</summary>
    public double? FormerFirst { get; private set; }

    /// <summary>Samples that were handed over.</summary>
    public int Taken { get; set; }

    /// <summary>Units per count and offset by which the IOC scales the encoders.</summary>
    public double[] Scales { get; private set; } = [];

    public double[] Offsets { get; private set; } = [];

    /// <summary>When PC_ARM or PC_DISARM was last written, by the driver's clock.</summary>
    public long SwitchedNs { get; set; } = long.MinValue / 2;

    /// <summary>PC_DISARM was written after it; null: not yet.</summary>
    public long? DisarmedNs { get; set; }

    /// <summary>When its end was seen, by the driver's clock.</summary>
    public long OverNs { get; private set; } = long.MinValue / 2;

    public void Begin(double? formerFirst, double[] scales, double[] offsets)
    {
        (FormerFirst, Scales, Offsets) = (formerFirst, scales, offsets);
        (IsUnderWay, IsProved, IsOrphaned, Taken, DisarmedNs) = (true, false, false, 0, null);
    }

    public void End(long nowNs) => (IsUnderWay, OverNs) = (false, nowNs);
}
