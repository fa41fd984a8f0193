namespace Flyscan.Hardware.Zebra.Protocol;

/// <summary>The box's side of the line: bytes in, requests out.</summary>
internal sealed class ZebraServerProtocol(int longestLine = 256)
{
    private readonly ZebraLines _lines = new(longestLine);
    private readonly Queue<ZebraRequest> _requests = new();

    /// <summary>A line was too long to be a command.</summary>
    public bool Faulted => _lines.Overflowed;

    public void Receive(ReadOnlySpan<byte> bytes) => _lines.Receive(bytes, line =>
    {
        if (line.Length > 0)
            _requests.Enqueue(ZebraText.RequestIn(line));
    });

    public bool TryTake(out ZebraRequest request) => _requests.TryDequeue(out request!);
}
