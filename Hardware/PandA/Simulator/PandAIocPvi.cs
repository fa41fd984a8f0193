using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Epics.PvAccess.Server;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The names of an IOC's records by block, as it serves them for clients that ask what there is (PVI).</summary>
internal sealed class PandAIocPvi(string prefix)
{
    private static readonly PvaType.Scalar Text = new(PvaScalar.Text);

    private readonly List<(string Block, List<(string Entry, string Access, string Pv)> Signals)> _blocks = [];

    /// <summary>Adds a record.</summary>
    /// <param name="record">Without prefix: <c>SEQ1:BITA:DELAY</c>.</param>
    /// <param name="access">r, rw or x.</param>
    public void Add(string record, string access)
    {
        var colon = record.IndexOf(':');
        var block = record[..colon];
        if (_blocks.Count == 0 || _blocks[^1].Block != block)
            _blocks.Add((block, []));
        _blocks[^1].Signals.Add((NameOf(record[(colon + 1)..]), access, $"{prefix}:{record}"));
    }

    /// <summary>The structures: one that names the blocks, and one of each block.</summary>
    public IEnumerable<PvaServed> Structures()
    {
        yield return Structure($"{prefix}:PVI", _blocks.Select(b => (NameOf(b.Block), "d", $"{prefix}:{b.Block}:PVI")));
        foreach (var (block, signals) in _blocks)
            yield return Structure($"{prefix}:{block}:PVI", signals);
    }

    private static string NameOf(string record) => record.ToLowerInvariant().Replace(':', '_');

    private static PvaServed Structure(string name, IEnumerable<(string Name, string Access, string Pv)> entries)
    {
        var all = entries.Select(e =>
            (e.Name, Value: new PvaValue.Structure(PvaType.Of((e.Access, Text)), [new PvaValue.Text(e.Pv)]))).ToList();
        var pvi = new PvaValue.Structure(
            PvaType.Of([.. all.Select(e => (e.Name, (PvaType)e.Value.Type))]), [.. all.Select(e => (PvaValue)e.Value)]);
        return new PvaServed(name, new PvaValue.Structure(PvaType.Of(("pvi", pvi.Type)), [pvi]))
        {
            Written = (_, _, done) => done(PvaStatus.Error("names of records cannot be written")),
        };
    }
}
