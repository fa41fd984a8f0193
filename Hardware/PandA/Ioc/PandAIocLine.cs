using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>A box behind its IOC, which writes the file.</summary>
internal sealed class PandAIocLine : IPandALine
{
    private readonly PandAIocSettings _settings;
    private readonly IPvClient _client;
    private readonly IClock _clock;
    private readonly PandAIocCapture _capture;
    private PandAIocControl? _open;

    public PandAIocLine(string name, PandAIocSettings settings, IPvClient client, IClock clock, IWrittenColumns written)
    {
        (_settings, _client, _clock) = (settings, client, clock);
        _capture = new PandAIocCapture(name, settings, clock, written, () => _open ?? throw new IOException("not connected"));
    }

    public bool Streams => false;

    public long SettleNs => Math.Max(250_000_000, 2 * _settings.FlushPeriodNs + _settings.StatusWithinNs);

    public IReadOnlyList<string> Facts => ["DATA.CAPTURE", "DATA.HDF_FULL_FILE_PATH", "DATA.NUM_CAPTURED", "DATA.STATUS"];

    public IPandACapture Capture => _capture;

    public async Task<IPandAControl> OpenAsync(Action<string> lost, CancellationToken cancel)
    {
        var control = await PandAIocControl.OpenAsync(_settings, _client, _clock, lost, cancel);
        try
        {
            await _capture.CheckAsync(control, cancel);
        }
        catch
        {
            control.Dispose();
            throw;
        }
        return _open = control;
    }

    public Task<IPandAControl> OpenReportsAsync(Action<string> lost, CancellationToken cancel) =>
        Task.FromResult<IPandAControl>(new Reports(_open!));

    /// <summary>What monitors have told of.</summary>
    private sealed class Reports(PandAIocControl control) : IPandAControl
    {
        public Task<PandAReply[]> SendAsync(IReadOnlyList<PandACommand> commands, CancellationToken cancel) =>
            Task.FromResult(commands.Select(Answer).ToArray());

        public void Dispose()
        {
        }

        /// <remarks>With what a record holds now it will be compared when it is asked for.</remarks>
        private PandAReply Answer(PandACommand command) => command.Line switch
        {
            "*CHANGES=E" => new PandAReply.Ok(),
            "*CHANGES.CONFIG?" => new PandAReply.Lines([.. control.TakeChanges().Select(name => $"{name}<")]),
            "*CHANGES.ATTR?" or "*CHANGES.TABLE?" => new PandAReply.Lines([]),
            _ => new PandAReply.Refused("only changes are reported here"),
        };
    }
}
