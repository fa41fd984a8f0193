using System.Net;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Simulation;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.Epics.CLibrary;

/// <summary>What the C library reads from our server is what the records hold and what our own client reads.</summary>
[Collection(CLibraryCollection.Name)]
public sealed class CLibraryReadTests(ITestOutputHelper output)
{
    private const int Forms = 35;

    /// <summary>As long as one may be.</summary>
    private const string Choice = "a choice of 25 characters";
    private const long Within = 20_000_000_000;
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly (string Name, string Settings)[] Devices =
    [
        ("z", "kind = epics-motor, pv = MOT, unit = mm, low = -20, high = 25, velocity = 20, acceleration = 200, tolerance = 0.001"),
        ("ring", "kind = epics-signal, pv = \"RING:CURRENT\", unit = mA, simulated = 250.125"),
        ("shutter", "kind = epics-shutter, pv = \"SH:CON\", readback-pv = \"SH:STA\", lead = 5 ms"),
        ("cam", "kind = epics-area-detector, prefix = \"DET:\", driver = vimba, width = 64, height = 48, type = UInt16\n"
            + "dead-time = 200 us"),
        ("motion", "kind = pmac, pv = PMAC, coordinate-system = 1, min-segment = 2 ms, max-segment = 4 s, slice = 4000\n"
            + "append-within = 2 s, axes { x { pv = PMX, unit = mm, low = -50, high = 50, velocity = 250, acceleration = 5000\n"
            + "settle = 5 ms, tolerance = 0.001, encoder { input = ENC1, scale = 0.0001, offset = 0, tolerance = 0.02 } } }"),
        ("box", "kind = epics-zebra, pv = ZEBRA, live-input = IN1_TTL, trigger-output = OUT1_TTL, window-start = position\n"
            + "array-length = 1000, detectors { diode { capture = ENC3, unit = counts, essential = true } }"),
    ];

    [CLibraryFact]
    public async Task Every_field_of_every_virtual_device_is_read_in_every_form()
    {
        var time = new ManualTime();
        time.Advance(TimeSpan.FromDays(20_000));
        using var ioc = new VirtualIoc(new WallClock(time), time, new InMemoryFrameStoreFactory());
        foreach (var (name, settings) in Devices)
            Assert.True(ioc.Add(name, new HoconSettings(name, HoconConfiguration.Parse(settings, "f"))), name);
        ioc.Listen("127.0.0.1", 0, new UdpPorts());
        await ReadAllAsync(ioc.Server, [.. Enumerable.Range(0, Forms)]);
    }

    [CLibraryFact]
    public async Task Every_record_of_a_simulated_PandA_s_IOC_is_read_as_a_number_and_as_a_text()
    {
        var time = new ManualTime();
        time.Advance(TimeSpan.FromDays(20_000));
        var world = new SteppedWorld();
        var devices = new VirtualDevices(
            world, new HoconSettings("devices", HoconConfiguration.Parse("panda { kind = epics-panda, pv = PANDA }", "f")), 0,
            new VirtualBeamlineOptions { Stores = new InMemoryFrameStoreFactory(), Time = time, ServesRecords = true }, "w");
        using var ioc = devices.Ioc;
        world.RunTo(1_000_000_000);
        ioc.Server.Listen(IPAddress.Loopback, 0, new UdpPorts());
        await ReadAllAsync(ioc.Server, [Dbr.Of(Dbr.String, DbrForm.Time), Dbr.Of(Dbr.Double, DbrForm.Control)]);
    }

    private async Task ReadAllAsync(CaServer server, int[] forms)
    {
        var fields = server.Records.SelectMany(r => r.Fields.Values).ToList();
        await using var library = CLibraryProcess.Start(server.Port);
        await using var own = ServedOnLoopback.OwnClient(server.Port);
        var opened = fields.Select(pv => (Pv: pv, Channel: library.Open(NameOf(pv)), Own: own.Open(NameOf(pv)))).ToList();
        var (read, wrong) = await CompareAsync(library, opened, forms);
        output.WriteLine($"{fields.Count} fields of {server.Records.Count} records, {read} reads");
        Assert.True(fields.Count > 100, $"{fields.Count} fields");
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {read} differ:\n{string.Join('\n', wrong.Take(60))}");
        await library.EndAsync();
    }

    [CLibraryFact]
    public async Task Alarms_limits_units_and_arrays_of_every_type_are_read_in_every_form()
    {
        using var served = new ServedOnLoopback();
        var metadata = new PvMetadata(new PvValue.Number(0), default)
        {
            Units = "mm/s",
            Precision = 2,
            Display = new PvRange(1, 112),
            AlarmLimits = new PvRange(3, 110),
            WarningLimits = new PvRange(5, 108),
            Control = new PvRange(7, 106),
            Choices = ["no", Choice, "perhaps"],
        };
        var fields = new List<ServedPv>();
        foreach (var (native, value, most) in Natives())
        {
            var pv = served.Serve($"N{native}:{most}", native, value, most, metadata);
            served.Time.Advance(TimeSpan.FromTicks(12_345_678));
            served.Server.Run(() => pv.Post(value, served.Server.StampNs, new PvAlarm(3, PvSeverity.Major)));
            fields.Add(pv);
        }
        await using var library = CLibraryProcess.Start(served.Port);
        await using var own = ServedOnLoopback.OwnClient(served.Port);
        var opened = fields.Select(pv => (Pv: pv, Channel: library.Open(NameOf(pv)), Own: own.Open(NameOf(pv)))).ToList();
        var (read, wrong) = await CompareAsync(library, opened, [.. Enumerable.Range(0, Forms)]);
        Assert.Equal(fields.Count * Forms, read);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {read} differ:\n{string.Join('\n', wrong)}");
    }

    private static IEnumerable<(ushort Native, PvValue Value, int Most)> Natives()
    {
        yield return (Dbr.String, new PvValue.Text("12.5"), 1);
        yield return (Dbr.String, new PvValue.Array<string>(["1", "2.5", "a text of thirty-nine characters, no more"[..39]]), 5);
        yield return (Dbr.Enum, new PvValue.Choice(1, Choice), 1);
        yield return (Dbr.Enum, new PvValue.Array<ushort>([2, 0, 1]), 4);
        yield return (Dbr.Char, new PvValue.Integer(65), 1);
        yield return (Dbr.Char, new PvValue.Array<byte>([65, 66, 200, 0]), 8);
        yield return (Dbr.Short, new PvValue.Integer(-3), 1);
        yield return (Dbr.Short, new PvValue.Array<short>([-3, 32_000, 7]), 3);
        yield return (Dbr.Long, new PvValue.Integer(-300_000), 1);
        yield return (Dbr.Long, new PvValue.Array<int>([-300_000, 7]), 9);
        yield return (Dbr.Float, new PvValue.Number(1.25f), 1);
        yield return (Dbr.Float, new PvValue.Array<float>([1.25f, -7.5f]), 2);
        yield return (Dbr.Double, new PvValue.Number(-0.1234567890123), 1);
        yield return (Dbr.Double, new PvValue.Array<double>([Math.PI, 1e9, -2]), 20);
    }

    [CLibraryFact]
    public async Task Our_layout_of_every_type_is_that_of_the_library()
    {
        using var served = new ServedOnLoopback();
        await using var library = CLibraryProcess.Start(served.Port);
        var sizes = await library.SizesAsync();
        for (ushort type = 0; type < Dbr.Types; type++)
        {
            // The library's own tables leave these two forms of no use to a client out.
            if (type is Dbr.StatusAckString or Dbr.ClassName)
                continue;
            Assert.Equal((Dbr.NameOf(type), Dbr.OffsetOf(type)), (Dbr.NameOf(type), sizes[type].Offset));
            Assert.True(sizes[type].Size >= Dbr.LengthOf(type, 1), $"{Dbr.NameOf(type)}: {sizes[type].Size}, ours {Dbr.LengthOf(type, 1)}");
        }
    }

    private static async Task<(int Read, List<string> Wrong)> CompareAsync(
        CLibraryProcess library, List<(ServedPv Pv, int Channel, IPvChannel Own)> opened, int[] forms)
    {
        var sizes = await library.SizesAsync();
        var wrong = new List<string>();
        foreach (var (_, channel, ours) in opened)
        {
            Assert.Equal("up", await library.ToldAsync("connection", channel));
            Assert.Null((await ours.ConnectAsync(Within, None)).Problem);
        }
        // Nothing changes meanwhile, so that all may be asked at once.
        var asked = opened.Select(o => (
            o.Pv, About: library.AboutAsync(o.Channel), Seen: SeenAsync(o.Own), Type: library.GetAsync(o.Channel, Dbr.ClassName, 1),
            Answers: forms.Select(form => library.GetAsync(o.Channel, form, o.Pv.Most == 1 ? 1 : 0)).ToList())).ToList();
        foreach (var (pv, abouts, sees, type, answers) in asked)
        {
            var (about, seen) = (await abouts, await sees);
            Assert.Equal(
                new CAbout(CLibraryProcess.Connected, pv.Native, pv.Most, true, pv.IsWritable, about.Host, about.BeaconPeriod), about);
            for (var i = 0; i < forms.Length; i++)
                if (CExpectation.Of(pv, await answers[i], seen, forms[i], sizes) is { } problem)
                    wrong.Add(problem);
            Assert.Equal(pv.Record.Type, CStructure.Read(await type with { Type = 0 }, 0).Texts[0]);
        }
        return (asked.Count * forms.Length, wrong);
    }

    private static string NameOf(ServedPv pv) => $"{pv.Record.Name}.{pv.Field}";

    private static async Task<CSeen> SeenAsync(IPvChannel ours)
    {
        var native = Value(await ours.GetAsync(Within, None));
        var text = Value(await ours.GetAsync(Within, None, PvAs.Text));
        return new CSeen(native, text, Value(await ours.GetMetadataAsync(Within, None)));
    }

    private static T Value<T>(Outcome<T> outcome) => Assert.IsType<Outcome<T>.Completed>(outcome).Value;
}
