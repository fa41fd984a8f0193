using System.Text.Json;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>Which trigger each frame of a detector's file is of, as far as that is decided. Pure.</summary>
/// <remarks>Triggers are numbered from the session's staging on. Frames of which nobody knows the trigger get numbers that no take has, and
/// the take's own count as missed: so all of it is taken again. Rows: frames decided; Missed: triggers without a frame; Number: the
/// driver's number of the last frame that was due.</remarks>
internal sealed record AreaDetectorLedger(
    string Session, int Segment, string Folder, string File, long Rows, EquatableArray<FrameRange> Missed, long Number, OpenArming? Open)
{
    /// <summary>Why frames were last lost; null where none were.</summary>
    public string? Why { get; init; }

    /// <summary>The next trigger's number.</summary>
    public long NextTrigger => Rows + Missed.Sum(m => m.Count);

    /// <summary>The detector waits for this many triggers, and its last frame had this number.</summary>
    public AreaDetectorLedger Arm(long number, long frames, long dropped) =>
        this with { Number = number, Open = new OpenArming(NextTrigger, frames, dropped) };

    /// <summary>Decides what became of the triggers since it was armed.</summary>
    /// <param name="take">How many triggers came, and the driver's numbers of the frames in the file.</param>
    public AreaDetectorLedger Close(ClosedArming take)
    {
        if (Open is null)
            return this;
        var (first, numbers) = (NextTrigger, take.Numbers);
        var isKnown = numbers.All(n => n > Number && n <= Number + take.Triggers) && IsRising(numbers)
            && (!take.IsCounted || take.Made == take.Triggers);
        List<FrameRange> missed = isKnown
            ? HolesIn(numbers, first, take.Triggers)
            : take.Triggers > 0 ? [new FrameRange(first, first + take.Triggers)] : [];
        var made = take.IsCounted && take.Made != take.Triggers
            ? $"{take.Made} frames came of {take.Triggers} triggers, and nothing says which are missing: all of them are taken again"
            : null;
        var why = missed.Count == 0 ? Why : isKnown ? take.WhyLost : made ?? "frame numbers do not fit the triggers; all are taken again";
        return this with
        {
            Rows = Rows + numbers.Count,
            Missed = [.. RangeSet.Of(Missed.Concat(missed)).Ranges],
            Number = take.IsCounted ? Number + take.Made : Number + take.Triggers,
            Open = null,
            Why = why,
        };
    }

    /// <summary>What is known already of a detector whose numbers count triggers, while more may come.</summary>
    public AreaDetectorLedger SoFar(EquatableArray<long> numbers, string whyLost)
    {
        if (Open is null || numbers.Count == 0 || !IsRising(numbers) || numbers[0] <= Number)
            return this;
        var missed = HolesIn(numbers, NextTrigger, numbers[^1] - Number);
        return this with
        {
            Rows = Rows + numbers.Count,
            Missed = [.. RangeSet.Of(Missed.Concat(missed)).Ranges],
            Number = numbers[^1],
            Why = missed.Count == 0 ? Why : whyLost,
        };
    }

    /// <summary>As it is kept for a process that takes over.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(new Kept(
        Session, Segment, Folder, File, Rows, [.. Missed.SelectMany(m => new[] { m.First, m.End })], Number,
        Open is null ? null : [Open.Trigger, Open.Frames, Open.Dropped]));

    /// <summary>What a former process kept; null where it is not that.</summary>
    public static AreaDetectorLedger? Read(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<Kept>(bytes) is { Session: not null, Folder: not null, File: not null, Missed: not null } kept
                && kept.Missed.Length % 2 == 0 && kept.Open is null or { Length: 3 }
                ? new AreaDetectorLedger(
                    kept.Session, kept.Segment, kept.Folder, kept.File, kept.Rows,
                    [.. kept.Missed.Chunk(2).Select(m => new FrameRange(m[0], m[1]))], kept.Number,
                    kept.Open is [var trigger, var frames, var dropped] ? new OpenArming(trigger, frames, dropped) : null)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Triggers whose frame is not there.</summary>
    private List<FrameRange> HolesIn(EquatableArray<long> numbers, long firstTrigger, long triggers)
    {
        var holes = new List<FrameRange>();
        var next = Number + 1;
        foreach (var number in numbers.Append(Number + triggers + 1))
        {
            if (number > next)
                holes.Add(new FrameRange(firstTrigger + next - Number - 1, firstTrigger + number - Number - 1));
            next = number + 1;
        }
        return holes;
    }

    private static bool IsRising(EquatableArray<long> numbers)
    {
        for (var i = 1; i < numbers.Count; i++)
            if (numbers[i] <= numbers[i - 1])
                return false;
        return true;
    }

    private sealed record Kept(
        string Session, int Segment, string Folder, string File, long Rows, long[] Missed, long Number, long[]? Open);
}

/// <summary>The detector is armed. Trigger: the next one's number then; Dropped: arrays that the plugin had dropped before.</summary>
internal sealed record OpenArming(long Trigger, long Frames, long Dropped);

/// <summary>What came of an arming. Triggers: those not yet decided; Made: frames that the driver counted since; Numbers: of those in
/// the file.</summary>
internal sealed record ClosedArming(long Triggers, long Made, EquatableArray<long> Numbers, bool IsCounted, string WhyLost);
