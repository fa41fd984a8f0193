using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>One client of the data port. All members run on the world's thread.</summary>
internal sealed class DataSession(IConnection connection, CaptureModel capture, Func<long, string> timeText)
{
    private readonly LineSplitter _lines = new(PandACommand.LongestLine);
    private PandADataOptions? _options;
    private DataPortEncoder? _encoder;
    private CaptureRun? _run;
    private long _next;
    private long _sent;
    private bool _finished;
    private bool _closed;

    public IConnection Connection => connection;

    /// <summary>Bytes that the client may still be sent now; null: it takes everything.</summary>
    public long? Budget { get; set; }

    /// <summary>It has given its options and so counts as a reader.</summary>
    public bool IsReader => _options is not null;

    /// <summary>It has not finished taking the present capture.</summary>
    public bool IsActive => IsReader && capture.Run is { } run && (run == _run ? !_finished : !run.Completed);

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        // What comes after the option line is discarded, as by the real server.
        if (_options is not null)
            return;
        if (!_lines.TryTake(ref bytes, out var line, out var tooLong))
        {
            if (tooLong)
                connection.Dispose();
            return;
        }
        // An empty line asks for nothing, and so for the usual.
        _options = PandADataOptions.Parse(line.IsEmpty ? "DEFAULT" : Encoding.UTF8.GetString(line), out var problem);
        if (_options is null)
        {
            connection.Send(Encoding.ASCII.GetBytes(ServerReply.Error(problem)));
            connection.Dispose();
            return;
        }
        if (!_options.NoStatus)
            connection.Send("OK\n"u8);
        if (capture.Busy)
            Pump();
    }

    /// <summary>The client has gone.</summary>
    public void Close() => _closed = true;

    /// <summary>Sends what there is to send.</summary>
    public void Pump()
    {
        if (_options is null || _closed || capture.Run is not { HeaderReady: true } run)
            return;
        if (run != _run)
            Begin(run);
        while (!_finished && _next < run.Delivered && _next >= run.Oldest && Most(run) is var most and > 0)
        {
            var samples = run.Read(_next, most, out var count);
            var bytes = _encoder!.Samples(samples.Span);
            connection.Send(bytes);
            Budget -= bytes.Length;
            _next += count;
            _sent += count;
        }
        if (_finished)
            return;
        if (_next < run.Oldest)
            Finish("Data overrun");
        else if (run.Completed && _next == run.Delivered)
            Finish(run.Reason!);
    }

    private long Most(CaptureRun run) => Budget is { } budget ? budget / run.Layout.SampleBytes : long.MaxValue;

    private void Begin(CaptureRun run)
    {
        (_run, _finished, _sent) = (run, false, 0);
        _next = run.FirstForLate;
        _encoder = new DataPortEncoder(_options!, run.Layout);
        connection.Send(_encoder.Header(timeText(run.ArmedNs), timeText(run.StartedNs!.Value), _next));
    }

    private void Finish(string reason)
    {
        _finished = true;
        connection.Send(_encoder!.End(_sent, reason));
        if (_options!.OneShot)
            connection.Dispose();
    }
}
