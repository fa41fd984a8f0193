namespace Flyscan.Hardware.Epics;

/// <summary>Process variables over both transports: <c>pva://NAME</c> over pvAccess, <c>ca://NAME</c> and a bare name over Channel
/// Access. Each client is made when the first name asks for it.</summary>
public sealed class PvTransports(Func<IPvClient> channelAccess, Func<IPvClient> pvAccess) : IPvClient
{
    /// <summary>Before a name: over pvAccess.</summary>
    public const string PvAccess = "pva://";

    /// <summary>Before a name: over Channel Access.</summary>
    public const string ChannelAccess = "ca://";

    private readonly Lock _gate = new();
    private IPvClient? _channelAccess;
    private IPvClient? _pvAccess;

    /// <summary>A name without what says its transport.</summary>
    public static string BareName(string name) =>
        name.StartsWith(PvAccess, StringComparison.Ordinal) ? name[PvAccess.Length..]
        : name.StartsWith(ChannelAccess, StringComparison.Ordinal) ? name[ChannelAccess.Length..]
        : name;

    public IPvChannel Open(string name)
    {
        IPvClient client;
        lock (_gate)
            client = name.StartsWith(PvAccess, StringComparison.Ordinal)
                ? _pvAccess ??= pvAccess()
                : _channelAccess ??= channelAccess();
        return client.Open(BareName(name));
    }

    public IDisposable Batch()
    {
        lock (_gate)
            return new Batches(_channelAccess?.Batch(), _pvAccess?.Batch());
    }

    public async ValueTask DisposeAsync()
    {
        if (_channelAccess is not null)
            await _channelAccess.DisposeAsync();
        if (_pvAccess is not null)
            await _pvAccess.DisposeAsync();
    }

    private sealed class Batches(IDisposable? first, IDisposable? second) : IDisposable
    {
        public void Dispose()
        {
            first?.Dispose();
            second?.Dispose();
        }
    }
}
