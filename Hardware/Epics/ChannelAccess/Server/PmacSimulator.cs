using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>What a served trajectory controller is.</summary>
/// <remarks>Programs: user programs that raise and lower the live output. <b>Units</b> nanoseconds.</remarks>
internal sealed record PmacSimulatorSettings(string Prefix, int CoordinateSystem, PmacUserPrograms Programs)
{
    public long BuildNs { get; init; } = 150_000_000;

    public long AppendNs { get; init; } = 50_000_000;

    /// <summary>From the order to execute to the first point's segment.</summary>
    public long BeginNs { get; init; } = 2_500_000;
}

/// <summary>What goes wrong with a served trajectory controller.</summary>
/// <remarks>BuildFails: as where the driver's and the motion program's versions differ. Losing: executions whose put is never answered
/// although they end. AppendTakesNs: longer than it should.</remarks>
internal sealed record PmacFaults
{
    public bool BuildFails { get; init; }

    public bool AppendFails { get; init; }

    public bool Losing { get; init; }

    public long AppendTakesNs { get; init; }
}

/// <summary>A PMAC and its trajectory scan IOC: profile arrays that are built, executed, appended to and aborted; user programs.</summary>
/// <remarks>Every call under its server's lock. <b>Source</b> the dls-controls pmac IOC 2-6-3 with its own simulated controller, as
/// recorded: states, messages, counts at 10 Hz, answers that come and that never come.</remarks>
internal sealed class PmacSimulator
{
    private const long CountNs = 100_000_000;

    private readonly IServerTime _time;
    private readonly PmacSimulatorSettings _settings;
    private readonly PmacRecords _records;
    private readonly Dictionary<char, MotorRecord> _motors = [];
    private readonly BitSignal _live = new();
    private readonly Dictionary<char, (double Target, Action Complete)> _deferred = [];
    private PmacExecution? _execution;
    private PmacPoints? _built;
    private IDisposable? _count;

    /// <param name="add">Serves a record.</param>
    public PmacSimulator(IServerTime time, PmacSimulatorSettings settings, Action<ServedRecord> add)
    {
        (_time, _settings) = (time, settings);
        string[] ports = [.. Enumerable.Range(1, Math.Max(3, settings.CoordinateSystem)).Select(n => $"CS{n}")];
        _records = new PmacRecords(time, settings.Prefix, ports, add);
        _records.On("ProfileBuild", Build);
        _records.On("ProfileAppend", Append);
        _records.On("ProfileExecute", Execute);
        _records.On("ProfileAbort", (_, complete) =>
        {
            Abort();
            complete();
        });
        _records.On($"CS{settings.CoordinateSystem}:DeferMoves", (value, complete) =>
        {
            if (value == 0)
                LetGo();
            complete();
        });
        for (var axis = 1; axis <= PmacRecords.Letters.Length; axis++)
        {
            var letter = PmacRecords.Letters[axis - 1];
            _records.On($"CS{settings.CoordinateSystem}:M{axis}:DirectDemand", (value, complete) => Demand(letter, value, complete));
        }
    }

    public PmacRecords Records => _records;

    public PmacFaults Faults { get; set; } = new();

    /// <summary>What the user programs drive.</summary>
    public IBitSignal Live => _live;

    /// <summary>Gives a motor a letter.</summary>
    public void Assign(char letter, MotorRecord motor) => _motors[letter] = motor;

    private void Demand(char letter, double target, Action complete)
    {
        _deferred[letter] = (target, complete);
        if (_records.Number($"CS{_settings.CoordinateSystem}:DeferMoves") == 0)
            LetGo();
    }

    private void LetGo()
    {
        foreach (var (letter, (target, complete)) in _deferred.OrderBy(d => d.Key).ToList())
            if (_motors.TryGetValue(letter, out var motor))
                motor.Demand(target, complete);
            else
                complete();
        _deferred.Clear();
    }

    private void Build(double value, Action complete)
    {
        if (value == 0)
        {
            complete();
            return;
        }
        _built = null;
        _records.Set("TotalPoints_RBV", 0);
        _records.Set("ProfileBuildState_RBV", 1);
        _time.At(_time.NowNs + _settings.BuildNs, () =>
        {
            var problem = Faults.BuildFails
                ? "Motion program version mismatch"
                : PmacPoints.Read(_records, _motors, out _built);
            _records.Say("Build", problem is null ? "Success" : "Failure", problem ?? "Profile built successfully");
            _records.Set("ProfileBuildState_RBV", 0);
            _records.Set("ProfileBuild", 0);
            // Answered whatever came of it.
            complete();
        });
    }

    private void Append(double value, Action complete)
    {
        if (value == 0)
        {
            complete();
            return;
        }
        _records.Set("ProfileAppendState_RBV", 1);
        _time.At(_time.NowNs + Math.Max(_settings.AppendNs, Faults.AppendTakesNs), () =>
        {
            PmacPoints? more = null;
            var problem = _execution is null ? "No trajectory scan is executing"
                : Faults.AppendFails ? "Could not fill the buffers"
                : PmacPoints.Read(_records, _motors, out more);
            if (problem is null)
                _execution!.Append(more!);
            _records.Say("Append", problem is null ? "Success" : "Failure", problem ?? "Points appended");
            _records.Set("ProfileAppendState_RBV", 0);
            _records.Set("ProfileAppend", 0);
            complete();
        });
    }

    private void Execute(double value, Action complete)
    {
        if (value == 0)
        {
            complete();
            return;
        }
        if (_built is not { } points || _execution is not null)
        {
            // Neither answered nor put back: the busy record stays 1, as the real one's does.
            _records.Say("Execute", "Failure", _execution is null ? "Trajectory has not been built" : "Already executing");
            return;
        }
        _built = null;
        _records.Say("Execute", "Undefined", "Starting up trajectory scan");
        _records.Enter("Move start");
        _execution = new PmacExecution(_time, _settings.Programs, _live, (status, message) => End(status, message, complete));
        _time.At(_time.NowNs + _settings.BeginNs, () =>
        {
            if (_execution is not { } execution)
                return;
            _records.Enter("Executing");
            _records.Say("Execute", "Success", "Executing trajectory scan");
            _records.Set("TrajectoryStatus_RBV", 1);
            execution.Begin(points);
            Count();
        });
    }

    private void Count() => _count = _time.At(_time.NowNs + CountNs, () =>
    {
        if (_execution is not { } execution)
            return;
        Tell(execution);
        Count();
    });

    private void Tell(PmacExecution execution)
    {
        _records.Set("TotalPoints_RBV", execution.PointsDone);
        _records.Set("TscanPercent_RBV", execution.Points == 0 ? 0 : 100.0 * execution.PointsDone / execution.Points);
        _records.Set("BufferLength_RBV", execution.Points - execution.PointsDone);
    }

    private void Abort() => _execution?.Stop("Aborted", "Trajectory scan aborted");

    private void End(string status, string message, Action complete)
    {
        Tell(_execution!);
        _execution = null;
        _count?.Dispose();
        _records.Set("TrajectoryStatus_RBV", 0);
        _records.Say("Execute", status, message);
        _records.Enter("Done");
        if (Faults.Losing)
            return;
        _records.Set("ProfileExecute", 0);
        complete();
    }
}
