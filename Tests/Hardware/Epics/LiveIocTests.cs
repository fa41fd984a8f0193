using System.Reflection;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Transport;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Host.Time;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Hdf5;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>A fact that needs real IOCs: <c>FLYSCAN_LIVE_CA</c> is their address list.</summary>
internal sealed class LiveCaFactAttribute : FactAttribute
{
    public LiveCaFactAttribute() => Skip = LiveIocTests.Missing(LiveIocTests.ChannelAccess);
}

/// <summary>A transport over which a theory is tried where its variable is set: <c>FLYSCAN_LIVE_CA</c>, <c>FLYSCAN_LIVE_PVA</c>.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class LiveOverAttribute : DataAttribute
{
    private readonly string _variable;

    public LiveOverAttribute(string variable) => (_variable, Skip) = (variable, LiveIocTests.Missing(variable));

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[_variable]];
}

/// <summary>A fact that needs a real detector: <c>FLYSCAN_LIVE_AD</c> is its prefix, beside <c>FLYSCAN_LIVE_CA</c>.</summary>
internal sealed class LiveDetectorFactAttribute : FactAttribute
{
    public LiveDetectorFactAttribute() => Skip = LiveIocTests.Missing(LiveIocTests.ChannelAccess)
        ?? (Environment.GetEnvironmentVariable("FLYSCAN_LIVE_AD") is null
            ? "FLYSCAN_LIVE_AD is not set: the prefix of an ADSimDetector"
            : null);
}

/// <summary>Against real IOCs: a softIoc, or a softIocPVA, with the records <c>SOFT:…</c> of the recordings, and motorSim as <c>MOT:X</c>.
/// </summary>
public sealed class LiveIocTests(ITestOutputHelper output)
{
    internal const string ChannelAccess = "FLYSCAN_LIVE_CA";
    internal const string PvAccess = "FLYSCAN_LIVE_PVA";

    private const long Within = 5_000_000_000;
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Why a transport is not tried; null where it is.</summary>
    internal static string? Missing(string variable) =>
        Addresses(variable).Length > 0 ? null : $"{variable} is not set: an address list of IOCs";

    [Theory]
    [LiveOver(ChannelAccess)]
    [LiveOver(PvAccess)]
    public async Task A_number_is_written_and_read_back(string variable)
    {
        await using var client = Client(variable);
        using var channel = await ConnectedAsync(client, "SOFT:AO");
        Value(await channel.PutAndWaitAsync(new PvValue.Number(33.25), Within, None));
        var reading = Value(await channel.GetAsync(Within, None));
        Assert.Equal(new PvValue.Number(33.25), reading.Value);
        Assert.NotNull(reading.StampNs);
        Assert.Equal("mm", Value(await channel.GetMetadataAsync(Within, None)).Units);
        Assert.Null(channel.Put(new PvValue.Number(34.5)).Problem);
        Assert.Equal(34.5, Value(await channel.GetAsync(Within, None)).Value.AsNumber());
    }

    [Theory]
    [LiveOver(ChannelAccess)]
    [LiveOver(PvAccess)]
    public async Task A_choice_is_written_by_its_text(string variable)
    {
        await using var client = Client(variable);
        using var channel = await ConnectedAsync(client, "SOFT:MBBO");
        Value(await channel.PutAndWaitAsync(new PvValue.Text("Level"), Within, None));
        Assert.Equal("Level", Value(await channel.GetAsync(Within, None, PvAs.Text)).Value.AsText());
        Assert.Equal(["Internal", "Edge", "Level"], Value(await channel.GetMetadataAsync(Within, None)).Choices);
        Assert.NotNull((await channel.PutAndWaitAsync(new PvValue.Text("Bogus"), Within, None)).Problem);
    }

    [LiveCaFact]
    public async Task Long_strings_come_whole()
    {
        await using var client = Client(ChannelAccess);
        using var text = await ConnectedAsync(client, "SOFT:LSO.VAL$");
        const string Long = "a text that is much longer than the forty characters of a string";
        Value(await text.PutAndWaitAsync(new PvValue.Text(Long), Within, None));
        Assert.Equal(Long, Value(await text.GetAsync(Within, None)).Value.AsText());
    }

    [Theory]
    [LiveOver(ChannelAccess)]
    [LiveOver(PvAccess)]
    public async Task Large_arrays_come_whole(string variable)
    {
        await using var client = Client(variable);
        using var large = await ConnectedAsync(client, "SOFT:WFBIG");
        var items = new PvValue.Array<double>([.. Enumerable.Range(0, 200_000).Select(i => i * 0.5)]);
        Value(await large.PutAndWaitAsync(items, Within, None));
        Assert.Equal(items, Value(await large.GetAsync(Within, None)).Value);
    }

    [Theory]
    [LiveOver(ChannelAccess)]
    [LiveOver(PvAccess)]
    public async Task A_counter_is_followed(string variable)
    {
        await using var client = Client(variable);
        using var channel = await ConnectedAsync(client, "SOFT:COUNT");
        using var watch = new ValueWatch(channel);
        var enough = 0;
        await watch.WaitAsync(_ => ++enough >= 5, presentCounts: false).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        output.WriteLine($"{watch.Last}, {watch.Dropped} dropped");
    }

    [Theory]
    [LiveOver(ChannelAccess)]
    [LiveOver(PvAccess)]
    public async Task Many_reads_under_way_at_once_are_all_answered(string variable)
    {
        await using var client = Client(variable);
        using var channel = await ConnectedAsync(client, "SOFT:AO");
        List<Task<Outcome<PvReading>>> reads;
        using (client.Batch())
            reads = [.. Enumerable.Range(0, 1000).Select(_ => channel.GetAsync(Within, None))];
        foreach (var read in reads)
            Assert.IsType<PvValue.Number>(Value(await read).Value);
    }

    [Theory]
    [LiveOver(ChannelAccess)]
    [LiveOver(PvAccess)]
    public async Task A_motor_moves_and_says_where_it_is(string variable)
    {
        await using var client = Client(variable);
        using var demand = await ConnectedAsync(client, "MOT:X");
        using var readBack = await ConnectedAsync(client, "MOT:X.RBV");
        Value(await demand.PutAndWaitAsync(new PvValue.Number(1), 30 * Within, None));
        Assert.Equal(1, Value(await readBack.GetAsync(Within, None)).Value.AsNumber(), 0.01);
        Value(await demand.PutAndWaitAsync(new PvValue.Number(0), 30 * Within, None));
    }

    [LiveCaFact]
    public async Task A_motor_record_is_driven_as_a_soft_axis_and_put_back()
    {
        await using var client = Client(ChannelAccess);
        await using var axis = new EpicsMotorDriver(
            "x",
            EpicsMotorSettings.Read("x", Parse(
                "kind = epics-motor, pv = \"MOT:X\", unit = mm, low = -1, high = 5, velocity = 1, acceleration = 5, tolerance = 0.01")),
            Environment(client));
        Value(await axis.ConnectAsync(None));
        Assert.Equal(1.5, Value(await axis.MoveAsync(1.5, None)), 0.01);
        using var cancel = new CancellationTokenSource();
        var moving = axis.MoveAsync(0, cancel.Token);
        cancel.Cancel();
        Assert.IsType<Outcome<double>.Cancelled>(await moving);
        Assert.IsType<Outcome<double>.Refused>(await axis.MoveAsync(6, None));
        Value(await axis.MoveAsync(0, None));
        Assert.All(await axis.InspectAsync(None), fact => Assert.NotNull(fact.Value));
    }

    /// <summary>ADSimDetector with an HDF5 plugin: <c>FLYSCAN_LIVE_AD</c> is its prefix, as <c>DET:</c>; its IOC sees this machine's
    /// folders.</summary>
    [LiveDetectorFact]
    public async Task A_detector_writes_a_file_that_is_read_meanwhile_and_everything_is_put_back()
    {
        var prefix = System.Environment.GetEnvironmentVariable("FLYSCAN_LIVE_AD")!;
        await using var client = Client(ChannelAccess);
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "data"));
        await using var detector = new AreaDetectorDriver(
            "cam", await DetectorSettingsAsync(client, prefix), Environment(client), new WrittenHdf5Frames(TimeProvider.System));
        Value(await detector.ConnectAsync(None));
        var staging = new RecorderStaging("live", 1, folder.Path, 1, 5_000_000, 20, ["cam"]);
        var session = Value(await detector.StageAsync(staging, None));
        for (var take = 1; take <= 2; take++)
        {
            Value(await detector.ArmAsync(20, None));
            detector.WatchFor(20 * take);
            var status = Value(await detector.FlushAsync(None));
            Assert.Equal((20L * take, 0, session.Session), (status.Recorded, status.Missed.Count, status.Session));
        }
        Value(await detector.MakeSafeAsync(None));
        Assert.Equal(40, Value(await detector.UnstageAsync(session.Restore, None)));
        foreach (var saved in session.Restore)
            output.WriteLine($"{saved.Name} {saved.Value}");
        Assert.All(await detector.InspectAsync(None), fact => Assert.NotNull(fact.Value));
    }

    /// <summary>On its own clock, since nothing triggers it, with images as they are.</summary>
    private static async Task<AreaDetectorSettings> DetectorSettingsAsync(IPvClient client, string prefix)
    {
        var said = new List<string>();
        foreach (var record in new[] { "ArraySizeX_RBV", "ArraySizeY_RBV", "DataType_RBV" })
        {
            using var channel = await ConnectedAsync(client, $"{prefix}cam1:{record}");
            said.Add(Value(await channel.GetAsync(Within, None, PvAs.Text)).Value.AsText());
        }
        return AreaDetectorSettings.Read("cam", Parse(
            $"kind = epics-area-detector, prefix = \"{prefix}\", driver = simdetector, width = {said[0]}, height = {said[1]}, "
            + $"type = {said[2]}, dead-time = 5 ms")) with
        {
            Trigger = AreaDetectorTrigger.Internal,
            TriggerSettings = AreaDetectorTriggers.Of("simdetector", AreaDetectorTrigger.Internal)!.Value,
        };
    }

    private static HoconSettings Parse(string text) => new("d", HoconConfiguration.Parse(text, "f"));

    private static DeviceEnvironment Environment(IPvClient client) => new(
        new SystemClock(), new TcpConnector(), new InMemoryFrameStoreFactory(), 1, EndpointOverrides.None)
    { Pvs = () => client };

    private static string[] Addresses(string variable) =>
        (System.Environment.GetEnvironmentVariable(variable) ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);

    private static PvClient Client(string variable)
    {
        var around = new CaSurroundings(new SystemClock(), new TcpConnector(), new UdpPorts(), TimeProvider.System);
        var addresses = Addresses(variable).ToEquatableArray();
        return variable == PvAccess
            ? new PvaClient(new PvaSettings { Addresses = addresses }, around)
            : new CaClient(new CaSettings { Addresses = addresses }, around);
    }

    private static async Task<IPvChannel> ConnectedAsync(IPvClient client, string name)
    {
        var channel = client.Open(name);
        Value(await channel.ConnectAsync(Within, None));
        return channel;
    }

    private static T Value<T>(Outcome<T> outcome) => Assert.IsType<Outcome<T>.Completed>(outcome).Value;
}
