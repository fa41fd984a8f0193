using System.Buffers.Binary;
using System.Text;

namespace Flyscan.Hardware.PandA.Protocol;

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
/// <remarks>After a fault nothing more is taken.</remarks>
internal sealed partial class PandADataProtocol
{
    /// <summary>What stands for the reason where the client asked not to be told one.</summary>
    public const string NotTold = "not told";

    private readonly PandADataLimits _limits;
    private readonly IPandADataSink _sink;
    private readonly PandADataOptions _options;
    private readonly PandADataHeader? _layout;
    private readonly LineSplitter _lines;
    private readonly PandAHeaderReader _header;
    private readonly byte[] _mark = new byte[8];
    private PandASampleText? _text;
    private UnframedBody? _unframed;
    private byte[] _partial = [];
    private State _state;
    private int _markCount;
    private int _partialCount;
    private long _frameLeft;
    private long _received;
    private bool _headerBegun;
    private PandADataHeader? _current;

    /// <param name="options">What the client asked for; null: framed data with header and status.</param>
    /// <param name="layout">With NO_HEADER: what the samples are, as a connection with a header told it.</param>
    public PandADataProtocol(
        PandADataLimits limits, IPandADataSink sink, PandADataOptions? options = null, PandADataHeader? layout = null)
    {
        (_limits, _sink, _options, _layout) = (limits, sink, options ?? new PandADataOptions { Format = PandADataFormat.Framed }, layout);
        if (_options.NoHeader && layout is null)
            throw new ArgumentException("Without a header the layout of the samples must be given.", nameof(layout));
        _lines = new LineSplitter(limits.LongestLine);
        _header = new PandAHeaderReader(limits);
        _state = _options.NoStatus ? Next() : State.Status;
    }

    private enum State
    {
        Status,
        Header,
        Mark,
        Frame,
        End,
        TextBody,
        Unframed,

        /// <summary>Without headers: the first byte of the next capture begins it.</summary>
        Bare,

        /// <summary>ONE_SHOT: nothing may follow.</summary>
        Over,
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
                case State.Unframed:
                    TakeUnframed(ref bytes);
                    break;
                case State.Bare:
                    Begin(_layout! with { Missed = 0, Format = _options.Format });
                    break;
                case State.Over:
                    Fail("bytes after the end of the only capture");
                    break;
                default:
                    TakeLine(ref bytes);
                    break;
            }
    }

    /// <summary>The server has closed the connection.</summary>
    public void Closed()
    {
        if (_state is State.Faulted or State.Over or State.Bare || _state == State.Header && !_headerBegun)
            return;
        if (_state is State.Status or State.Header)
            Fail(_state == State.Status ? "closed before the options were taken" : "closed inside the header");
        else if (!_options.NoStatus)
            Fail($"closed in mid capture, without END, after {_received} samples");
        else if (AtSample())
            End(_received, NotTold);
        else
            Fail("closed inside a sample");
    }

    private bool AtSample() => _state switch
    {
        State.Unframed => _unframed!.Flush(this) == 0,
        State.Mark => _markCount == 0 && _partialCount == 0,
        State.TextBody => _lines.Held.IsEmpty && _partialCount == 0,
        _ => false,
    };

    private State Next() => _options.NoHeader ? State.Bare : State.Header;

    private void TakeLine(ref ReadOnlySpan<byte> bytes)
    {
        if (!_lines.TryTake(ref bytes, out var line, out var tooLong))
        {
            if (tooLong)
                Fail($"a line is longer than {_limits.LongestLine} bytes");
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
            _state = Next();
            _sink.Accepted();
        }
        else
        {
            Fail($"the options were refused: {line}");
        }
    }

    private void TakeHeader(string line)
    {
        _headerBegun = true;
        var problem = _header.Add(line, out var header);
        if (problem is not null)
            Fail(problem);
        else if (header is not null)
            Begin(header);
    }

    private void Begin(PandADataHeader header)
    {
        (_current, _headerBegun, _received) = (header, false, 0);
        if (_partial.Length != header.SampleBytes)
            _partial = new byte[header.SampleBytes];
        (_partialCount, _markCount) = (0, 0);
        _text = header.Format is PandADataFormat.Ascii or PandADataFormat.Base64 ? new PandASampleText(header) : null;
        _unframed = header.Format == PandADataFormat.Unframed ? new UnframedBody(header.SampleBytes, !_options.NoStatus) : null;
        _state = _text is not null ? State.TextBody : _unframed is not null ? State.Unframed : State.Mark;
        _sink.Header(header);
    }

    private void TakeUnframed(ref ReadOnlySpan<byte> bytes)
    {
        if (!_unframed!.Take(ref bytes, this, out var rest))
            return;
        // The end's text has begun in what was held back for it.
        _state = State.TextBody;
        var end = rest;
        TakeLine(ref end);
        if (!end.IsEmpty)
            Receive(end);
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
        else if (_markCount == 4 && _options.NoStatus && IsHeader(_mark.AsSpan(0, 4)))
        {
            _markCount = 0;
            End(_received, NotTold);
            ReadOnlySpan<byte> begun = _mark.AsSpan(0, 4);
            TakeLine(ref begun);
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

    private static bool IsHeader(ReadOnlySpan<byte> start) => start.SequenceEqual("<hea"u8) || start.SequenceEqual("arm_"u8);

    private void BeginFrame(uint length)
    {
        if (length < 8 || length > _limits.LargestFrame || (length - 8) % (uint)_current!.SampleBytes != 0)
        {
            Fail($"a frame of {length} bytes, with samples of {_current!.SampleBytes} and at most {_limits.LargestFrame} bytes");
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
            Pass(_partial, 1);
        }
        var whole = part.Length / size;
        if (whole > 0)
            Pass(part[..(whole * size)], whole);
        part = part[(whole * size)..];
        part.CopyTo(_partial);
        _partialCount = part.Length;
    }

    private void Pass(ReadOnlySpan<byte> samples, int count)
    {
        _received += count;
        _sink.Samples(samples, count);
    }

    private void TakeText(string line)
    {
        if (line.StartsWith("END ", StringComparison.Ordinal))
        {
            TakeEnd(line[4..]);
            return;
        }
        if (_options is { NoStatus: true, NoHeader: false }
            && (line == "<header>" || line.StartsWith("arm_time: ", StringComparison.Ordinal)))
        {
            End(_received, NotTold);
            TakeHeader(line);
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
            End(samples, text[(blank + 1)..]);
    }

    private void End(long samples, string reason)
    {
        _state = _options.OneShot ? State.Over : Next();
        _header.Reset();
        _sink.Ended(samples, reason);
    }

    private void Fail(string reason)
    {
        _state = State.Faulted;
        _sink.Fault(reason);
    }
}
