using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>What a served motor is.</summary>
/// <remarks><b>Units</b> in Unit, per second; Acceleration: seconds from rest to velocity.</remarks>
internal sealed record MotorRecordSettings(
    string Name, string Unit, double Low, double High, double Velocity, double AccelerationS, double Tolerance)
{
    public double Start { get; init; }

    /// <summary>Fastest that VELO may be set to; more is clipped without a word, as the real record does.</summary>
    public double MaxVelocity { get; init; } = double.PositiveInfinity;

    /// <summary>Slowest that VELO may be set to; less is raised without a word.</summary>
    public double BaseVelocity { get; init; }
}

/// <summary>What goes wrong with a served motor.</summary>
/// <remarks>SwitchHigh, SwitchLow: where its limit switches are. Losing: how many puts with completion are never answered although the
/// move has ended. StallAt: it gets no further and gives up there.</remarks>
internal sealed record MotorFaults
{
    public double SwitchHigh { get; init; } = double.PositiveInfinity;

    public double SwitchLow { get; init; } = double.NegativeInfinity;

    public int Losing { get; set; }

    public double? StallAt { get; init; }
}

/// <summary>A motor record with a simulated motor behind it; its fields change as those of the real record do.</summary>
/// <remarks><b>Source</b> motor record R7 with motorSim, as recorded: DMOV goes 0 with the old time stamp, the demand outside of limits
/// is taken back with LVIO, RBV comes at the poll.</remarks>
internal sealed class MotorRecord
{
    private const long PollNs = 100_000_000;
    private const int DoneBit = 2;
    private const int ProblemBit = 1 << 9;

    private static readonly string[] Spmg = ["Stop", "Pause", "Move", "Go"];

    private readonly IServerTime _time;
    private readonly MotorRecordSettings _settings;
    private readonly CubicTrack _track;
    private readonly Dictionary<string, ServedPv> _fields;
    private readonly List<Action> _completions = [];
    private IDisposable? _poll;
    private double _target;
    private double? _paused;

    public MotorRecord(IServerTime time, MotorRecordSettings settings)
    {
        (_time, _settings) = (time, settings);
        _track = new CubicTrack(settings.Start);
        _target = settings.Start;
        Record = new ServedRecord(settings.Name, "motor");
        _fields = Record.Fields;
        AddNumbers();
        AddFlags();
        foreach (var field in _fields.Values)
            field.Post(field.Value, time.StampNs);
    }

    public ServedRecord Record { get; }

    public MotorFaults Faults { get; set; } = new();

    /// <summary>Where it is over time: what an encoder on it counts.</summary>
    public CubicTrack Track => _track;

    /// <summary>Where it is now.</summary>
    public double Position => _track.PositionAt(_time.NowNs);

    private bool IsMoving => _poll is not null;

    private void AddNumbers()
    {
        var limits = new PvRange(_settings.Low, _settings.High);
        var metadata = new PvMetadata(new PvValue.Number(0), default)
        {
            Units = _settings.Unit,
            Precision = 4,
            Display = limits,
            Control = limits,
        };
        foreach (var (field, value) in new (string, double)[]
        {
            ("VAL", _settings.Start), ("RBV", _settings.Start), ("DVAL", _settings.Start), ("DRBV", _settings.Start), ("OFF", 0),
            ("VELO", _settings.Velocity), ("VMAX", double.IsFinite(_settings.MaxVelocity) ? _settings.MaxVelocity : 0),
            ("VBAS", _settings.BaseVelocity),
            ("ACCL", _settings.AccelerationS), ("HLM", _settings.High), ("LLM", _settings.Low), ("DHLM", _settings.High),
            ("DLLM", _settings.Low), ("RDBD", _settings.Tolerance), ("MRES", _settings.Tolerance), ("ERES", _settings.Tolerance),
        })
            Record.Add(field, Dbr.Double, new PvValue.Number(value)).Metadata = metadata;
        foreach (var readBack in new[] { "RBV", "DRBV" })
            _fields[readBack].IsWritable = false;
        _fields["VAL"].Written = (value, complete) => Demand(value.AsNumber(), complete);
        _fields["DVAL"].Written = _fields["VAL"].Written;
        _fields["VELO"].Written = (value, complete) =>
        {
            var fastest = _settings.MaxVelocity;
            _fields["VELO"].Post(new PvValue.Number(Math.Clamp(value.AsNumber(), Number("VBAS"), fastest)), _time.StampNs);
            complete();
            return CaStatus.Normal;
        };
        _fields["ACCL"].Written = (value, complete) =>
        {
            // As the real record: no time at all becomes a tenth of a second.
            var seconds = value.AsNumber();
            _fields["ACCL"].Post(new PvValue.Number(seconds > 0 ? seconds : 0.1), _time.StampNs);
            complete();
            return CaStatus.Normal;
        };
    }

    private void AddFlags()
    {
        foreach (var (field, value) in new[]
        {
            ("DMOV", 1), ("MOVN", 0), ("LVIO", 0), ("MISS", 0), ("HLS", 0), ("LLS", 0), ("SET", 0), ("FOFF", 0), ("STOP", 0), ("TDIR", 1),
        })
            Record.Add(field, Dbr.Short, new PvValue.Integer(value));
        Record.Add("MSTA", Dbr.Long, new PvValue.Integer(DoneBit));
        Record.Add("PREC", Dbr.Short, new PvValue.Integer(4));
        Record.Add("EGU", Dbr.String, new PvValue.Text(_settings.Unit));
        Record.Add("DESC", Dbr.String, new PvValue.Text($"simulated motor {_settings.Name}"));
        Record.Add("OUT", Dbr.String, new PvValue.Text("@asyn(SIM)"));
        var mode = Record.Add("SPMG", Dbr.Enum, new PvValue.Choice(3, Spmg[3]));
        mode.Metadata = new PvMetadata(mode.Value, default) { Choices = [.. Spmg] };
        mode.Written = (value, complete) => SetMode((PvValue.Choice)value, complete);
        foreach (var readOnly in new[] { "DMOV", "MOVN", "LVIO", "MISS", "HLS", "LLS", "MSTA" })
            _fields[readOnly].IsWritable = false;
        _fields["STOP"].Written = (value, complete) =>
        {
            if (value.AsNumber() != 0 && _paused is not null)
                GiveUpPaused();
            else if (value.AsNumber() != 0 && IsMoving)
                Brake();
            complete();
            return CaStatus.Normal;
        };
    }

    private double Number(string field) => _fields[field].Value.AsNumber();

    private void Set(string field, double value, bool asInteger = false, long? stampNs = null)
    {
        PvValue boxed = asInteger ? new PvValue.Integer((long)value) : new PvValue.Number(value);
        if (!_fields[field].Value.Equals(boxed))
            _fields[field].Post(boxed, stampNs ?? _time.StampNs);
    }

    /// <summary>Whether a position is within the record's soft limits.</summary>
    public bool IsWithinLimits(double position) =>
        (Number("LLM"), Number("HLM")) is var (low, high) && ((low == 0 && high == 0) || (position >= low && position <= high));

    /// <summary>Moves as a controller has it, not this record; DMOV and RBV follow.</summary>
    public void Follow(IReadOnlyList<Knot> knots)
    {
        if (knots.Count == 0)
            return;
        var nowNs = _time.NowNs;
        Set("DMOV", 0, asInteger: true, stampNs: _fields["RBV"].StampNs);
        Set("MOVN", 1, asInteger: true);
        Set("MSTA", 0, asInteger: true);
        _track.Continue(nowNs, knots);
        _target = knots[^1].Position;
        Poll(nowNs);
    }

    /// <summary>Finds its motor where it is, moving or not, as a record does whose IOC began anew.</summary>
    public void TakeOver(IReadOnlyList<Knot> course)
    {
        var nowNs = _time.NowNs;
        MotorCourse.Follow(_track, nowNs, course);
        var position = _track.PositionAt(nowNs + 1);
        foreach (var field in new[] { "VAL", "DVAL", "RBV", "DRBV" })
            Set(field, position);
        _target = course[^1].Position;
        if (_track.IsAtRest(nowNs + 1))
            return;
        Set("DMOV", 0, asInteger: true);
        Set("MOVN", 1, asInteger: true);
        Set("MSTA", 0, asInteger: true);
        Poll(nowNs);
    }

    /// <summary>Brakes where it is.</summary>
    public void StopFollowing()
    {
        if (IsMoving)
            Brake();
    }

    /// <summary>A new demand, as if VAL had been written.</summary>
    public uint Demand(double target, Action complete)
    {
        // The event that says "it moves" carries the time stamp of the last processing.
        Set("DMOV", 0, asInteger: true, stampNs: _fields["RBV"].StampNs);
        var (low, high) = (Number("LLM"), Number("HLM"));
        if (!(low == 0 && high == 0) && !(target >= low && target <= high))
        {
            Set("LVIO", 1, asInteger: true);
            _fields["VAL"].Post(new PvValue.Number(_target), _time.StampNs);
            if (!IsMoving && _paused is null)
                Set("DMOV", 1, asInteger: true);
            complete();
            return CaStatus.Normal;
        }
        Set("LVIO", 0, asInteger: true);
        Set("MISS", 0, asInteger: true);
        _target = target;
        Set("VAL", target);
        Set("DVAL", target);
        _completions.Add(complete);
        if (((PvValue.Choice)_fields["SPMG"].Value).Index < 2)
            _paused = target;
        else
            Go(target);
        return CaStatus.Normal;
    }

    private void Go(double target)
    {
        var nowNs = _time.NowNs;
        Set("MOVN", 1, asInteger: true);
        Set("MSTA", 0, asInteger: true);
        var reach = Math.Clamp(Faults.StallAt ?? target, Faults.SwitchLow, Faults.SwitchHigh);
        var velocity = Math.Max(Number("VELO"), 1e-9);
        var acceleration = Math.Max(velocity - Number("VBAS"), 1e-9) / Math.Max(Number("ACCL"), 1e-3);
        _track.Continue(nowNs, MoveProfile.PointToPoint(nowNs, _track.PositionAt(nowNs), reach, velocity, acceleration));
        Poll(nowNs);
    }

    private void Brake()
    {
        var nowNs = _time.NowNs;
        var acceleration = Math.Max(Number("VELO"), 1e-9) / Math.Max(Number("ACCL"), 1e-3);
        var brakeNs = MoveProfile.BrakeNs([(_track.VelocityAt(nowNs), acceleration)]);
        _track.Continue(nowNs, MoveProfile.Brake(_track, nowNs, brakeNs));
        _target = _track.PositionAt(_track.RestsFromNs);
        Poll(nowNs);
    }

    /// <summary>The demand that a pause kept is forgotten: the place where it stands is the demand now.</summary>
    private void GiveUpPaused()
    {
        _paused = null;
        if (IsMoving)
            return;
        _target = Position;
        Arrive(_target);
    }

    private void Poll(long nowNs)
    {
        _poll?.Dispose();
        _poll = _time.At(Math.Min(nowNs + PollNs, Math.Max(_track.RestsFromNs, nowNs + 1)), Polled);
    }

    private void Polled()
    {
        var nowNs = _time.NowNs;
        var position = _track.PositionAt(nowNs);
        if (!_track.IsAtRest(nowNs))
        {
            Set("RBV", position);
            Set("DRBV", position);
            Poll(nowNs);
            return;
        }
        _poll = null;
        Arrive(position);
    }

    private void Arrive(double position)
    {
        var (onHigh, onLow) = (position >= Faults.SwitchHigh, position <= Faults.SwitchLow);
        var missed = !onHigh && !onLow && Math.Abs(position - _target) > Math.Max(_settings.Tolerance, 1e-9);
        Set("RBV", position);
        Set("DRBV", position);
        Set("HLS", onHigh ? 1 : 0, asInteger: true);
        Set("LLS", onLow ? 1 : 0, asInteger: true);
        Set("MISS", missed ? 1 : 0, asInteger: true);
        Set("MSTA", DoneBit | (missed ? ProblemBit : 0), asInteger: true);
        if (_paused is null && !missed)
        {
            _target = position;
            Set("VAL", position);
            Set("DVAL", position);
        }
        Set("MOVN", 0, asInteger: true);
        if (_paused is not null)
            return;
        Set("DMOV", 1, asInteger: true);
        Action[] ended = [.. _completions];
        _completions.Clear();
        if (Faults.Losing > 0)
        {
            Faults.Losing--;
            return;
        }
        foreach (var complete in ended)
            complete();
    }

    private uint SetMode(PvValue.Choice mode, Action complete)
    {
        _fields["SPMG"].Post(mode, _time.StampNs);
        if (mode.Index >= 2 && _paused is { } target)
        {
            _paused = null;
            Go(target);
        }
        else if (mode.Index < 2 && IsMoving)
        {
            var goesOn = _target;
            Brake();
            // Stop makes the place where it comes to rest the demand; Pause keeps the demand for later.
            if (mode.Index == 1)
                (_paused, _target) = (goesOn, goesOn);
        }
        complete();
        return CaStatus.Normal;
    }
}
