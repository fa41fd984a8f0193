namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>One armed capture and the server's history of it: blocks of samples, the oldest dropped when there are too many.</summary>
internal sealed class CaptureRun(CaptureLayout layout, PandASimulatorOptions options, long armedNs)
{
    private const int BlockBytes = 2 * 1024 * 1024;

    /// <summary>Blocks that the server keeps beyond those that it gives to late clients.</summary>
    private const int SpareBlocks = 33;

    private readonly List<Block> _blocks = [];

    public CaptureLayout Layout => layout;

    public long ArmedNs => armedNs;

    /// <summary>When it was enabled, or ended without.</summary>
    public long? StartedNs { get; set; }

    public long Taken { get; private set; }

    /// <summary>Samples that the hardware has handed to the server.</summary>
    public long Delivered { get; private set; }

    /// <summary>Why it ended; null while it runs.</summary>
    public string? Reason { get; set; }

    /// <summary>The server knows that it has ended.</summary>
    public bool Completed { get; private set; }

    public bool HeaderReady { get; private set; }

    public long Oldest => _blocks.Count == 0 ? Taken : _blocks[0].First;

    /// <summary>First sample that a client connecting now is given.</summary>
    public long FirstForLate => _blocks.Count == 0 ? Taken : _blocks[Math.Max(0, _blocks.Count - options.HistoryBlocks)].First;

    public void Add(byte[] sample, long nowNs)
    {
        if (_blocks.Count == 0 || nowNs - _blocks[^1].BeganNs >= options.BlockNs || _blocks[^1].Bytes.Length + sample.Length > BlockBytes)
            _blocks.Add(new Block(Taken, nowNs, new MemoryStream()));
        if (_blocks.Count > options.HistoryBlocks + SpareBlocks)
            _blocks.RemoveAt(0);
        _blocks[^1].Bytes.Write(sample);
        Taken++;
    }

    public void Deliver()
    {
        Delivered = Taken;
        HeaderReady |= StartedNs is not null;
        Completed |= Reason is not null;
    }

    /// <summary>Bytes of the samples from <paramref name="first"/> to the end of its block or to what is delivered.</summary>
    public ReadOnlyMemory<byte> Read(long first, out int count)
    {
        var index = _blocks.FindLastIndex(b => b.First <= first);
        var block = _blocks[index];
        var end = Math.Min(Delivered, block.First + block.Bytes.Length / layout.SampleBytes);
        count = (int)(end - first);
        return block.Bytes.GetBuffer().AsMemory((int)(first - block.First) * layout.SampleBytes, count * layout.SampleBytes);
    }

    private sealed record Block(long First, long BeganNs, MemoryStream Bytes);
}
