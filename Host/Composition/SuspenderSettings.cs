using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Composition;

/// <summary>What the beamline file says of conditions on beam signals.</summary>
internal static class SuspenderSettings
{
    private const long Millisecond = 1_000_000;
    private const long Hour = 3_600_000 * Millisecond;

    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with file, line, path, value and what is allowed.</remarks>
    public static EquatableArray<Suspender> Read(ISettings section, IReadOnlyList<LoadedDevice> devices) =>
        section.Keys.Where(name => !section.Section(name).Has("column"))
            .Select(name => Read(name, section.Section(name), devices)).ToEquatableArray();

    /// <summary>Those on what the box captures with each frame.</summary>
    /// <remarks><b>Errors</b> as above: a column that is not captured is refused with those that are.</remarks>
    public static EquatableArray<CapturedLimit> ReadCaptured(ISettings section, IReadOnlyList<LoadedDevice> devices) =>
        section.Keys.Where(name => section.Section(name).Has("column"))
            .Select(name => ReadCaptured(name, section.Section(name), devices)).ToEquatableArray();

    private static CapturedLimit ReadCaptured(string name, ISettings settings, IReadOnlyList<LoadedDevice> devices)
    {
        settings.AllowOnly("column", "floor", "ceiling");
        var column = settings.Text("column");
        var captured = devices.SelectMany(d => d.Description.Detectors)
            .Where(d => d.Kind == DetectorKind.Captured).Select(d => d.Name).ToList();
        if (!captured.Contains(column))
            throw settings.Error("column", $"{column} is not captured with each frame; "
                + (captured.Count == 0 ? "no box of this beamline reads a detector." : $"captured are: {string.Join(", ", captured)}."));
        var floor = settings.Number("floor", -1e300, 1e300);
        return new CapturedLimit(name, column, floor, settings.Number("ceiling", floor, 1e300, 1e300));
    }

    private static Suspender Read(string name, ISettings settings, IReadOnlyList<LoadedDevice> devices)
    {
        settings.AllowOnly("signal", "floor", "resume", "ceiling", "settle", "guard", "latency", "period", "loss");
        var signal = settings.Text("signal");
        if (!devices.Any(d => d.Name == signal && d.Description.IsBeamSignal))
        {
            var signals = devices.Where(d => d.Description.IsBeamSignal).Select(d => d.Name).ToList();
            throw settings.Error("signal", $"{signal} is no beam signal of this beamline; "
                + (signals.Count == 0 ? "it has none." : $"there are: {string.Join(", ", signals)}."));
        }
        var floor = settings.Number("floor", -1e300, 1e300);
        var ceiling = settings.Number("ceiling", floor, 1e300, 1e300);
        var resume = settings.Number("resume", floor, ceiling, floor);
        var guard = settings.DurationNs("guard", 0, Hour, 10 * Millisecond);
        // The scan goes on only where the guard of the loss that is over cannot reach it.
        var settle = settings.DurationNs("settle", guard, Hour, Math.Max(guard, 1000 * Millisecond));
        return new Suspender(
            name, signal, floor, resume, ceiling, settle, guard,
            settings.DurationNs("latency", 0, Hour, 0),
            settings.DurationNs("period", Millisecond, Hour, 100 * Millisecond))
        {
            ExpectedLossNs = settings.DurationNs("loss", 0, Hour, 0),
        };
    }
}
