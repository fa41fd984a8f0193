namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>One armed capture and the server's history of it: blocks of samples, the oldest dropped when there are too many.</summary>
internal sealed class CaptureRun(CaptureLayout layout, PandASimulatorOptions options, long armedNs)
{
    private const int BlockBytes = 2 * 1024 * 1024;
    private const int FirstBytes = 4096;

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

    public void Add(CaptureGate gate, long nowNs)
    {
        var size = layout.SampleBytes;
        if (_blocks.Count == 0 || nowNs - _blocks[^1].BeganNs >= options.BlockNs || _blocks[^1].Count + size > BlockBytes)
            _blocks.Add(new Block(Taken, nowNs));
        if (_blocks.Count > options.HistoryBlocks + SpareBlocks)
            _blocks.RemoveAt(0);
        layout.Write(gate, _blocks[^1].Extend(size));
        Taken++;
    }

    public void Deliver()
    {
        Delivered = Taken;
        HeaderReady |= StartedNs is not null;
        Completed |= Reason is not null;
    }

    /// <summary>Bytes of the samples from <paramref name="first"/> to the end of its block or to what is delivered.</summary>
    public ReadOnlyMemory<byte> Read(long first, long most, out int count)
    {
        var block = _blocks[_blocks.FindLastIndex(b => b.First <= first)];
        var end = Math.Min(Delivered, block.First + block.Count / layout.SampleBytes);
        count = (int)Math.Min(end - first, most);
        return block.Bytes.AsMemory((int)(first - block.First) * layout.SampleBytes, count * layout.SampleBytes);
    }

    private sealed class Block(long first, long beganNs)
    {
        public long First => first;

        public long BeganNs => beganNs;

        public byte[] Bytes { get; private set; } = new byte[FirstBytes];

        public int Count { get; private set; }

        public Span<byte> Extend(int size)
        {
            if (Count + size > Bytes.Length)
            {
                var grown = new byte[Math.Max(Bytes.Length * 2, Count + size)];
                Bytes.CopyTo(grown, 0);
                Bytes = grown;
            }
            Count += size;
            return Bytes.AsSpan(Count - size, size);
        }
    }
}
