using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Tests.Scanning.Runs;

/// <summary>A recorder with its own memory of triggers: those of a box come to our process and can be replayed, a camera writes by
/// itself.</summary>
internal sealed class FakeRecorder(string name, bool writesHere)
{
    private readonly List<(long Frame, bool Missed, long AtNs)> _triggers = [];
    private readonly List<FrameRange> _missed = [];
    private readonly Dictionary<string, HashSet<long>> _missedBySession = [];
    private string? _session;
    private List<long>? _file;
    private List<long> _times = [];
    private int _segment;
    private int _number;
    private int _flushed;

    public string Name => name;

    /// <summary>It counts the frames that it has, and does not know which triggers it missed.</summary>
    public bool OnlyCounts { get; set; }

    /// <summary>Its disk is full: its file takes no more frames.</summary>
    public bool CannotWrite { get; set; }

    /// <summary>When each row of each segment was exposed.</summary>
    public Dictionary<int, List<long>> Times { get; } = [];

    public int LiveSegment => _file is null ? 0 : _segment;

    /// <summary>Rows that are on disk in the present segment.</summary>
    public long Recorded => _flushed;

    public void Trigger(long frame, bool missed, long atNs = 0)
    {
        if (_session is null)
            return;
        if (missed)
        {
            _missed.Add(new FrameRange(_triggers.Count, _triggers.Count + 1));
            _missedBySession[_session].Add(_triggers.Count);
        }
        else
        {
            _file?.Add(frame);
            if (_file is not null)
                _times.Add(atNs);
        }
        _triggers.Add((frame, missed, atNs));
    }

    public void Flush() => _flushed = CannotWrite ? _flushed : _file?.Count ?? 0;

    /// <summary>A file in which a write failed is closed with what is in it; a recorder that writes by itself ends its session.</summary>
    public void CloseStuck()
    {
        if (_file is null)
            return;
        _file.RemoveRange(_flushed, _file.Count - _flushed);
        _times.RemoveRange(_flushed, _times.Count - _flushed);
        _file = null;
        if (!writesHere)
            _session = null;
    }

    public RecorderStatus Status() => new(
        _session, !CannotWrite, _file?.Count ?? 0, _flushed, OnlyCounts ? [] : _missed.ToEquatableArray(), false,
        CannotWrite ? "no space left" : null)
    {
        CannotWrite = CannotWrite,
    };

    public (Segment Segment, string Session) Stage(Dictionary<(string, int), List<long>> files, string session)
    {
        _session = session;
        _missedBySession[session] = [];
        _triggers.Clear();
        _missed.Clear();
        return (Open(files), session);
    }

    /// <summary>Our process wrote for it: rows not flushed are lost, the recorder itself goes on.</summary>
    public void WriterDied()
    {
        if (!writesHere || _file is null)
            return;
        _file.RemoveRange(_flushed, _file.Count - _flushed);
        _times.RemoveRange(_flushed, _times.Count - _flushed);
        _file = null;
    }

    public void PowerFailed(Seeded random)
    {
        if (_file is not null)
        {
            var kept = _flushed + random.Next(_file.Count - _flushed + 1);
            _file.RemoveRange(kept, _file.Count - kept);
            _times.RemoveRange(kept, _times.Count - kept);
        }
        _file = null;
        _session = null;
        _segment = 0;
        _flushed = 0;
    }

    public Adoption Adopt(Dictionary<(string, int), List<long>> files, ScanEffect.AdoptRecorder e)
    {
        var alive = _session == e.Session;
        if (alive && _file is not null)
            return new Adoption(Adopted(e.Session, SegmentOf(_segment), false, 0), Salvage(files, e, exceptLast: true));
        var salvaged = Salvage(files, e, exceptLast: false);
        if (!alive)
            return new Adoption(null, salvaged);
        var ours = salvaged.Where(r => r.Session == e.Session).ToList();
        var already = ours.Count == 0 ? 0 : ours.Max(r => r.FirstTrigger + r.Count);
        var segment = Open(files);
        _file!.AddRange(_triggers.Skip((int)already).Select(t => t.Frame));
        _times.AddRange(_triggers.Skip((int)already).Select(t => t.AtNs));
        return new Adoption(Adopted(e.Session, segment, true, already), salvaged);
    }

    private static AdoptedSession Adopted(string session, Segment segment, bool isNew, long first) =>
        new(new RecorderSession(session, segment, []), isNew, first);

    private EquatableArray<SegmentRun> Salvage(Dictionary<(string, int), List<long>> files, ScanEffect.AdoptRecorder e, bool exceptLast)
    {
        var runs = new List<SegmentRun>();
        foreach (var state in e.Segments.Take(e.Segments.Count - (exceptLast ? 1 : 0)))
        {
            var rows = files[(name, state.Segment.Number)].Count;
            var missed = !OnlyCounts && _missedBySession.TryGetValue(state.Session, out var m) ? m : [];
            var trigger = state.FirstTrigger;
            for (var row = 0; row < rows; row++, trigger++)
            {
                while (missed.Contains(trigger))
                    trigger++;
                runs.Add(new SegmentRun(state.Segment.Number, state.Session, trigger, 1, row));
            }
        }
        return runs.ToEquatableArray();
    }

    private Segment Open(Dictionary<(string, int), List<long>> files)
    {
        _segment = ++_number;
        _file = files[(name, _segment)] = [];
        _times = Times[_segment] = [];
        _flushed = 0;
        return SegmentOf(_segment);
    }

    private Segment SegmentOf(int number) => new(name, number, $"data/{name}.{number:0000}.h5", []);
}
