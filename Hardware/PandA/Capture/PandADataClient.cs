using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Capture;

/// <summary>One data connection: pumps its bytes through the protocol into a recorder.</summary>
internal sealed class PandADataClient : IPandADataSink, IDisposable
{
    private readonly IConnection _connection;
    private readonly PandADataProtocol _protocol;
    private readonly CapturePlan _plan;
    private readonly long _tickNs;
    private readonly Action<string> _lost;
    private readonly object _gate = new();
    private readonly TaskCompletionSource<bool> _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<PandADataHeader> _header = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<(long Sent, string Reason)> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SampleRecorder? _recorder;
    private SampleReader[] _readers = [];
    private PandADataHeader? _current;
    private long _received;
    private long _next;
    private string? _failure;
    private bool _dead;

    /// <summary>What the protocol says now belongs to the loss of the connection.</summary>
    private bool _closed;

    /// <param name="recorder">Null: the header is read, and samples are let go.</param>
    /// <param name="first">Samples before this one, counted from the arm, are let go.</param>
    /// <param name="lost">Called once when the stream can no longer be followed; not after <see cref="Dispose"/>.</param>
    public PandADataClient(
        IConnection connection, CapturePlan plan, long tickNs, SampleRecorder? recorder, long first, Action<string> lost)
    {
        (_connection, _plan, _tickNs, _recorder, _next, _lost) = (connection, plan, tickNs, recorder, first, lost);
        _protocol = new PandADataProtocol(new PandADataLimits(), this);
        connection.Start(Receive, Closed);
        connection.Send(PandADataProtocol.Options(raw: true));
    }

    /// <summary>The server counts this client as a reader.</summary>
    public Task<bool> Ready => _accepted.Task;

    public Task<PandADataHeader> HeaderRead => _header.Task;

    /// <summary>The capture has ended: samples that the server says it sent, and its reason.</summary>
    public Task<(long Sent, string Reason)> CaptureEnded => _ended.Task;

    /// <summary>Samples of the capture that have come over this connection.</summary>
    public long Received
    {
        get
        {
            lock (_gate)
                return _received;
        }
    }

    public void Dispose()
    {
        lock (_gate)
            Die(new IOException("the data connection was closed"));
    }

    void IPandADataSink.Accepted() => _accepted.TrySetResult(true);

    void IPandADataSink.Header(PandADataHeader header)
    {
        if (_current is not null)
        {
            Fail("a second capture was armed by somebody else");
            return;
        }
        try
        {
            _readers = _plan.Readers(header, _tickNs);
            _current = header;
            _header.TrySetResult(header);
        }
        catch (IOException error)
        {
            Fail(error.Message);
        }
    }

    void IPandADataSink.Samples(ReadOnlySpan<byte> samples, int count)
    {
        if (_dead)
            return;
        var first = _current!.Missed + _received;
        _received += count;
        if (_recorder is not null)
            Pass(_recorder, samples, first);
    }

    void IPandADataSink.Ended(long samples, string reason) => _ended.TrySetResult((samples, reason));

    void IPandADataSink.Fault(string reason) => Fail(reason);

    /// <summary>Gives the recorder the samples that it does not have yet.</summary>
    private void Pass(SampleRecorder recorder, ReadOnlySpan<byte> samples, long first)
    {
        var size = _current!.SampleBytes;
        var skip = (int)Math.Clamp(_next - first, 0, samples.Length / size);
        var count = samples.Length / size - skip;
        if (count == 0)
            return;
        recorder.Add(samples[(skip * size)..], size, count, first + skip, _readers);
        _next = first + skip + count;
    }

    private void Receive(ReadOnlyMemory<byte> bytes)
    {
        string? lost;
        lock (_gate)
        {
            if (_dead)
                return;
            _protocol.Receive(bytes.Span);
            (lost, _failure) = (_failure, null);
        }
        _recorder?.Kick();
        if (lost is not null)
            _lost(lost);
    }

    private void Fail(string reason)
    {
        _failure = $"the data stream cannot be followed: {reason}";
        if (_closed)
            return;
        Die(new IOException(_failure));
    }

    private void Closed(Exception? cause)
    {
        var text = $"the data connection was lost: {cause?.Message ?? "closed by the box"}";
        lock (_gate)
        {
            if (_dead)
                return;
            // Says, as a fault, in the midst of what it was closed.
            _closed = true;
            _protocol.Closed();
            text = _failure is null ? text : $"{text}: {_failure}";
            Die(new IOException(text));
        }
        _lost(text);
    }

    private void Die(Exception cause)
    {
        if (_dead)
            return;
        _dead = true;
        _accepted.TrySetException(cause);
        _header.TrySetException(cause);
        _ended.TrySetException(cause);
        _connection.Dispose();
    }
}
