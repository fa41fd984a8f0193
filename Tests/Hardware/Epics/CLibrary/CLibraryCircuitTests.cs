using System.Threading.Channels;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.CLibrary;

/// <summary>What the C library's connections to our server live through.</summary>
[Collection(CLibraryCollection.Name)]
public sealed class CLibraryCircuitTests : IDisposable
{
    internal const int Value = 1;
    private const int Log = 2;
    private const int Alarm = 4;
    private const int Property = 8;
    private const int Normal = Flyscan.LibCa.CaLibrary.Normal;

    private readonly ServedOnLoopback _served = new();

    public void Dispose() => _served.Dispose();

    [CLibraryFact]
    public async Task Each_subscription_is_told_what_its_mask_says()
    {
        var pv = _served.Serve("M", Dbr.Double, new PvValue.Number(0));
        await using var library = CLibraryProcess.Start(_served.Port);
        var channel = await library.ConnectAsync("M");
        int[] masks = [Value, Log, Alarm, Property, Value | Alarm, Value | Log | Alarm | Property];
        var watched = masks.Select(mask => library.Watch(channel, Dbr.Of(Dbr.Double, DbrForm.Status), 1, mask)).ToList();
        foreach (var (_, values) in watched)
            Assert.Equal((0, 0), await NextAsync(values));
        Post(1, default);
        Post(1, new PvAlarm(4, PvSeverity.Minor));
        Post(2, new PvAlarm(3, PvSeverity.Major));
        _served.Server.Run(() => pv.Metadata = pv.Metadata with { Units = "mm" });
        Post(3, new PvAlarm(3, PvSeverity.Major));
        Post(9, default);
        (double, int)[][] wanted =
        [
            [(1, 0), (2, 2), (3, 2), (9, 0)],
            [(1, 0), (2, 2), (3, 2), (9, 0)],
            [(1, 1), (2, 2), (9, 0)],
            [(2, 2)],
            [(1, 0), (1, 1), (2, 2), (3, 2), (9, 0)],
            [(1, 0), (1, 1), (2, 2), (2, 2), (3, 2), (9, 0)],
        ];
        // Whatever was on its way is there when a later question is answered.
        await library.GetAsync(channel, Dbr.Double, 1);
        for (var i = 0; i < masks.Length; i++)
            Assert.Equal((masks[i], string.Join(' ', wanted[i])), (masks[i], string.Join(' ', Waiting(watched[i].Values))));
        library.Unwatch(watched[0].Tag);
        await ServedOnLoopback.UntilAsync(() => _served.Heard(CaCommand.EventCancel) == 1, "the end of a subscription");
        Post(10, default);
        await library.GetAsync(channel, Dbr.Double, 1);
        Assert.Empty(Waiting(watched[0].Values));
        Assert.Equal([(10d, 0)], Waiting(watched[1].Values));
        await library.EndAsync();

        void Post(double value, PvAlarm alarm) =>
            _served.Server.Run(() => pv.Post(new PvValue.Number(value), _served.Server.StampNs, alarm));
    }

    [CLibraryFact]
    public async Task A_record_that_nobody_serves_is_not_found_until_somebody_does()
    {
        _served.Serve("THERE", Dbr.Double, new PvValue.Number(1));
        await using var library = CLibraryProcess.Start(_served.Port);
        var (absent, field) = (library.Open("ABSENT"), library.Open("THERE.NOFIELD"));
        await library.ConnectAsync("THERE");
        Assert.Equal((0, 0), ((await library.AboutAsync(absent)).State, (await library.AboutAsync(field)).State));
        _served.Serve("ABSENT", Dbr.Double, new PvValue.Number(2));
        Assert.Equal("up", await library.ToldAsync("connection", absent));
        Assert.Equal(0, (await library.AboutAsync(field)).State);
        library.Close(field);
        library.Close(absent);
        await ServedOnLoopback.UntilAsync(() => _served.Heard(CaCommand.ClearChannel) == 1, "the end of a channel");
        await library.EndAsync();
        await ServedOnLoopback.UntilAsync(() => _served.Server.Circuits == 0, "the end of the circuit");
    }

    [CLibraryFact]
    public async Task A_quiet_circuit_is_asked_for_an_echo_and_stays_although_no_repeater_can_be_started()
    {
        _served.Serve("QUIET", Dbr.Double, new PvValue.Number(1));
        var free = FreePort();
        await using var library = CLibraryProcess.Start(_served.Port, free, ("EPICS_CA_CONN_TMO", "0.2"));
        var channel = await library.ConnectAsync("QUIET");
        await ServedOnLoopback.UntilAsync(() => _served.Heard(CaCommand.Echo) >= 3, "three echoes");
        Assert.Equal(CLibraryProcess.Connected, (await library.AboutAsync(channel)).State);
        Assert.Equal(Normal, (await library.GetAsync(channel, Dbr.Double, 1)).Status);
        Assert.False(library.Exceptions.TryRead(out var said), said);
        var complaints = await library.EndAsync();
        Assert.Contains("caRepeater", complaints);
    }

    private static int FreePort()
    {
        using var taken = new Flyscan.Hardware.Transport.UdpPorts().Open(System.Net.IPAddress.Any, 0);
        return taken.Port;
    }

    private static List<(double Value, int Severity)> Waiting(ChannelReader<CValue> values)
    {
        var waiting = new List<(double, int)>();
        while (values.TryRead(out var value))
            waiting.Add(Read(value));
        return waiting;
    }

    internal static async Task<(double Value, int Severity)> NextAsync(ChannelReader<CValue> values) =>
        Read(await values.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System));

    private static (double Value, int Severity) Read(CValue value)
    {
        Assert.Equal(Normal, value.Status);
        var read = CStructure.Read(value, Dbr.OffsetOf((ushort)value.Type));
        return (read.Numbers[0], read.Severity);
    }
}
