using System.Globalization;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <content>A flight that a process began which is no more: kept before it begins, and adopted where the record proves that it goes
/// on.</content>
internal sealed partial class EpicsFlownMotorDriver
{
    private const long SeenMovingWithinNs = 2_000_000_000;
    private const long LookPeriodNs = 50_000_000;
    private const double SpeedTolerance = 1e-6;

    private string? _notAdopted;

    private string FlightName => $"{_settings.Pv} flight";

    /// <summary>Beside velocity and ramp, which are forgotten when the flight is over.</summary>
    private void KeepFlight(Flight flight)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture, $"{flight.Mark.Value} {flight.Line!.Start:R} {flight.Line.End:R} {flight.Line.Speed:R}");
        _kept.Keep(Name, [.. _kept.Of(Name).Where(k => k.Name != FlightName), new SavedSetting(FlightName, text)]);
    }

    private (TakeMark Mark, FlownLine Line)? KeptFlight() =>
        _kept.Of(Name).FirstOrDefault(k => k.Name == FlightName)?.Value.Split(' ') is [var mark, var start, var end, var speed]
        && int.TryParse(mark, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
        && TryNumber(start, out var from) && TryNumber(end, out var to) && TryNumber(speed, out var velocity)
            ? (new TakeMark(value), new FlownLine(from, to, velocity))
            : null;

    private protected override async Task<Outcome<Nothing>> FoundAsync(MotorState motor)
    {
        // A device that was lost and is back: its flight is known.
        if (Now().Phase == MotionPhase.Running)
            return Done(Nothing.Value);
        if (KeptFlight() is not (var mark, { } line))
            return await base.FoundAsync(motor);
        _notAdopted = await WhyNotAdoptedAsync(line, motor);
        if (_notAdopted is not null || (motor.IsDone && IsAt(motor, line.Start)))
            return await base.FoundAsync(motor);
        Become(new Flight(mark, line, MotionPhase.Running));
        var leftNs = LongestNs(Math.Abs(line.End - motor.Position), motor with { Velocity = line.Speed });
        Become(Now() with { Ended = FlyAsync(() => JudgeAsync(line.End, Clock.NowNs + leftNs, CancellationToken.None)) });
        return Done(Nothing.Value);
    }

    /// <summary>Why the record does not prove that the motor flies the line, or flew it to its end; null where it does, and where it has
    /// not left the start.</summary>
    private async Task<string?> WhyNotAdoptedAsync(FlownLine line, MotorState motor)
    {
        var pv = _settings.Pv;
        if (motor.IsDone && IsAt(motor, line.Start))
            return null;
        if (!motor.Demand.Equals(line.End) && Math.Abs(motor.Demand - line.End) > Tolerance(motor))
            return FormattableString.Invariant($"{Name}: {pv}.VAL is {motor.Demand:G9}, and its line ends at {line.End:G9}: somebody else ")
                + "moved it, or its IOC began anew";
        if (motor.IsDone)
            return IsAt(motor, line.End)
                ? null
                : FormattableString.Invariant($"{Name}: it rests at {motor.Position:G9}, and its line ends at {line.End:G9}");
        if (Math.Abs(motor.Velocity - line.Speed) > SpeedTolerance * line.Speed)
            return FormattableString.Invariant($"{Name}: {pv}.VELO is {motor.Velocity:G9}, and its line is flown at {line.Speed:G9}");
        if (motor.Mode is "Stop" or "Pause" || motor.IsBeyondLimits)
            return $"{Name}: {pv}.SPMG is {motor.Mode}, LVIO {(motor.IsBeyondLimits ? 1 : 0)}";
        var along = (motor.Position - line.Start) / (line.End - line.Start);
        return along is < 0 or > 1
            ? FormattableString.Invariant($"{Name}: it is at {motor.Position:G9}, not between {line.Start:G9} and {line.End:G9}")
            : await WhyNotOnItsWayAsync(line, motor);
    }

    /// <summary>Two readings prove the direction; DMOV alone is 0 also for a motor that stands.</summary>
    private async Task<string?> WhyNotOnItsWayAsync(FlownLine line, MotorState before)
    {
        var deadlineNs = Clock.NowNs + SeenMovingWithinNs;
        while (true)
        {
            var read = await StateAsync(CancellationToken.None);
            if (read is not Outcome<MotorState>.Completed { Value: var now })
                return read.Problem;
            var moved = (now.Position - before.Position) * Math.Sign(line.End - line.Start);
            if (moved < 0)
                return $"{Name}: it moves away from its line's end";
            if (moved > 0 || (now.IsDone && IsAt(now, line.End)))
                return null;
            if (Clock.NowNs >= deadlineNs)
                return $"{Name}: DMOV is 0, and its readback has stood still for {SeenMovingWithinNs / 1e9:0.#} s";
            await WaitUntilAsync(Clock.NowNs + LookPeriodNs, CancellationToken.None);
        }
    }

    private bool IsAt(MotorState motor, double position) => Math.Abs(motor.Position - position) <= Tolerance(motor);

    private double Tolerance(MotorState motor) => Math.Max(_settings.Tolerance ?? motor.DeadBand, 1e-12);

    private static bool TryNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);
}
