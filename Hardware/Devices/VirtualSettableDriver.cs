using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Devices;

/// <summary>Drives a soft axis of the virtual beamline.</summary>
/// <param name="longestMoveNs">Beam time that the longest move takes, settling included.</param>
internal abstract class VirtualSettableDriver(LineAddress address, string kind, long longestMoveNs, DeviceEnvironment environment)
    : LineDriver(address, kind, environment), ISettable
{
    public async Task<Outcome<double>> ReadAsync(CancellationToken cancel) => Value(await AskAsync("read", [], cancel));

    public async Task<Outcome<double>> MoveAsync(double target, CancellationToken cancel)
    {
        var reply = await SendMoveAsync(target, cancel);
        // A move that a former process began, and nobody waits for, ends first.
        if (reply is Outcome<EquatableArray<string>>.Refused && await StopAsync(cancel) is Outcome<double>.Completed)
            reply = await SendMoveAsync(target, cancel);
        if (reply is not Outcome<EquatableArray<string>>.Cancelled)
            return Value(reply);
        var stopped = await StopAsync(CancellationToken.None);
        return stopped is Outcome<double>.Completed
            ? new Outcome<double>.Cancelled()
            : new Outcome<double>.Failed($"{Name}: cancelled, but it could not be stopped: {stopped.Problem}");
    }

    public override async Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) => WithoutValue(await StopAsync(cancel));

    private Task<Outcome<EquatableArray<string>>> SendMoveAsync(double target, CancellationToken cancel) =>
        Link.AskAsync("move", [LineText.Number(target)], Address.Allow(longestMoveNs), cancel);

    private async Task<Outcome<double>> StopAsync(CancellationToken cancel) =>
        Value(await Link.AskAsync("stop", [], Address.Allow(longestMoveNs), cancel));

    private Outcome<double> Value(Outcome<EquatableArray<string>> reply) =>
        ReadValue<double>(reply, words => words.Count == 1 && LineText.TryDouble(words[0], out var value) ? value : null);
}

/// <summary>Drives a motor of the virtual beamline.</summary>
internal sealed class VirtualMotorDriver(LineAddress address, VirtualMotorSettings settings, DeviceEnvironment environment)
    : VirtualSettableDriver(address, VirtualMotorFactory.KindName, Longest(settings), environment)
{
    private static long Longest(VirtualMotorSettings settings) => settings.Axis.SettleNs + MoveProfile.DurationNs(
        settings.Axis.High - settings.Axis.Low, settings.Axis.MaxVelocity, settings.Axis.MaxAcceleration);
}

/// <summary>Drives a temperature of the virtual beamline.</summary>
internal sealed class VirtualTemperatureDriver(LineAddress address, VirtualTemperatureSettings settings, DeviceEnvironment environment)
    : VirtualSettableDriver(address, VirtualTemperatureFactory.KindName, Longest(settings), environment)
{
    /// <summary>The ramp over the whole range, and ten lags of approach.</summary>
    private static long Longest(VirtualTemperatureSettings settings) => settings.Axis.SettleNs
        + (long)(1e9 * (settings.Axis.High - settings.Axis.Low + 100 * settings.Tolerance) / settings.Axis.MaxVelocity);
}
