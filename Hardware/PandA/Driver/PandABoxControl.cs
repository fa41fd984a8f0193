using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Driver;

/// <summary>The control connection of a box, and a second one that watches what others write to it.</summary>
/// <remarks>
/// The server reports each change of a field, ours too, to a connection of its own. A field that does not read as we last set it is asked
/// for again on the first connection, behind all that we have sent there: if it then still differs, somebody else set it.
/// <b>Source</b> recorded session 03.
/// </remarks>
internal sealed class PandABoxControl(IPandAControl control, PandABoxInfo info, IClock clock, Action<string> foreign) : IPandAControl
{
    /// <summary>Ten times a second, as the makers' own clients ask.</summary>
    private const long PeriodNs = 100_000_000;
    private static readonly string[] Groups = ["CONFIG", "ATTR", "TABLE"];

    private readonly object _gate = new();

    /// <summary>By plain name: the name to ask for, and what it must read.</summary>
    private readonly Dictionary<string, (string Name, string Value)> _watched = [];
    private IPandAControl? _reports;
    private IDisposable? _wake;
    private bool _disposed;

    public PandABoxInfo Info => info;

    /// <summary>The server reports changes; older ones, and a loss of the second connection, leave us without.</summary>
    public bool Watching
    {
        get
        {
            lock (_gate)
                return _reports is not null;
        }
    }

    public Task<PandAReply[]> SendAsync(IReadOnlyList<PandACommand> commands, CancellationToken cancel)
    {
        Refuse(commands);
        lock (_gate)
        {
            foreach (var command in commands)
                Note(command);
            return control.SendAsync(commands, cancel);
        }
    }

    /// <summary>Opens the second connection.</summary>
    public async Task ListenAsync(IPandALine line, CancellationToken cancel)
    {
        var reports = await line.OpenReportsAsync(_ => StopListening(), cancel);
        var reply = await reports.SendAsync([PandACommand.Set("*CHANGES", "E")], cancel);
        lock (_gate)
            _reports = reply[0] is PandAReply.Ok && !_disposed ? reports : null;
        if (!Watching)
            reports.Dispose();
    }

    /// <summary>From now on these must stay as given, but for what is written through here.</summary>
    public void Watch(IEnumerable<(string Name, string Value)> settings)
    {
        lock (_gate)
        {
            _watched.Clear();
            foreach (var (name, value) in settings)
                _watched[Key(name)] = (name, value);
            _wake ??= _reports is null ? null : clock.WakeAt(clock.NowNs + PeriodNs, Ask);
        }
    }

    public void Unwatch()
    {
        lock (_gate)
        {
            _watched.Clear();
            _wake?.Dispose();
            _wake = null;
        }
    }

    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        Unwatch();
        StopListening();
        control.Dispose();
    }

    /// <summary>A time in ticks is the same field as the time in its units.</summary>
    private static string Key(string name) =>
        PandAText.Plain(name.EndsWith(".RAW", StringComparison.Ordinal) ? name[..^4] : name);

    /// <summary>Numbers come back with ten digits.</summary>
    internal static bool Same(string set, string held) => set == held
        || PandAText.TryNumber(set, out var a) && PandAText.TryNumber(held, out var b) && Math.Abs(a - b) <= 1e-9 * Math.Abs(a);

    private void Refuse(IReadOnlyList<PandACommand> commands)
    {
        foreach (var command in commands)
            if (!command.HasBody && command.Line.IndexOf('=') is > 0 and var at
                && info.Problem(command.Line[..at], command.Line[(at + 1)..]) is { } problem)
                throw new IOException(problem);
    }

    private void Note(PandACommand command)
    {
        if (_watched.Count == 0)
            return;
        var at = command.Line.AsSpan().IndexOfAny('=', '<');
        if (at <= 0)
            return;
        var name = command.Line[..at];
        if (_watched.ContainsKey(Key(name)))
            _watched[Key(name)] = !command.HasBody ? (name, command.Line[(at + 1)..])
                // A streamed table reads empty.
                : ($"{name}.B", command.Line.AsSpan(at).StartsWith("<<") ? "" : string.Concat(command.Body));
    }

    private void StopListening()
    {
        IPandAControl? reports;
        lock (_gate)
            (reports, _reports) = (_reports, null);
        reports?.Dispose();
    }

    private void Ask()
    {
        IPandAControl? reports;
        lock (_gate)
        {
            _wake = null;
            reports = _reports;
        }
        if (reports is not null)
            _ = AskAsync(reports);
    }

    private async Task AskAsync(IPandAControl reports)
    {
        try
        {
            var replies = await reports.SendAsync([.. Groups.Select(g => PandACommand.Get($"*CHANGES.{g}"))], CancellationToken.None);
            var lines = replies.OfType<PandAReply.Lines>().SelectMany(r => r.Items);
            await ConfirmAsync([.. lines.Select(PandAChange.Parse).OfType<PandAChange>().Where(IsSuspect)]);
        }
        catch (Exception lost) when (lost is IOException or TimeoutException)
        {
            // Whoever uses the first connection finds out for itself whether the box is gone.
            StopListening();
        }
        lock (_gate)
            if (_watched.Count > 0 && _reports is not null && !_disposed)
                _wake ??= clock.WakeAt(clock.NowNs + PeriodNs, Ask);
    }

    private bool IsSuspect(PandAChange change)
    {
        lock (_gate)
            return _watched.TryGetValue(Key(change.Name), out var held)
                && (change is PandAChange.Table || held.Name.EndsWith(".RAW", StringComparison.Ordinal)
                    || change is PandAChange.Value value && !Same(held.Value, value.Text));
    }

    private async Task ConfirmAsync(PandAChange[] suspects)
    {
        if (suspects.Length == 0)
            return;
        (string Name, string Value)[] expected;
        Task<PandAReply[]> asked;
        lock (_gate)
        {
            expected = [.. suspects.Where(s => _watched.ContainsKey(Key(s.Name))).Select(s => _watched[Key(s.Name)])];
            asked = control.SendAsync([.. expected.Select(e => PandACommand.Get(e.Name))], CancellationToken.None);
        }
        var replies = await asked;
        for (var i = 0; i < replies.Length; i++)
        {
            var reads = replies[i] switch
            {
                PandAReply.Value value => value.Text,
                PandAReply.Lines lines => string.Concat(lines.Items),
                _ => null,
            };
            // Nothing was written yet to a table that is watched from the start.
            if (reads is null || expected[i].Value.Length == 0 || Same(expected[i].Value, reads) || SameTable(expected[i].Value, reads))
                continue;
            foreign(expected[i].Name.EndsWith(".TABLE.B", StringComparison.Ordinal)
                ? $"somebody else wrote {expected[i].Name[..^2]} during the scan"
                : $"somebody else set {expected[i].Name} to {reads} during the scan; it was {expected[i].Value}");
        }
    }

    /// <summary>The same words, whatever the lines that they were sent in.</summary>
    private static bool SameTable(string set, string held) => set.Length > 64
        && SequencerProgramme.TryFromBase64(set, out var a) && SequencerProgramme.TryFromBase64(held, out var b)
        && a.AsSpan().SequenceEqual(b);
}
