using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <summary>One arming of position compare: numbers its samples by the divider's count, so that a lost line is a gap and not a
/// shift.</summary>
/// <remarks>Not safe for threads: its owner locks.</remarks>
internal sealed class ZebraFlight(ZebraProgramme programme, ZebraCapture capture, long firstTrigger, long stampZeroNs)
{
    private const uint DividerTurn = uint.MaxValue;

    private readonly List<FrameRange> _missed = [];
    private uint? _firstCount;
    private uint _lastStamp;
    private long _stampTurns;
    private long? _closedAt;
    private bool _damagedBeforeFirst;

    public ZebraProgramme Programme => programme;

    /// <summary>Frames fired before it since staging.</summary>
    public long FirstTrigger => firstTrigger;

    public TaskCompletionSource<bool> Armed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource<bool> Disarmed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Pulses accounted for: the next one's number.</summary>
    public long Next { get; private set; }

    /// <summary>Pulses that went out as frames.</summary>
    public long Fired => _closedAt ?? Next;

    /// <summary>When something last came, by the driver's clock.</summary>
    public long LastHeardNs { get; set; }

    /// <summary>When its end was first waited for.</summary>
    public long? EndAskedNs { get; set; }

    public bool IsOver { get; set; }

    /// <summary>Frames, counted since staging, whose samples were lost.</summary>
    public IReadOnlyList<FrameRange> Missed => _missed;

    public string? Fault { get; private set; }

    /// <summary>The last sample's words, for a probe.</summary>
    public uint[] Last { get; private set; } = [];

    /// <summary>A line came that cannot be read.</summary>
    public void Damage() => _damagedBeforeFirst |= _firstCount is null;

    /// <summary>Takes a sample; the row that it becomes, or null where its pulse was no frame.</summary>
    public ZebraRow? Take(uint[] words)
    {
        Last = words;
        var count = capture.CountOf(words);
        if (_firstCount is null && _damagedBeforeFirst)
        {
            Fault ??= "the line before the first sample of the take lost bytes, so that its samples cannot be numbered: "
                + "check the serial port, and take the frames again";
            return null;
        }
        _firstCount ??= count;
        var number = Number(count);
        if (number < Next)
        {
            Fault ??= $"sample {Next} of the take carries the number {number}: somebody else uses the divider that numbers the frames";
            return null;
        }
        Skip(number);
        Next = number + 1;
        var startNs = stampZeroNs + Stamp(words[0]) * programme.StampNs;
        if (!capture.IsOpen(words))
        {
            _closedAt ??= number;
            return null;
        }
        return new ZebraRow(words, startNs, firstTrigger + number);
    }

    /// <summary>The box says how many pulses it captured; those that never came are missed.</summary>
    public void End(long captured)
    {
        IsOver = true;
        if (captured < Next)
            Fault ??= $"{Next} samples came and the box captured {captured}";
        else
            Skip(captured);
        Next = Math.Max(Next, captured);
    }

    /// <summary>The divider turns over at its divisor.</summary>
    private long Number(uint count)
    {
        var turn = ((long)count - _firstCount!.Value) % DividerTurn;
        var number = turn < 0 ? turn + DividerTurn : turn;
        return number > int.MaxValue ? number - DividerTurn : number;
    }

    private void Skip(long number)
    {
        var end = Math.Min(number, _closedAt ?? number);
        if (end > Next)
            _missed.Add(new FrameRange(firstTrigger + Next, firstTrigger + end));
    }

    private long Stamp(uint stamp)
    {
        if (stamp < _lastStamp)
            _stampTurns++;
        _lastStamp = stamp;
        return (_stampTurns << 32) + stamp;
    }
}
