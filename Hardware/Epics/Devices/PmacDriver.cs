using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>Drives a PMAC by its trajectory scan IOC: profiles of position, velocity, time that are built, executed and appended
/// to.</summary>
/// <remarks>No put with completion is trusted: a build that fails is answered all the same, and an execution that cannot begin is never
/// answered. So each is followed by its status and message, and raced with state and a deadline. <b>Source</b> the dls-controls pmac IOC,
/// as seen with its own simulated controller.</remarks>
internal sealed partial class PmacDriver : EpicsDevice, IMotionController
{
    private const long Second = 1_000_000_000;
    private const string Letters = "ABCUVWXYZ";

    private readonly object _gate = new();
    private readonly PmacSettings _settings;
    private readonly double _timeScale;
    private readonly double _wallPerBeam;
    private readonly Dictionary<string, ValueWatch> _done = [];
    private readonly ValueWatch _points;
    private readonly ValueWatch _state;
    private readonly ValueWatch _executed;
    private Dictionary<string, char> _letters = [];
    private bool _isReset;
    private Flight _flight = Flight.None;

    public PmacDriver(string name, PmacSettings settings, DeviceEnvironment environment)
        : base(name, environment, settings.ReconnectWithinNs)
    {
        (_settings, _timeScale, _wallPerBeam) = (settings, environment.TimeScale, Math.Max(1, environment.TimeScale));
        foreach (var axis in settings.Axes)
        {
            foreach (var field in new[]
            {
                ".RBV", ".EGU", ".LLM", ".HLM", ".DLLM", ".DHLM", ".STOP", ".HLS", ".LLS", ":CsPort_RBV", ":CsAxis_RBV",
            })
                Open(axis.Pv + field);
            _done[axis.Axis.Name] = new ValueWatch(Open($"{axis.Pv}.DMOV"));
        }
        foreach (var record in new[]
        {
            "ProfileCsName", "ProfileCalcVel", "ProfileTimeArray", "UserArray", "ProfilePointsToBuild", "ProfileBuild", "ProfileAppend",
            "ProfileExecute", "ProfileAbort", "ProfileBuildStatus_RBV", "ProfileBuildMessage_RBV", "ProfileAppendStatus_RBV",
            "ProfileAppendMessage_RBV", "ProfileExecuteMessage_RBV", $"CS{settings.CoordinateSystem}:Port",
            $"CS{settings.CoordinateSystem}:DeferMoves",
        })
            Controller(record);
        foreach (var letter in Letters)
            Controller($"{letter}:UseAxis");
        _points = new ValueWatch(Controller("TotalPoints_RBV"));
        _state = new ValueWatch(Controller("ProfileExecuteState_RBV"), textual: true);
        _executed = new ValueWatch(Controller("ProfileExecuteStatus_RBV"), textual: true);
    }

    /// <summary>Connects; reads which letter of the coordinate system each axis has, then what belongs to the letters.</summary>
    public override async Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel)
    {
        var connected = await base.ConnectAsync(cancel);
        if (connected.Problem is not null)
            return connected;
        var assigned = await AssignmentAsync(cancel);
        if (assigned is not Outcome<Dictionary<string, char>>.Completed { Value: var letters })
            return assigned.As<Nothing>();
        _letters = letters;
        foreach (var letter in letters.Values)
            foreach (var record in new[] { $"{letter}:Positions", $"{letter}:Velocities", Demand(letter) })
                Controller(record);
        connected = await base.ConnectAsync(cancel);
        return connected.Problem is null ? await CheckAxesAsync(cancel) : connected;
    }

    public async Task<Outcome<MotionStatus>> GetStatusAsync(CancellationToken cancel)
    {
        var reached = await ReachAsync(cancel);
        if (reached.Problem is not null)
            return reached.As<MotionStatus>();
        var read = await ReadAllAsync(_settings.Axes.Select(a => $"{a.Pv}.RBV"), cancel);
        if (read is not Outcome<PvReading[]>.Completed { Value: var places })
            return read.As<MotionStatus>();
        EquatableArray<AxisPosition> positions =
            [.. _settings.Axes.Select((a, i) => new AxisPosition(a.Axis.Name, places[i].Value.AsNumber()))];
        var flight = Now();
        if (flight.Profile is not null)
            return Done(new MotionStatus(flight.Phase, flight.Mark, positions, flight.Fault));
        var held = await HeldByIocAsync(cancel);
        return held is Outcome<(MotionPhase Phase, TakeMark Mark, string? Fault)>.Completed { Value: var (phase, mark, fault) }
            ? Done(new MotionStatus(phase, mark, positions, fault))
            : held.As<MotionStatus>();
    }

    /// <summary>Aborts by a plain write, stops every motor, and waits until all rest.</summary>
    public async Task<Outcome<MotionStatus>> StopAsync(CancellationToken cancel)
    {
        var flight = Now();
        if (flight.Phase == MotionPhase.Running)
            Become(flight with { IsStopped = true });
        var reached = await ReachAsync(cancel);
        var halted = reached.Problem is null ? await HaltAsync(cancel) : reached;
        if (halted.Problem is not null)
            return halted.As<MotionStatus>();
        if (flight.Ended is { } ended)
            await ended;
        return await GetStatusAsync(cancel);
    }

    public override async Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel)
    {
        var stopped = await StopAsync(cancel);
        return stopped.Problem is null ? Done(Nothing.Value) : stopped.As<Nothing>();
    }

    /// <summary>What a former process left in the IOC: the mark stands behind the points that were built.</summary>
    private async Task<Outcome<(MotionPhase Phase, TakeMark Mark, string? Fault)>> HeldByIocAsync(CancellationToken cancel)
    {
        var read = await ReadAllAsync(
            [Named("ProfilePointsToBuild"), Named("UserArray"), Named("TotalPoints_RBV"), Named("ProfileExecuteState_RBV"),
                Named("ProfileExecuteStatus_RBV"), Named("ProfileExecuteMessage_RBV")], cancel);
        if (read is not Outcome<PvReading[]>.Completed { Value: [var built, var user, var points, var state, var status, var message] })
            return read.As<(MotionPhase, TakeMark, string?)>();
        var (at, programs) = ((int)built.Value.AsNumber(), user.Value.AsNumbers());
        var mark = at > 0 && at < programs.Length ? new TakeMark((int)programs[at]) : default;
        var moves = _done.Values.Any(d => d.Last is { } last && last.Value.AsNumber() == 0);
        if (IsExecuting(state))
            return Done((MotionPhase.Running, mark, (string?)null));
        if (mark == default || points.Value.AsNumber() == 0)
            return Done((moves ? MotionPhase.Running : MotionPhase.Idle, default(TakeMark), (string?)null));
        return status.Value.AsText() == "Success"
            ? Done((MotionPhase.Done, mark, (string?)null))
            : Done((MotionPhase.Faulted, mark, (string?)$"{Name}: {status.Value.AsText()}: {message.Value.AsText()}"));
    }

    private async Task<Outcome<Dictionary<string, char>>> AssignmentAsync(CancellationToken cancel)
    {
        var read = await ReadAllAsync(
            _settings.Axes.SelectMany(a => new[] { $"{a.Pv}:CsPort_RBV", $"{a.Pv}:CsAxis_RBV" }).Prepend(CsName("Port")), cancel);
        if (read is not Outcome<PvReading[]>.Completed { Value: var texts })
            return read.As<Dictionary<string, char>>();
        var port = texts[0].Value.AsText();
        var letters = new Dictionary<string, char>();
        for (var i = 0; i < _settings.Axes.Count; i++)
        {
            var (axis, on, letter) = (_settings.Axes[i], texts[1 + 2 * i].Value.AsText(), texts[2 + 2 * i].Value.AsText());
            if (on != port)
                return Misassigned($"{axis.Pv} is in coordinate system '{on}', and {CsName("Port")} is '{port}'");
            if (letter.Length != 1 || !Letters.Contains(letter[0]))
                return Misassigned($"{axis.Pv} has no letter of coordinate system {port} ({axis.Pv}:CsAxis_RBV is '{letter}')");
            if (letters.FirstOrDefault(l => l.Value == letter[0]).Key is { } other)
                return Misassigned($"axes {other} and {axis.Axis.Name} are both {letter} of coordinate system {port}");
            letters[axis.Axis.Name] = letter[0];
        }
        return Done(letters);

        Outcome<Dictionary<string, char>> Misassigned(string what) => new Outcome<Dictionary<string, char>>.Refused(
            $"{Name}: {what}; assign every axis to a letter of its own of one coordinate system, one motor a letter");
    }

    /// <summary>Units and soft limits of the records against the beamline file's.</summary>
    private async Task<Outcome<Nothing>> CheckAxesAsync(CancellationToken cancel)
    {
        foreach (var axis in _settings.Axes)
        {
            var read = await ReadAllAsync(
                new[] { "EGU", "LLM", "HLM", "DLLM", "DHLM" }.Select(field => $"{axis.Pv}.{field}"), cancel);
            if (read is not Outcome<PvReading[]>.Completed { Value: var fields })
                return read.As<Nothing>();
            var (unit, low, high) = (fields[0].Value.AsText(), fields[1].Value.AsNumber(), fields[2].Value.AsNumber());
            if (unit.Length > 0 && unit != axis.Axis.Unit)
                return new Outcome<Nothing>.Refused($"{Name}: {axis.Pv}.EGU is {unit}, and the beamline file says {axis.Axis.Unit}");
            // Both dial limits 0 means none.
            if (fields[3].Value.AsNumber() != fields[4].Value.AsNumber() && (low > axis.Axis.Low || high < axis.Axis.High))
                return new Outcome<Nothing>.Refused(
                    FormattableString.Invariant($"{Name}: the beamline file says {axis.Axis.Low:G9} to {axis.Axis.High:G9} for ")
                    + FormattableString.Invariant($"{axis.Axis.Name}, and {axis.Pv} has soft limits {low:G9} to {high:G9} (LLM, HLM)"));
        }
        return Done(Nothing.Value);
    }

    private IPvChannel Controller(string record) => Open(Named(record));

    private string Named(string record) => $"{_settings.Pv}:{record}";

    private string CsName(string record) => Named($"CS{_settings.CoordinateSystem}:{record}");

    private string Demand(char letter) => $"CS{_settings.CoordinateSystem}:M{Letters.IndexOf(letter) + 1}:DirectDemand";

    private static bool IsExecuting(PvReading state) => state.Value.AsText() is not ("Done" or "0");

    private long AllowNs(long beamNs) => (long)Math.Min(beamNs * _wallPerBeam, long.MaxValue / 4.0) + _settings.ReplyWithinNs;

    /// <summary>Reads of several process variables that go out together; texts of enumerations.</summary>
    private async Task<Outcome<PvReading[]>> ReadAllAsync(IEnumerable<string> names, CancellationToken cancel)
    {
        List<Task<Outcome<PvReading>>> asked = [];
        using (Batch())
            foreach (var name in names)
            {
                var channel = Open(name);
                // A count is read as a number; only enumerations are asked for as texts.
                var form = channel.Info?.NativeType == "DBF_ENUM" ? PvAs.Text : PvAs.Native;
                asked.Add(channel.GetAsync(_settings.ReplyWithinNs, cancel, form));
            }
        var read = new List<PvReading>();
        foreach (var asking in asked)
        {
            var outcome = await asking;
            if (outcome is not Outcome<PvReading>.Completed { Value: var reading })
                return outcome.As<PvReading[]>();
            read.Add(reading);
        }
        return Done(read.ToArray());
    }

    private Flight Now()
    {
        lock (_gate)
            return _flight;
    }

    private void Become(Flight flight)
    {
        lock (_gate)
            _flight = flight;
    }

    /// <summary>Loaded: points that the IOC has. Ended: completes with the flight, its end told by the phase.</summary>
    private sealed record Flight(TakeMark Mark, PmacProfile? Profile, MotionPhase Phase)
    {
        public static readonly Flight None = new(default, null, MotionPhase.Idle);

        public int Loaded { get; init; }

        public Task? Ended { get; init; }

        public bool IsStopped { get; init; }

        public string? Fault { get; init; }
    }
}
