using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Flyscan.Scanning.Runs;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Scans whose soft axis, camera, shutter and beam signal are EPICS over the wire, as in
/// <c>beamlines/virtual-areadetector.hocon</c>: the IOC is a process of its own and writes the camera's file.</summary>
[Collection(ProcessCollection.Name)]
public sealed class EpicsDetectorScanTests(ITestOutputHelper output) : IDisposable
{
    private readonly DataFolder _folder = new(timeScale: 1);
    private readonly int _port = FreePort();
    private readonly int _triggerPort = FreePort();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_scan_with_an_EPICS_camera_finishes_with_every_image_of_its_own_pulse()
    {
        using var ioc = StartIoc();
        using var run = StartRun(Requests.Grid(2, 4, 16, 0.005));
        var result = await run.EndAsync();
        Assert.True(result.Code == 0, result.ToString());
        await DetectorChecker.FinishedAsync(_folder, "cam");
        Assert.Equal(0, result.Json.GetProperty("superseded").GetInt64());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task An_IOC_that_dies_with_the_camera_s_file_suspends_the_scan_and_a_new_segment_goes_on(int flight)
    {
        var ioc = StartIoc();
        using var run = StartRun(Requests.Grid(3, 6, 16, 0.02));
        await _folder.UntilAsync<ScanEvent.FlightStarted>(run, flight);
        ioc.Kill();
        ioc.Dispose();
        await _folder.UntilAsync<ScanEvent.HoldSet>(run);
        using var again = StartIoc();
        var result = await run.EndAsync();
        Assert.True(result.Code == 0, result.ToString());
        var events = _folder.Journal();
        output.WriteLine(string.Join("\n", events.Where(e => e is ScanEvent.HoldSet or ScanEvent.HoldCleared or ScanEvent.SegmentOpened
            or ScanEvent.FramesRejected).Select(e => e.ToString())));
        output.WriteLine(result.Json.ToString());
        await DetectorChecker.FinishedAsync(_folder, "cam");
        Assert.True(events.OfType<ScanEvent.SegmentOpened>().Count(e => e.Segment.Recorder == "cam") > 1);
        Assert.Contains(events.OfType<ScanEvent.HoldSet>(), h => h.Hold == "recorder cam");
    }

    [Fact]
    public async Task A_flyscan_that_dies_leaves_the_camera_s_file_to_its_successor()
    {
        using var ioc = StartIoc();
        using var run = StartRun(Requests.Grid(3, 6, 16, 0.02));
        await _folder.UntilAsync<ScanEvent.FlightStarted>(run, 2);
        run.Kill();
        await run.EndAsync();
        using var resume = FlyscanProcess.Start(null, "resume", "--beamline", BeamlineFile(), "--out", _folder.Path, "--json");
        var result = await resume.EndAsync();
        Assert.True(result.Code == 0, result.ToString());
        await DetectorChecker.FinishedAsync(_folder, "cam");
        Assert.Single(_folder.Journal().OfType<ScanEvent.SegmentOpened>(), e => e.Segment.Recorder == "cam");
    }

    [Fact]
    public async Task Devices_and_doctor_tell_which_records_are_there()
    {
        using (var ioc = StartIoc())
        {
            using var devices = FlyscanProcess.Start(null, "devices", "--beamline", BeamlineFile(), "--out", _folder.Path, "--json");
            var seen = (await devices.EndAsync()).Json.GetProperty("devices").EnumerateArray().ToDictionary(
                d => d.GetProperty("name").GetString()!);
            Assert.All(new[] { "z", "cam", "shutter", "ring" }, name => Assert.True(seen[name].GetProperty("ok").GetBoolean()));
            Assert.False(seen["panda"].GetProperty("ok").GetBoolean());
            Assert.Equal("not staged", ValueOf(seen["cam"], "recorder"));
            Assert.Equal("0", ValueOf(seen["z"], "position"));
            Assert.Equal("Idle", ValueOf(seen["cam"], "VB-EA-DET-01:cam1:DetectorState_RBV"));
            Assert.Equal("Closed", ValueOf(seen["shutter"], "VB-EA-SHTR-01:STA"));
        }
        using var doctor = FlyscanProcess.Start(
            null, "doctor", "--beamline", BeamlineFile(), "--online", "--out", _folder.Path, "--json");
        var result = await doctor.EndAsync();
        Assert.Equal(2, result.Code);
        var checks = result.Json.GetProperty("checks").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!);
        Assert.True(checks["beamline file"].GetProperty("ok").GetBoolean());
        var camera = checks["device cam"].GetProperty("detail").GetString()!;
        Assert.Matches("^[0-9]+ of [0-9]+ records not found: VB-EA-DET-01:cam1:Acquire_RBV, ", camera);
    }

    private static string? ValueOf(JsonElement device, string name) => device.GetProperty("values").EnumerateArray()
        .First(v => v.GetProperty("name").GetString() == name).GetProperty("value").GetString();

    private FlyscanProcess StartIoc() => FlyscanProcess.Start(
        null, "virtual-ioc", "--beamline", BeamlineFile(), "--port", _port.ToString(CultureInfo.InvariantCulture));

    private FlyscanProcess StartRun(string request)
    {
        var file = Path.Combine(_folder.Path, "asked.json");
        File.WriteAllText(file, request);
        return FlyscanProcess.Start(null, "run", file, "--beamline", BeamlineFile(), "--out", _folder.Path, "--json");
    }

    /// <summary>The beamline file that comes with flyscan, on ports that are free.</summary>
    private string BeamlineFile()
    {
        var file = Path.Combine(_folder.Path, "epics.hocon");
        if (File.Exists(file))
            return file;
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual-areadetector.hocon"));
        Assert.Contains("127.0.0.1:15064", text);
        Assert.Contains("trigger-port = 15065", text);
        File.WriteAllText(file, text
            .Replace("127.0.0.1:15064", $"127.0.0.1:{_port}", StringComparison.Ordinal)
            .Replace("trigger-port = 15065", $"trigger-port = {_triggerPort}", StringComparison.Ordinal));
        return file;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
