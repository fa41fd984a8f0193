using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Driver;

/// <summary>A box at its own ports.</summary>
internal sealed class PandAPortLine(string name, PandASettings settings, DeviceEnvironment environment) : IPandALine
{
    private readonly PandAControlLimits _limits = new(ReplyWithinNs: settings.ReplyWithinNs);

    public bool Streams => true;

    /// <summary>A real box counts every 100 ms.</summary>
    public long SettleNs => 250_000_000;

    public IReadOnlyList<string> Facts => [];

    public IPandACapture Capture { get; } = new PandAPortCapture(name, settings, environment);

    public async Task<IPandAControl> OpenAsync(Action<string> lost, CancellationToken cancel)
    {
        var connection = await environment.Connector.ConnectAsync(settings.Host, settings.ControlPort, cancel);
        return new PandAControlClient(connection, environment.Clock, _limits, lost);
    }

    public Task<IPandAControl> OpenReportsAsync(Action<string> lost, CancellationToken cancel) => OpenAsync(lost, cancel);
}
