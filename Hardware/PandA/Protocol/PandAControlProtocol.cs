using System.Diagnostics.CodeAnalysis;
using System.Text;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>Bounds of one control connection.</summary>
/// <remarks><b>Units</b> ReplyWithinNs nanoseconds; LongestLine bytes with the line feed.</remarks>
internal sealed record PandAControlLimits(
    int LongestLine = 4096, int MostLines = 100_000, int MostPending = 4096, long ReplyWithinNs = 2_000_000_000);

/// <summary>The client's side of the control port: commands out, bytes in, replies in the order of the commands. No I/O, no
/// clock.</summary>
/// <remarks>Each command gets exactly one reply. Nothing is accepted after a fault.</remarks>
internal sealed class PandAControlProtocol(PandAControlLimits limits)
{
    private readonly LineSplitter _lines = new(limits.LongestLine);
    private readonly Queue<(PandACommand Command, long Deadline)> _pending = new();
    private readonly Queue<Output> _outputs = new();
    private readonly List<string> _multi = [];
    private bool _inMulti;
    private bool _faulted;

    /// <summary>What the protocol wants done.</summary>
    public abstract record Output
    {
        private Output() { }

        public sealed record Transmit(byte[] Bytes) : Output;

        /// <summary>The reply to the oldest command not yet answered.</summary>
        public sealed record Replied(PandACommand Command, PandAReply Reply) : Output;

        /// <summary>The connection is of no further use.</summary>
        public sealed record Fault(string Reason, bool TimedOut) : Output;
    }

    /// <summary>When <see cref="Tick"/> must be called; null while nothing is awaited.</summary>
    public long? NextDeadline => _faulted || _pending.Count == 0 ? null : _pending.Peek().Deadline;

    /// <summary>Sends commands in one piece, so that they cost one round trip.</summary>
    /// <remarks><b>Errors</b> throws on a command that would desynchronise the stream: a line feed inside, a line over the server's
    /// limit.</remarks>
    public void Send(IReadOnlyList<PandACommand> commands, long nowNs)
    {
        if (_faulted)
            return;
        var length = 0;
        foreach (var command in commands)
            length += Measure(command);
        if (_pending.Count + commands.Count > limits.MostPending)
        {
            Fail($"more than {limits.MostPending} commands await their replies");
            return;
        }
        foreach (var command in commands)
            _pending.Enqueue((command, nowNs + limits.ReplyWithinNs));
        var bytes = new byte[length];
        var at = 0;
        foreach (var command in commands)
            Write(command, bytes, ref at);
        _outputs.Enqueue(new Output.Transmit(bytes));
    }

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        while (!_faulted && _lines.TryTake(ref bytes, out var line, out var tooLong))
            Take(Encoding.UTF8.GetString(line));
        if (!_faulted && !bytes.IsEmpty)
            Fail($"a reply line is longer than {limits.LongestLine} bytes");
    }

    public void Tick(long nowNs)
    {
        if (NextDeadline <= nowNs)
            Fail($"no reply to {_pending.Peek().Command}", timedOut: true);
    }

    public bool TryTake([MaybeNullWhen(false)] out Output output) => _outputs.TryDequeue(out output);

    /// <summary>Bytes that the command takes.</summary>
    private static int Measure(PandACommand command)
    {
        var bytes = MeasureLine(command.Line, command);
        foreach (var line in command.Body)
            bytes += MeasureLine(line, command);
        return bytes + (command.HasBody ? 1 : 0);
    }

    private static int MeasureLine(string line, PandACommand command)
    {
        var bytes = Encoding.UTF8.GetByteCount(line) + 1;
        if (line.Length == 0 || bytes > PandACommand.LongestLine || line.Contains('\n'))
            throw new ArgumentException(
                $"{command.Line[..Math.Min(command.Line.Length, 60)]}: "
                    + $"a line must have 1 to {PandACommand.LongestLine - 1} bytes and no line feed.");
        return bytes;
    }

    private static void Write(PandACommand command, byte[] bytes, ref int at)
    {
        WriteLine(command.Line, bytes, ref at);
        foreach (var line in command.Body)
            WriteLine(line, bytes, ref at);
        if (command.HasBody)
            bytes[at++] = (byte)'\n';
    }

    private static void WriteLine(string line, byte[] bytes, ref int at)
    {
        at += Encoding.UTF8.GetBytes(line, bytes.AsSpan(at));
        bytes[at++] = (byte)'\n';
    }

    private void Take(string line)
    {
        if (_pending.Count == 0)
            Fail($"a line that answers nothing: {line}");
        else if (line.StartsWith("ERR ", StringComparison.Ordinal))
            Answer(new PandAReply.Refused(line[4..]));
        else if (line.StartsWith('!'))
            AddLine(line[1..]);
        else if (line == ".")
            Answer(new PandAReply.Lines(_multi.ToEquatableArray()));
        else if (!_inMulti && line == "OK")
            Answer(new PandAReply.Ok());
        else if (!_inMulti && line.StartsWith("OK =", StringComparison.Ordinal))
            Answer(new PandAReply.Value(line[4..]));
        else
            Fail($"not a reply: {line}");
    }

    private void AddLine(string line)
    {
        _inMulti = true;
        if (_multi.Count == limits.MostLines)
            Fail($"{_pending.Peek().Command} is answered by more than {limits.MostLines} lines");
        else
            _multi.Add(line);
    }

    private void Answer(PandAReply reply)
    {
        _multi.Clear();
        _inMulti = false;
        _outputs.Enqueue(new Output.Replied(_pending.Dequeue().Command, reply));
    }

    private void Fail(string reason, bool timedOut = false)
    {
        _faulted = true;
        _outputs.Enqueue(new Output.Fault(reason, timedOut));
    }
}
