using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Time;
using Flyscan.Scanning.Units;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>A fact that needs real IOCs: <c>FLYSCAN_LIVE_CA</c> is their address list.</summary>
internal sealed class LiveCaFactAttribute : FactAttribute
{
    public LiveCaFactAttribute() => Skip = LiveIocTests.Addresses.Length > 0 ? null : "FLYSCAN_LIVE_CA is not set: an address list of IOCs";
}

/// <summary>Against real IOCs: a softIoc with the records <c>SOFT:…</c> of the recordings, and motorSim as <c>MOT:X</c>.</summary>
public sealed class LiveIocTests(ITestOutputHelper output)
{
    private const long Within = 5_000_000_000;
    private static readonly CancellationToken None = CancellationToken.None;

    internal static string[] Addresses => (Environment.GetEnvironmentVariable("FLYSCAN_LIVE_CA") ?? "").Split(
        [' ', ','], StringSplitOptions.RemoveEmptyEntries);

    [LiveCaFact]
    public async Task A_number_is_written_and_read_back()
    {
        await using var client = Client();
        using var channel = await ConnectedAsync(client, "SOFT:AO");
        Value(await channel.PutAndWaitAsync(new PvValue.Number(33.25), Within, None));
        var reading = Value(await channel.GetAsync(Within, None));
        Assert.Equal(new PvValue.Number(33.25), reading.Value);
        Assert.NotNull(reading.StampNs);
        Assert.Equal("mm", Value(await channel.GetMetadataAsync(Within, None)).Units);
    }

    [LiveCaFact]
    public async Task A_choice_is_written_by_its_text()
    {
        await using var client = Client();
        using var channel = await ConnectedAsync(client, "SOFT:MBBO");
        Value(await channel.PutAndWaitAsync(new PvValue.Text("Level"), Within, None));
        Assert.Equal("Level", Value(await channel.GetAsync(Within, None, PvAs.Text)).Value.AsText());
        Assert.Equal(["Internal", "Edge", "Level"], Value(await channel.GetMetadataAsync(Within, None)).Choices);
        Assert.NotNull((await channel.PutAndWaitAsync(new PvValue.Text("Bogus"), Within, None)).Problem);
    }

    [LiveCaFact]
    public async Task Long_strings_and_large_arrays_come_whole()
    {
        await using var client = Client();
        using var text = await ConnectedAsync(client, "SOFT:LSO.VAL$");
        const string Long = "a text that is much longer than the forty characters of a string";
        Value(await text.PutAndWaitAsync(new PvValue.Text(Long), Within, None));
        Assert.Equal(Long, Value(await text.GetAsync(Within, None)).Value.AsText());
        using var large = await ConnectedAsync(client, "SOFT:WFBIG");
        var items = new PvValue.Array<double>([.. Enumerable.Range(0, 200_000).Select(i => i * 0.5)]);
        Value(await large.PutAndWaitAsync(items, Within, None));
        Assert.Equal(items, Value(await large.GetAsync(Within, None)).Value);
    }

    [LiveCaFact]
    public async Task A_counter_is_followed()
    {
        await using var client = Client();
        using var channel = await ConnectedAsync(client, "SOFT:COUNT");
        using var watch = new ValueWatch(channel);
        var enough = 0;
        await watch.WaitAsync(_ => ++enough >= 5, presentCounts: false).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        output.WriteLine($"{watch.Last}, {watch.Dropped} dropped");
    }

    [LiveCaFact]
    public async Task A_motor_moves_and_says_where_it_is()
    {
        await using var client = Client();
        using var demand = await ConnectedAsync(client, "MOT:X");
        using var readBack = await ConnectedAsync(client, "MOT:X.RBV");
        Value(await demand.PutAndWaitAsync(new PvValue.Number(1), 30 * Within, None));
        Assert.Equal(1, Value(await readBack.GetAsync(Within, None)).Value.AsNumber(), 0.01);
        Value(await demand.PutAndWaitAsync(new PvValue.Number(0), 30 * Within, None));
    }

    private static CaClient Client() => new(
        new CaSettings { Addresses = Addresses.ToEquatableArray() },
        new CaSurroundings(new SystemClock(), new TcpConnector(), new UdpPorts(), TimeProvider.System));

    private static async Task<IPvChannel> ConnectedAsync(CaClient client, string name)
    {
        var channel = client.Open(name);
        Value(await channel.ConnectAsync(Within, None));
        return channel;
    }

    private static T Value<T>(Outcome<T> outcome) => Assert.IsType<Outcome<T>.Completed>(outcome).Value;
}
