using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Zebra.Simulator;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Simulation;

/// <summary>What a simulated Zebra is wired to.</summary>
/// <remarks>Triggered: puts a detector behind an output. Diode: what moves an encoder input that no axis has.</remarks>
internal sealed record ZebraSurroundings(
    ISimulationClock World, IEnumerable<(AxisDescription Axis, CubicTrack Track, long LagNs)> Axes, IBitSignal? Live,
    IEnumerable<Action<IBitSignal>> Triggered, Func<ICountSignal> Diode);

/// <summary>Makes a simulated Zebra of what a beamline file says of a real one.</summary>
internal static class VirtualZebra
{
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> for an input that the box has not.</remarks>
    public static ZebraSimulator Make(ISettings settings, ZebraSurroundings around)
    {
        var box = new ZebraSimulator(around.World);
        List<string> used = [];
        foreach (var (axis, track, lagNs) in around.Axes)
        {
            if (axis.Encoder is not { } encoder)
                continue;
            used.Add(encoder.Input);
            box.WireEncoder(VirtualDevices.Number(settings, "kind", encoder.Input, "ENC", 4), new TrackEncoder(track, encoder, lagNs));
        }
        if (settings.Has("live-input") && around.Live is { } live)
            box.WireInput(settings.Text("live-input"), live);
        foreach (var triggerOn in around.Triggered)
            triggerOn(box.Output(settings.Text("trigger-output", "OUT1_TTL")));
        if (!settings.Has("detectors"))
            return box;
        foreach (var detector in settings.Section("detectors").Keys.Select(settings.Section("detectors").Section))
            if (detector.Text("capture") is ['E', 'N', 'C', ..] input && !used.Contains(input))
                box.WireEncoder(VirtualDevices.Number(detector, "capture", input, "ENC", 4), around.Diode());
        return box;
    }
}
