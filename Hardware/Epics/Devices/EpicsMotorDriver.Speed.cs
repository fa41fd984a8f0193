using System.Globalization;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

internal partial class EpicsMotorDriver
{
    private const double SpeedRounding = 1e-6;
    private static readonly string[] SpeedFields = ["VELO", "ACCL"];

    /// <summary>Writes velocity, and where given the seconds from VBAS to it; reads both back, since the record clips without a
    /// word.</summary>
    /// <remarks>What the record had is kept first, beyond this process. By plain writes: behind a put that is never answered another one
    /// would wait for ever; reads on the same circuit follow them.</remarks>
    private protected async Task<Outcome<double>> SetSpeedAsync(
        MotorState present, double velocity, double? accelerationS, CancellationToken cancel)
    {
        if (velocity.Equals(present.Velocity) && (accelerationS ?? present.AccelerationS).Equals(present.AccelerationS))
            return Done(velocity);
        if (_kept.Of(Name).Count == 0)
            _kept.Keep(Name, [Kept("VELO", present.Velocity), Kept("ACCL", present.AccelerationS)]);
        // The record takes VELO first: some versions make ACCL follow it.
        foreach (var (field, value) in new[] { ("VELO", velocity), ("ACCL", accelerationS ?? present.AccelerationS) })
            if (_fields[field].Put(new PvValue.Number(value)) is { Problem: not null } refused)
                return refused.As<double>();
        var state = await StateAsync(cancel);
        if (state is not Outcome<MotorState>.Completed { Value: var now })
            return state.As<double>();
        var problem = Clipped("VELO", velocity, now.Velocity, velocity < present.BaseVelocity ? "VBAS" : "VMAX")
            ?? (accelerationS is { } seconds ? Clipped("ACCL", seconds, now.AccelerationS, "the record's least") : null);
        if (problem is null)
            return Done(now.Velocity);
        await RestoreSpeedAsync();
        return new Outcome<double>.Refused(problem);
    }

    /// <summary>Puts back what was kept, where something was.</summary>
    private protected async Task<Outcome<Nothing>> RestoreSpeedAsync()
    {
        var kept = _kept.Of(Name);
        if (kept.Count == 0)
            return Done(Nothing.Value);
        var reached = await ReachAsync(CancellationToken.None);
        if (reached.Problem is not null)
            return reached;
        foreach (var field in SpeedFields)
        {
            if (kept.FirstOrDefault(k => k.Name == NameOf(field)) is not { } saved)
                continue;
            var written = _fields[field].Put(new PvValue.Number(double.Parse(saved.Value, CultureInfo.InvariantCulture)));
            if (written.Problem is not null)
                return written;
        }
        // A read behind the writes proves that the record has them before they are forgotten.
        var state = await StateAsync(CancellationToken.None);
        if (state.Problem is not null)
            return state.As<Nothing>();
        _kept.Forget(Name);
        return Done(Nothing.Value);
    }

    private string NameOf(string field) => $"{_settings.Pv}.{field}";

    private string? Clipped(string field, double wanted, double got, string by) => Math.Abs(got - wanted) <= SpeedRounding * wanted
        ? null
        : FormattableString.Invariant($"{Name}: {wanted:G9} was written to {_settings.Pv}.{field}, which is {got:G9} now: {by} limits it");

    private SavedSetting Kept(string field, double value) => new(NameOf(field), value.ToString("R", CultureInfo.InvariantCulture));
}
