namespace Flyscan.Hardware.Zebra.Protocol;

/// <summary>The client's side of a Zebra's serial line, without I/O: one request at a time, and what comes unasked between.</summary>
/// <remarks><b>Source</b> Zebra Technical Manual TDI-CTRL-TNO-042; EPICS module zebra.</remarks>
internal sealed class ZebraClientProtocol
{
    private readonly ZebraLimits _limits;
    private readonly ZebraLines _lines;
    private readonly Queue<ZebraRequest> _waiting = new();
    private readonly Queue<Output> _outputs = new();
    private long _deadlineNs;
    private bool _asked;
    private bool _again;
    private bool _dead;
    private bool _downloading;
    private int _fields;

    public ZebraClientProtocol(ZebraLimits limits) => (_limits, _lines) = (limits, new ZebraLines(limits.LongestLine));

    /// <summary>What the protocol wants its owner to do or know.</summary>
    public abstract record Output
    {
        private Output() { }

        public sealed record Transmit(byte[] Bytes) : Output;

        /// <summary>Answers the oldest request.</summary>
        public sealed record Replied(ZebraReply Reply) : Output;

        /// <summary><c>PR</c>: armed; time stamps begin.</summary>
        public sealed record Armed : Output;

        /// <summary>A captured pulse. Words: time stamp, then the captured fields in bit order.</summary>
        public sealed record Sample(uint[] Words) : Output;

        /// <summary>A line that lost bytes: at least one sample, or an answer, cannot be read.</summary>
        public sealed record Damaged(string Line) : Output;

        /// <summary><c>PX</c>: disarmed, and every sample was sent.</summary>
        public sealed record Disarmed : Output;

        /// <summary>The connection can no longer be used.</summary>
        public sealed record Fault(string Reason, bool TimedOut) : Output;
    }

    /// <summary>When <see cref="Tick"/> is to be called; null when nothing is waited for.</summary>
    public long? NextDeadline => _asked && !_dead ? _deadlineNs : null;

    /// <summary>Fields that follow the time stamp in a sample, as PC_BIT_CAP says.</summary>
    public void Expect(int fields) => _fields = fields;

    /// <summary>Queues a request; it goes out when those before it are answered.</summary>
    /// <remarks><b>Errors</b> <see cref="InvalidOperationException"/> when more wait than may.</remarks>
    public void Send(ZebraRequest request, long nowNs)
    {
        if (_waiting.Count >= _limits.MostPending)
            throw new InvalidOperationException($"More than {_limits.MostPending} requests wait for the box.");
        _waiting.Enqueue(request);
        if (!_asked)
            AskNext(nowNs);
    }

    public void Receive(ReadOnlySpan<byte> bytes, long nowNs)
    {
        if (_dead)
            return;
        _lines.Receive(bytes, line => Line(line, nowNs));
        if (_lines.Overflowed)
            Fail($"a line is longer than {_limits.LongestLine} bytes: this is not a Zebra, or its line feeds are lost", false);
    }

    /// <summary>Time has passed: a read is asked once more, anything else ends the connection.</summary>
    public void Tick(long nowNs)
    {
        if (_dead || !_asked || nowNs < _deadlineNs)
            return;
        if (_waiting.Peek() is ZebraRequest.Read && !_again)
        {
            _again = true;
            Transmit(nowNs);
            return;
        }
        Fail($"no reply to {ZebraText.Of(_waiting.Peek())}", true);
    }

    public bool TryTake(out Output output) => _outputs.TryDequeue(out output!);

    private void Line(string line, long nowNs)
    {
        if (line.Length == 0 || _dead)
            return;
        if (line[0] == 'P')
            Unsolicited(line);
        else if (_asked && ZebraText.ReplyIn(line, _waiting.Peek()) is { } reply)
        {
            _waiting.Dequeue();
            (_asked, _again) = (false, false);
            _outputs.Enqueue(new Output.Replied(reply));
            AskNext(nowNs);
        }
        else if (!IsLateRead(line))
            _outputs.Enqueue(new Output.Damaged(line));
    }

    /// <summary>A read that was asked twice may be answered twice.</summary>
    private bool IsLateRead(string line) => !_downloading && line.Length == 7 && line[0] == 'R';

    private void Unsolicited(string line)
    {
        if (line is "PR" or "PX")
        {
            _downloading = line == "PR";
            _outputs.Enqueue(_downloading ? new Output.Armed() : new Output.Disarmed());
        }
        else if (ZebraText.TrySample(line, _fields, out var words))
            _outputs.Enqueue(new Output.Sample(words));
        else
            _outputs.Enqueue(new Output.Damaged(line));
    }

    private void AskNext(long nowNs)
    {
        if (_waiting.Count == 0 || _dead)
            return;
        (_asked, _again) = (true, false);
        Transmit(nowNs);
    }

    private void Transmit(long nowNs)
    {
        var request = _waiting.Peek();
        _deadlineNs = nowNs + (request is ZebraRequest.Store or ZebraRequest.Load ? _limits.FlashWithinNs : _limits.ReplyWithinNs);
        _outputs.Enqueue(new Output.Transmit(System.Text.Encoding.ASCII.GetBytes(ZebraText.Of(request) + "\n")));
    }

    private void Fail(string reason, bool timedOut)
    {
        _dead = true;
        _outputs.Enqueue(new Output.Fault(reason, timedOut));
    }
}
