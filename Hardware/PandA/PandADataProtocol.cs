using System.Buffers.Binary;
using System.Text;

namespace Flyscan.Hardware.PandA;

/// <summary>Bounds of one data connection, in bytes where nothing else is said.</summary>
internal sealed record PandADataLimits(
    int LongestLine = 8192, int MostFields = 512, int LargestSample = 65536, uint LargestFrame = 64 * 1024 * 1024);

/// <summary>Where the data protocol puts what it finds; samples are only valid during the call.</summary>
internal interface IPandADataSink
{
    /// <summary>The server took the option line.</summary>
    void Accepted();

    void Header(PandADataHeader header);

    /// <summary>Whole samples, packed, in the header's layout.</summary>
    void Samples(ReadOnlySpan<byte> samples, int count);

    /// <summary>The capture has ended; the connection then waits for the next one.</summary>
    void Ended(long samples, string reason);

    /// <summary>The stream cannot be followed any further.</summary>
    void Fault(string reason);
}

/// <summary>The client's side of the data port: bytes in, header, samples and end out. Holds at most one line and one sample. No I/O, no
/// clock.</summary>
internal sealed class PandADataProtocol(PandADataLimits limits, IPandADataSink sink)
{
    private readonly LineSplitter _lines = new(limits.LongestLine);
    private readonly PandAHeaderReader _header = new(limits);
    private readonly byte[] _mark = new byte[8];
    private PandASampleText? _text;
    private byte[] _partial = [];
    private State _state = State.Status;
    private int _markCount;
    private int _partialCount;
    private long _frameLeft;
    private PandADataHeader? _current;

    private enum State
    {
        Status,
        Header,
        Mark,
        Frame,
        End,
        TextBody,
        Faulted,
    }

    /// <summary>The option line for framed data.</summary>
    public static byte[] Options(bool raw) => Encoding.ASCII.GetBytes(raw ? "XML FRAMED RAW\n" : "XML FRAMED SCALED\n");

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _state != State.Faulted)
            switch (_state)
            {
                case State.Mark:
                    TakeMark(ref bytes);
                    break;
                case State.Frame:
                    TakeFrame(ref bytes);
                    break;
                default:
                    TakeLine(ref bytes);
                    break;
            }
    }

    private void TakeLine(ref ReadOnlySpan<byte> bytes)
    {
        if (!_lines.TryTake(ref bytes, out var line, out var tooLong))
        {
            if (tooLong)
                Fail($"a line is longer than {limits.LongestLine} bytes");
            return;
        }
        var text = Encoding.UTF8.GetString(line);
        switch (_state)
        {
            case State.Status:
                TakeStatus(text);
                break;
            case State.Header:
                TakeHeader(text);
                break;
            case State.End:
                TakeEnd(text);
                break;
            default:
                TakeText(text);
                break;
        }
    }

    private void TakeStatus(string line)
    {
        if (line == "OK")
        {
            _state = State.Header;
            sink.Accepted();
        }
        else
        {
            Fail($"the options were refused: {line}");
        }
    }

    private void TakeHeader(string line)
    {
        var problem = _header.Add(line, out var header);
        if (problem is not null)
            Fail(problem);
        else if (header is not null)
            Begin(header);
    }

    private void Begin(PandADataHeader header)
    {
        if (header.Format == PandADataFormat.Unframed)
        {
            Fail("unframed data cannot be told from their end; ask for FRAMED");
            return;
        }
        _current = header;
        _partial = new byte[header.SampleBytes];
        (_partialCount, _markCount) = (0, 0);
        _text = header.Format == PandADataFormat.Framed ? null : new PandASampleText(header);
        _state = _text is null ? State.Mark : State.TextBody;
        sink.Header(header);
    }

    private void TakeMark(ref ReadOnlySpan<byte> bytes)
    {
        var part = bytes[..Math.Min(bytes.Length, 4 - Math.Min(4, _markCount))];
        if (part.IsEmpty)
            part = bytes[..Math.Min(bytes.Length, 8 - _markCount)];
        part.CopyTo(_mark.AsSpan(_markCount));
        _markCount += part.Length;
        bytes = bytes[part.Length..];
        if (_markCount == 4 && _mark.AsSpan(0, 4).SequenceEqual("END "u8))
        {
            (_markCount, _state) = (0, State.End);
        }
        else if (_markCount == 4 && !_mark.AsSpan(0, 4).SequenceEqual("BIN "u8))
        {
            Fail($"neither a frame nor the end: {Convert.ToHexString(_mark.AsSpan(0, 4))}");
        }
        else if (_markCount == 8)
        {
            BeginFrame(BinaryPrimitives.ReadUInt32LittleEndian(_mark.AsSpan(4)));
        }
    }

    private void BeginFrame(uint length)
    {
        if (length < 8 || length > limits.LargestFrame || (length - 8) % (uint)_current!.SampleBytes != 0)
        {
            Fail($"a frame of {length} bytes, with samples of {_current!.SampleBytes} and at most {limits.LargestFrame} bytes");
            return;
        }
        _markCount = 0;
        _frameLeft = length - 8;
        _state = _frameLeft == 0 ? State.Mark : State.Frame;
    }

    private void TakeFrame(ref ReadOnlySpan<byte> bytes)
    {
        var part = bytes[..(int)Math.Min(bytes.Length, _frameLeft)];
        bytes = bytes[part.Length..];
        _frameLeft -= part.Length;
        TakeSamples(part);
        if (_frameLeft == 0)
            _state = State.Mark;
    }

    private void TakeSamples(ReadOnlySpan<byte> part)
    {
        var size = _partial.Length;
        if (_partialCount > 0)
        {
            var rest = part[..Math.Min(part.Length, size - _partialCount)];
            rest.CopyTo(_partial.AsSpan(_partialCount));
            _partialCount += rest.Length;
            part = part[rest.Length..];
            if (_partialCount < size)
                return;
            _partialCount = 0;
            sink.Samples(_partial, 1);
        }
        var whole = part.Length / size;
        if (whole > 0)
            sink.Samples(part[..(whole * size)], whole);
        part = part[(whole * size)..];
        part.CopyTo(_partial);
        _partialCount = part.Length;
    }

    private void TakeText(string line)
    {
        if (line.StartsWith("END ", StringComparison.Ordinal))
        {
            TakeEnd(line[4..]);
            return;
        }
        var problem = _text!.TryRead(line, out var samples);
        if (problem is not null)
            Fail(problem);
        else
            TakeSamples(samples);
    }

    private void TakeEnd(string text)
    {
        var blank = text.IndexOf(' ');
        if (_partialCount > 0)
            Fail("the capture ended inside a sample");
        else if (blank < 0 || !long.TryParse(text.AsSpan(0, blank), out var samples) || samples < 0)
            Fail($"not an end of capture: END {text}");
        else
        {
            _state = State.Header;
            _header.Reset();
            sink.Ended(samples, text[(blank + 1)..]);
        }
    }

    private void Fail(string reason)
    {
        _state = State.Faulted;
        sink.Fault(reason);
    }
}
