using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Flyscan.Scanning.Runs;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Scans whose motors, camera, shutter and beam signal are EPICS over the wire, and whose box speaks its own protocol, as in
/// <c>beamlines/epics.hocon</c>: IOCs are processes of their own, and one of them writes the camera's file.</summary>
[Collection(ProcessCollection.Name)]
public sealed class EpicsScanTests(ITestOutputHelper output) : IDisposable
{
    private const string Whole = "epics.hocon";
    private const string Controlled = "virtual-areadetector.hocon";
    private const string BoxToo = "epics-panda.hocon";
    private const string Motors = "x,y,z,shutter,ring";
    private const string Ring = "BL-DI-DCCT-01:SIGNAL";

    private static readonly Dictionary<string, int[]> Ports = new()
    {
        [Whole] = [15064, 15066, 15065, 15067],
        [Controlled] = [15064, 15065],
        // The last two are ports of pvAccess: for connections, and behind it that of searches.
        [BoxToo] = [15064, 15066, 15065, 15067, 15068, 15069, 15075, 15076],
    };

    private readonly DataFolder _folder = new(timeScale: 1);
    private readonly int[] _free = FreePorts(6);

    public void Dispose() => _folder.Dispose();

    /// <summary>Nothing moves by flyscan's own controller here: x flies by its motor record, y and z step by theirs.</summary>
    [Fact]
    public async Task Both_IOCs_die_and_the_beam_is_dumped_and_every_frame_is_committed_once()
    {
        // The same frames may meet every loss.
        var request = Requests.Grid(3, 4, 16, 0.02).Replace(
            "\"request\": 1,", "\"request\": 1, \"maxExposuresPerFrame\": 10,", StringComparison.Ordinal);
        using var motors = StartIoc(Whole, 0, Motors);
        using var detector = StartIoc(Whole, 1, "cam");
        using var run = StartRun(Whole, request);
        await _folder.UntilAsync<ScanEvent.FlightStarted>(run, 2);
        motors.Kill();
        await HeldAsync(run, "beam ring", 1);
        using var motorsAgain = StartIoc(Whole, 0, Motors);
        await FliesOnAsync(run);
        detector.Kill();
        using var detectorAgain = StartIoc(Whole, 1, "cam");
        await HeldAsync(run, "recorder cam", 1);
        await FliesOnAsync(run);
        await PutAsync(Ring, "0");
        await HeldAsync(run, "beam ring", 2);
        await PutAsync(Ring, "300");
        var result = await run.EndAsync();
        Tell(result);
        Assert.True(result.Code == 0, result.ToString());
        await DetectorChecker.FinishedAsync(_folder, "cam");
        Assert.Equal(2, _folder.Journal().OfType<ScanEvent.SegmentOpened>().Count(e => e.Segment.Recorder == "cam"));
    }

    [Fact]
    public async Task An_IOC_that_dies_with_the_camera_s_file_suspends_a_scan_with_a_controller_too()
    {
        var ioc = StartIoc(Controlled, 0);
        using var run = StartRun(Controlled, Requests.Grid(3, 6, 16, 0.02));
        await _folder.UntilAsync<ScanEvent.FlightStarted>(run, 2);
        ioc.Kill();
        ioc.Dispose();
        await _folder.UntilAsync<ScanEvent.HoldSet>(run);
        using var again = StartIoc(Controlled, 0);
        var result = await run.EndAsync();
        Tell(result);
        Assert.True(result.Code == 0, result.ToString());
        await DetectorChecker.FinishedAsync(_folder, "cam");
        Assert.True(_folder.Journal().OfType<ScanEvent.SegmentOpened>().Count(e => e.Segment.Recorder == "cam") > 1);
        Assert.Contains(_folder.Journal().OfType<ScanEvent.HoldSet>(), h => h.Hold == "recorder cam");
    }

    [Theory]
    [InlineData(Whole)]
    [InlineData(BoxToo)]
    public async Task A_flyscan_that_dies_leaves_the_files_of_IOCs_to_its_successor(string beamline)
    {
        using var ioc = StartIoc(beamline, 0);
        using var run = StartRun(beamline, Requests.Grid(1, 4, 16, 0.02));
        await _folder.UntilAsync<ScanEvent.FlightStarted>(run, 2);
        run.Kill();
        await run.EndAsync();
        using var resume = FlyscanProcess.Start(null, "resume", "--beamline", BeamlineFile(beamline), "--out", _folder.Path, "--json");
        var result = await resume.EndAsync();
        Tell(result);
        Assert.True(result.Code == 0, result.ToString());
        await DetectorChecker.FinishedAsync(_folder, "cam");
        foreach (var recorder in beamline == BoxToo ? new[] { "cam", "panda" } : ["cam"])
            Assert.Single(_folder.Journal().OfType<ScanEvent.SegmentOpened>(), e => e.Segment.Recorder == recorder);
    }

    /// <summary>The box too is reached through an IOC, which writes what it captures.</summary>
    [Fact]
    public async Task An_IOC_that_dies_with_the_box_s_file_costs_what_was_not_committed()
    {
        var ioc = StartIoc(BoxToo, 0);
        using var run = StartRun(BoxToo, Requests.Grid(1, 6, 16, 0.02));
        await _folder.UntilAsync<ScanEvent.FramesCommitted>(run, 2);
        ioc.Kill();
        ioc.Dispose();
        await _folder.UntilAsync<ScanEvent.HoldSet>(run);
        using var again = StartIoc(BoxToo, 0);
        var result = await run.EndAsync();
        Tell(result);
        Assert.True(result.Code == 0, result.ToString());
        await DetectorChecker.FinishedAsync(_folder, "cam");
        var segments = _folder.Journal().OfType<ScanEvent.SegmentOpened>().Where(e => e.Segment.Recorder == "panda").ToList();
        Assert.Equal(2, segments.Count);
        Assert.All(segments, s => Assert.Equal(
            "/COUNTER8.OUT.Value", s.Segment.Datasets.Single(d => d.Role == "identity").Path));
    }

    [Fact]
    public async Task Devices_and_doctor_tell_which_records_are_there()
    {
        using (var ioc = StartIoc(Whole, 0))
        {
            using var devices = FlyscanProcess.Start(null, "devices", "--beamline", BeamlineFile(Whole), "--out", _folder.Path, "--json");
            var seen = (await devices.EndAsync()).Json.GetProperty("devices").EnumerateArray().ToDictionary(
                d => d.GetProperty("name").GetString()!);
            Assert.All(new[] { "x", "z", "cam", "shutter", "ring" }, name => Assert.True(seen[name].GetProperty("ok").GetBoolean()));
            Assert.False(seen["panda"].GetProperty("ok").GetBoolean());
            Assert.Equal("not staged", ValueOf(seen["cam"], "recorder"));
            Assert.Equal("0", ValueOf(seen["z"], "position"));
            Assert.Equal("Idle", ValueOf(seen["cam"], "BL-EA-DET-01:cam1:DetectorState_RBV"));
            Assert.Equal("Closed", ValueOf(seen["shutter"], "BL-EA-SHTR-01:STA"));
        }
        using var doctor = FlyscanProcess.Start(
            null, "doctor", "--beamline", BeamlineFile(Whole), "--online", "--out", _folder.Path, "--json");
        var result = await doctor.EndAsync();
        Assert.Equal(2, result.Code);
        var checks = result.Json.GetProperty("checks").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!);
        Assert.True(checks["beamline file"].GetProperty("ok").GetBoolean());
        var camera = checks["device cam"].GetProperty("detail").GetString()!;
        Assert.Matches("^[0-9]+ of [0-9]+ records not found: BL-EA-DET-01:cam1:Acquire_RBV, ", camera);
    }

    private static string? ValueOf(JsonElement device, string name) => device.GetProperty("values").EnumerateArray()
        .First(v => v.GetProperty("name").GetString() == name).GetProperty("value").GetString();

    private Task HeldAsync(FlyscanProcess run, string hold, int times) => _folder.UntilAsync<ScanEvent.HoldSet>(
        run, e => e.Hold == hold, times);

    /// <summary>Until it has flown a whole line since, and is on the next.</summary>
    private Task FliesOnAsync(FlyscanProcess run) => _folder.UntilAsync<ScanEvent.FlightStarted>(
        run, _folder.Journal().OfType<ScanEvent.FlightStarted>().Count() + 2);

    private async Task PutAsync(string pv, string value)
    {
        using var put = FlyscanProcess.Start(null, "pv", "put", pv, value, "--beamline", BeamlineFile(Whole));
        var result = await put.EndAsync();
        Assert.True(result.Code == 0, result.ToString());
    }

    private void Tell(FlyscanResult result) => output.WriteLine(string.Join("\n", _folder.Journal().Where(
        e => e is ScanEvent.HoldSet or ScanEvent.HoldCleared or ScanEvent.SegmentOpened or ScanEvent.FramesRejected or ScanEvent.TookBack
            or ScanEvent.DeviceFaulted).Select(e => e.ToString())) + $"\n{result}");

    private FlyscanProcess StartIoc(string beamline, int number, string? devices = null) => FlyscanProcess.Start(
        null,
        [
            "virtual-ioc", "--beamline", BeamlineFile(beamline), "--port", _free[number].ToString(CultureInfo.InvariantCulture),
            .. devices is null ? Array.Empty<string>() : ["--devices", devices],
            .. beamline == BoxToo ? ["--pva-port", PortOf(beamline, 15075)] : Array.Empty<string>(),
        ]);

    private FlyscanProcess StartRun(string beamline, string request)
    {
        var file = Path.Combine(_folder.Path, "asked.json");
        File.WriteAllText(file, request);
        return FlyscanProcess.Start(null, "run", file, "--beamline", BeamlineFile(beamline), "--out", _folder.Path, "--json");
    }

    private string PortOf(string beamline, int port) =>
        _free[Array.IndexOf(Ports[beamline], port)].ToString(CultureInfo.InvariantCulture);

    /// <summary>The beamline file that comes with flyscan, on ports that are free.</summary>
    private string BeamlineFile(string name)
    {
        var file = Path.Combine(_folder.Path, name);
        if (File.Exists(file))
            return file;
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "beamlines", name));
        foreach (var (i, port) in Ports[name].Index())
        {
            Assert.Contains($"{port}", text);
            text = text.Replace($"{port}", $"{_free[i]}", StringComparison.Ordinal);
        }
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>Ports at which nobody listens, and two more that follow one another, all held while they are looked for.</summary>
    private static int[] FreePorts(int count)
    {
        var sockets = Enumerable.Range(0, count).Select(_ => Held(0)!).ToList();
        while (sockets.Count < count + 2)
        {
            var first = Held(0)!;
            if (Held(PortOf(first) + 1) is { } second)
                sockets.AddRange([first, second]);
            else
                first.Dispose();
        }
        int[] ports = [.. sockets.Select(PortOf)];
        sockets.ForEach(s => s.Dispose());
        return ports;
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    private static Socket? Held(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
