using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>A signal of a device that describes itself. Path: block and name, with dots. Access: r, w, rw or x.</summary>
public sealed record PviSignal(string Path, string Access, string Pv);

/// <summary>Reads the trees of names that IOCs of PandAs and FastCS serve (PVI).</summary>
/// <remarks>A PVI is a structure of entries; an entry holds the name of a process variable under r, w, rw or x, or under d that of another
/// PVI; entries of a vector are called <c>__1</c>, <c>__2</c>. They are what the structure holds as its <c>value</c>, or as its <c>pvi</c>,
/// where alarm and time stamp may stand beside it. <b>Source</b> PVI as ophyd-async reads it, and as PandABlocks-ioc serves it.</remarks>
public static class PviTree
{
    private const int MostSignals = 20_000;
    private const int Deepest = 8;
    private const string Device = "d";
    private const string Entries = "pvi";

    /// <summary>All signals under a PVI, in the server's order.</summary>
    /// <param name="client">Reads the variables; nested names are read over pvAccess where the first one is.</param>
    /// <param name="name">Of the first PVI, as <c>pva://PANDA:PVI</c>.</param>
    /// <param name="withinNs">For each read.</param>
    /// <param name="cancel">Ends it.</param>
    /// <remarks><b>Errors</b> Failed: what is read is no PVI, or names itself, or is larger than can be.</remarks>
    public static async Task<Outcome<EquatableArray<PviSignal>>> ReadAsync(
        IPvClient client, string name, long withinNs, CancellationToken cancel)
    {
        var prefix = name[..^PvTransports.BareName(name).Length];
        var signals = new List<PviSignal>();
        var waiting = new Queue<(string Path, string Pv, int Depth, Task<Outcome<PvReading>> Reading)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        string? problem = null;
        Ask("", name, 0);
        while (problem is null && waiting.TryDequeue(out var next))
        {
            var read = await next.Reading;
            if (read is not Outcome<PvReading>.Completed { Value: var reading })
                return read.As<EquatableArray<PviSignal>>();
            if (reading.Value is not PvValue.Structure entries)
                return new Outcome<EquatableArray<PviSignal>>.Failed($"{next.Pv} is no PVI: it holds {reading.Value.AsText()}");
            foreach (var entry in ((entries[Entries] as PvValue.Structure) ?? entries).Fields)
                Add(Join(next.Path, entry.Name), entry.Value, next.Depth);
        }
        return problem is null
            ? new Outcome<EquatableArray<PviSignal>>.Completed(signals.ToEquatableArray())
            : new Outcome<EquatableArray<PviSignal>>.Failed(problem);

        // All that one names are read together.
        void Ask(string path, string pv, int depth)
        {
            if (seen.Add(pv) && depth <= Deepest && signals.Count <= MostSignals)
                waiting.Enqueue((path, pv, depth, GetAsync(client, pv, withinNs, cancel)));
            else
                problem ??= $"{name}: the tree names {pv} twice, is deeper than {Deepest}, or has more than {MostSignals} signals";
        }

        void Add(string path, PvValue value, int depth)
        {
            if (value is not PvValue.Structure entry)
                return;
            foreach (var field in entry.Fields)
            {
                if (field.Value is not PvValue.Text { Value: var pv })
                    Add(Join(path, field.Name), field.Value, depth);
                else if (field.Name == Device)
                    Ask(path, prefix + pv, depth + 1);
                else
                    signals.Add(new PviSignal(path, field.Name, pv));
            }
        }
    }

    private static string Join(string path, string name)
    {
        var shown = name.StartsWith("__", StringComparison.Ordinal) ? name[2..] : name;
        return path.Length == 0 ? shown : $"{path}.{shown}";
    }

    private static async Task<Outcome<PvReading>> GetAsync(IPvClient client, string name, long withinNs, CancellationToken cancel)
    {
        using var channel = client.Open(name);
        var connected = await channel.ConnectAsync(withinNs, cancel);
        return connected.Problem is null ? await channel.GetAsync(withinNs, cancel) : connected.As<PvReading>();
    }
}
