using System.Text;

namespace Flyscan.Hardware.Simulation.Line;

/// <summary>Cuts a byte stream into lines and the blocks that follow some of them.</summary>
internal sealed class LineReader(LineLimits limits)
{
    private byte[] _bytes = new byte[1024];
    private int _start;
    private int _end;
    private int _searched;

    /// <summary>The next line is longer than is allowed.</summary>
    public bool IsTooLong { get; private set; }

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - _end < bytes.Length)
        {
            var kept = _bytes.AsSpan(_start, _end - _start);
            var needed = kept.Length + bytes.Length;
            var room = needed > _bytes.Length ? new byte[Math.Max(_bytes.Length * 2, needed)] : _bytes;
            kept.CopyTo(room);
            (_bytes, _searched, _end, _start) = (room, _searched - _start, kept.Length, 0);
        }
        bytes.CopyTo(_bytes.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>A whole line without its end; bytes outside ASCII become question marks.</summary>
    public bool TryTakeLine(out string line)
    {
        line = "";
        var length = _bytes.AsSpan(_searched, _end - _searched).IndexOf((byte)'\n') + _searched - _start;
        if (length < _searched - _start)
        {
            _searched = _end;
            IsTooLong |= _end - _start > limits.LongestLine;
            return false;
        }
        IsTooLong |= length > limits.LongestLine;
        if (IsTooLong)
            return false;
        line = Encoding.ASCII.GetString(_bytes, _start, length);
        _start += length + 1;
        _searched = _start;
        return true;
    }

    public bool TryTakeBlock(int length, out byte[] block)
    {
        block = [];
        if (_end - _start < length)
            return false;
        block = _bytes.AsSpan(_start, length).ToArray();
        _start += length;
        _searched = _start;
        return true;
    }
}
